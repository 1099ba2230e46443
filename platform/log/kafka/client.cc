#include "platform/log/kafka/client.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "platform/runtime/logging.h"

namespace kefu::log {
namespace {

constexpr auto kDestroyPatience = std::chrono::seconds(10);
constexpr absl::Duration kLogPause = absl::Seconds(10);
// Of syslog, which librdkafka's levels follow.
constexpr int kSyslogWarning = 4;

// Says each kind of line once in ten seconds: a broker that is away makes hundreds a second.
class LogGate {
 public:
  // How many lines were held back since the last one; -1: hold this one back, too.
  int64_t Pass(const std::string& kind) {
    const std::lock_guard lock(mutex_);
    Kind& state = kinds_[kind];
    const absl::Time now = MonotonicNow();
    if (now < state.next) {
      ++state.held;
      return -1;
    }
    state.next = now + kLogPause;
    return std::exchange(state.held, 0);
  }

 private:
  struct Kind {
    absl::Time next = absl::InfinitePast();
    int64_t held = 0;
  };
  std::mutex mutex_;
  // By librdkafka's facility, of which there are some dozens.
  std::map<std::string, Kind> kinds_;
};

// librdkafka's lines name brokers, topics and offsets, never keys or values.
void OnLog(const rd_kafka_t*, int level, const char* facility, const char* line) {
  static LogGate* const gate = new LogGate;
  const int64_t held = gate->Pass(facility);
  if (held < 0) return;
  // A user's settings go to consumers and producers alike; that each ignores the other's is no news.
  const bool news = level <= kSyslogWarning && std::string_view(facility) != "CONFWARN";
  runtime::Log(news ? runtime::LogLevel::kWarning : runtime::LogLevel::kDebug, "librdkafka",
               {{"about", facility}, {"line", line}, {"held_back", held}});
}

Status Set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  char why[512];
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why, sizeof(why)) == RD_KAFKA_CONF_OK) return OkStatus();
  return InvalidArgument("Kafka setting {}: {}", name, why);
}

const KafkaSettings& SettingsOfAll() {
  static const auto* const settings = new KafkaSettings{
      {"client.id", "kefu"},
      {"log_level", "5"},
      {"socket.keepalive.enable", "true"},
      {"socket.nagle.disable", "true"},
      // The default of 10 s keeps us away from a broker that has been back for long.
      {"reconnect.backoff.ms", "50"},
      {"reconnect.backoff.max.ms", "1000"},
  };
  return *settings;
}

}  // namespace

StatusOr<std::shared_ptr<KafkaClient>> KafkaClient::Make(rd_kafka_type_t type, const KafkaOptions& options,
                                                         const KafkaSettings& settings, int events) {
  std::shared_ptr<KafkaClient> made(new KafkaClient);
  std::unique_ptr<rd_kafka_conf_t, KafkaDelete<rd_kafka_conf_destroy>> conf(rd_kafka_conf_new());
  RETURN_IF_ERROR(Set(conf.get(), "bootstrap.servers", options.bootstrap_servers));
  for (const auto& [name, value] : SettingsOfAll()) RETURN_IF_ERROR(Set(conf.get(), name, value));
  for (const auto& [name, value] : settings) RETURN_IF_ERROR(Set(conf.get(), name, value));
  for (const auto& [name, value] : options.settings) RETURN_IF_ERROR(Set(conf.get(), name, value));
  rd_kafka_conf_set_opaque(conf.get(), made.get());
  rd_kafka_conf_set_log_cb(conf.get(), OnLog);
  if (events != 0) {
    rd_kafka_conf_set_events(conf.get(), events);
  } else {
    rd_kafka_conf_set_error_cb(conf.get(), OnError);
  }
  char why[512];
  rd_kafka_conf_t* const taken = conf.release();
  made->client_ = rd_kafka_new(type, taken, why, sizeof(why));
  if (made->client_ != nullptr) return made;
  // Only a success takes the settings over.
  rd_kafka_conf_destroy(taken);
  return FailedPrecondition("no Kafka client: {}", why);
}

KafkaClient::~KafkaClient() {
  if (client_ == nullptr) return;
  auto gone = std::make_shared<std::promise<void>>();
  std::thread ending([gone, client = client_] {
    // We are in no group that would have to be left.
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    gone->set_value();
  });
  if (gone->get_future().wait_for(kDestroyPatience) == std::future_status::ready) {
    ending.join();
    return;
  }
  runtime::Log(runtime::LogLevel::kError, "a Kafka client does not end; it is left behind");
  ending.detach();
}

KafkaTopic KafkaClient::Topic(const std::string& name) const {
  return KafkaTopic(rd_kafka_topic_new(client_, name.c_str(), nullptr));
}

void KafkaClient::OnError(rd_kafka_t*, int error, const char* reason, void* self) {
  if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) static_cast<KafkaClient*>(self)->all_brokers_down_ = true;
  LogKafkaError(static_cast<rd_kafka_resp_err_t>(error), reason);
}

KafkaSettings ReadingSettings(const KafkaOptions& options) {
  return {
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "error"},
      {"check.crcs", "true"},
      // Bytes alone decide how much is fetched ahead.
      {"queued.min.messages", "10000000"},
      {"queued.max.messages.kbytes", std::to_string(std::max<int64_t>(1, options.fetch_queue_bytes >> 10))},
      // Small, for each fetch may go over the queue's bound by this much a partition; still thousands of events. A reader
      // sets what its number of partitions allows.
      {"fetch.message.max.bytes", "262144"},
      {"fetch.wait.max.ms", "100"},
      {"fetch.error.backoff.ms", "100"},
  };
}

Status FromKafka(rd_kafka_resp_err_t error, std::string_view context) {
  const char* const reason = rd_kafka_err2str(error);
  switch (error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      return OkStatus();
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return ResourceExhausted("{}: {}", context, reason);
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
      return InvalidArgument("{}: {}", context, reason);
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
      return FailedPrecondition("{}: {}", context, reason);
    default:
      return Unavailable("{}: {}", context, reason);
  }
}

StatusOr<KafkaTopicInfo> DescribeTopic(const KafkaClient& client, const std::string& topic, absl::Duration timeout) {
  const KafkaTopic handle = client.Topic(topic);
  const rd_kafka_metadata_t* answer = nullptr;
  if (const auto error = rd_kafka_metadata(client.get(), 0, handle.get(), &answer, KafkaMilliseconds(timeout)))
    return FromKafka(error, "asking Kafka about its topics");
  const std::unique_ptr<const rd_kafka_metadata_t, KafkaDelete<rd_kafka_metadata_destroy>> owned(answer);
  if (answer->topic_cnt != 1) return Unavailable("Kafka said nothing about topic \"{}\"", topic);
  const rd_kafka_metadata_topic_t& found = answer->topics[0];
  if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return NotFound("Kafka has no topic \"{}\"", topic);
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) return FromKafka(found.err, fmt::format("topic \"{}\"", topic));
  KafkaTopicInfo info{.partitions = found.partition_cnt, .ready = true};
  for (int i = 0; i < found.partition_cnt; ++i) info.ready = info.ready && found.partitions[i].leader >= 0;
  const std::unique_ptr<char, KafkaDelete<free>> id(rd_kafka_clusterid(client.get(), KafkaMilliseconds(timeout)));
  if (id == nullptr) return Unavailable("Kafka did not say which cluster it is");
  info.cluster_id = id.get();
  return info;
}

void LogKafkaError(rd_kafka_resp_err_t error, const char* reason) {
  OnLog(nullptr, kSyslogWarning, rd_kafka_err2name(error), reason);
}

absl::Time MonotonicNow() {
  return absl::UnixEpoch() + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

int KafkaMilliseconds(absl::Duration duration) {
  return static_cast<int>(std::clamp<int64_t>(absl::ToInt64Milliseconds(duration), 0, int64_t{1} << 30));
}

}  // namespace kefu::log
