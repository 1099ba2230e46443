#include "platform/testkit/kafka_broker.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>

#include "platform/base/check.h"

extern char** environ;

namespace kefu::testkit {
namespace {

constexpr int kReadySeconds = 120;
// How deploy/kafka/broker ends when there is no Kafka to start.
constexpr int kNotFetched = 3;

int FreePort() {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  KEFU_CHECK(bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0, "no free port: {}", strerror(errno));
  KEFU_CHECK(getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0, "{}", strerror(errno));
  close(probe);
  return ntohs(address.sin_port);
}

// As Kafka writes them: 16 random bytes, base64url. Never beginning with '-', which would look like an option.
std::string NewClusterId() {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::random_device random;
  std::string id;
  for (int i = 0; i < 21; ++i) id += kAlphabet[random() % 62];
  // The last letter carries two bits only.
  return id + "AQgw"[random() % 4];
}

int WaitFor(pid_t pid) {
  int state = 0;
  while (waitpid(pid, &state, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

// The first line, or what came before the end or the deadline.
std::string ReadLine(int descriptor, int seconds) {
  std::string line;
  pollfd waiting{descriptor, POLLIN, 0};
  char letter;
  while (poll(&waiting, 1, seconds * 1000) == 1 && read(descriptor, &letter, 1) == 1) {
    if (letter == '\n') break;
    line += letter;
  }
  return line;
}

}  // namespace

StatusOr<std::unique_ptr<KafkaCluster>> KafkaCluster::Start(const KafkaClusterOptions& options) {
  std::unique_ptr<KafkaCluster> cluster(new KafkaCluster);
  cluster->options_ = options;
  cluster->cluster_id_ = NewClusterId();
  for (int i = 0; i < options.brokers; ++i) {
    cluster->voters_ += fmt::format("{}{}@127.0.0.1:{}", i == 0 ? "" : ",", i + 1, FreePort());
    cluster->brokers_.push_back({fmt::format("{}/broker{}", cluster->temp_.path(), i + 1)});
  }
  // All first: a broker is ready only when most of the controllers are there.
  for (size_t i = 0; i < cluster->brokers_.size(); ++i) RETURN_IF_ERROR(cluster->Launch(i));
  for (size_t i = 0; i < cluster->brokers_.size(); ++i) RETURN_IF_ERROR(cluster->AwaitReady(i));
  return cluster;
}

KafkaCluster::~KafkaCluster() {
  for (size_t i = 0; i < brokers_.size(); ++i) End(i, SIGKILL);
}

std::string KafkaCluster::bootstrap() const {
  std::string all;
  for (const Broker& broker : brokers_) all += fmt::format("{}127.0.0.1:{}", all.empty() ? "" : ",", broker.port);
  return all;
}

std::string KafkaCluster::folder(int broker) const { return brokers_.at(broker).folder; }
void KafkaCluster::Kill(int broker) { End(broker, SIGKILL); }
void KafkaCluster::Stop(int broker) { End(broker, SIGTERM); }
void KafkaCluster::Pause(int broker) { kill(brokers_.at(broker).java, SIGSTOP); }
void KafkaCluster::Resume(int broker) { kill(brokers_.at(broker).java, SIGCONT); }

Status KafkaCluster::Restart(int broker) {
  End(broker, SIGKILL);
  RETURN_IF_ERROR(Launch(broker));
  return AwaitReady(broker);
}

Status KafkaCluster::Launch(size_t index) {
  Broker& broker = brokers_.at(index);
  std::vector<std::string> command = {KEFU_SOURCE_DIR "/deploy/kafka/broker",
                                      "--print",
                                      "--with-parent",
                                      "--dir=" + broker.folder,
                                      fmt::format("--port={}", broker.port),
                                      fmt::format("--node={}", index + 1),
                                      "--voters=" + voters_,
                                      "--cluster=" + cluster_id_,
                                      fmt::format("--wait={}", kReadySeconds)};
  for (const auto& [name, value] : options_.settings) command.push_back(fmt::format("--set={}={}", name, value));
  std::vector<char*> arguments;
  for (std::string& part : command) arguments.push_back(part.data());
  arguments.push_back(nullptr);

  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Internal("no pipe: {}", strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  const int failed = posix_spawn(&broker.script, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  broker.output = ends[0];
  if (failed != 0) {
    broker.script = -1;
    return Internal("{} cannot be started: {}", command[0], strerror(failed));
  }
  return OkStatus();
}

Status KafkaCluster::AwaitReady(size_t index) {
  Broker& broker = brokers_.at(index);
  // The script gives up by itself; more time is for fetching.
  const std::string line = ReadLine(broker.output, 2 * kReadySeconds);
  if (sscanf(line.c_str(), "bootstrap=127.0.0.1:%d pid=%d", &broker.port, &broker.java) == 2) return OkStatus();
  kill(broker.script, SIGTERM);
  const int code = WaitFor(broker.script);
  broker.script = -1;
  if (code == kNotFetched) return FailedPrecondition("Apache Kafka is not in the cache and cannot be fetched here");
  return Internal("Kafka broker {} did not start (code {}); it said why on stderr", index + 1, code);
}

void KafkaCluster::End(size_t index, int signal) {
  Broker& broker = brokers_.at(index);
  if (broker.java > 0) kill(broker.java, signal);
  if (broker.script > 0) {
    // Without a broker the script ends by itself; one that has none yet is told to.
    if (broker.java <= 0) kill(broker.script, SIGKILL);
    WaitFor(broker.script);
  }
  if (broker.output >= 0) close(broker.output);
  broker.java = broker.script = -1;
  broker.output = -1;
}

}  // namespace kefu::testkit
