#pragma once

// What can be set about kefud. Defaults are those of a single branch on one machine.

#include <absl/time/time.h>

#include <string>
#include <vector>

#include "platform/base/status.h"
#include "platform/runtime/config.h"

namespace kefu::kefud {

struct KafkaLogOptions {
  std::string bootstrap_servers;
  std::string events_topic = "kefu.events";
  std::string rejected_topic = "kefu.rejected";
  // Used where a topic has to be made.
  int replication = 3;
  runtime::Bytes fetch_queue{int64_t{4} << 20};
  std::vector<std::string> settings;
};

struct LogOptions {
  std::string kind = "embedded";
  int partitions = 8;
  runtime::Bytes queue{int64_t{64} << 20};
  // Of the disk, for the embedded log.
  runtime::Bytes reserve{int64_t{256} << 20};
  KafkaLogOptions kafka;
  // How the process logs about itself.
  std::string level = "info";
  std::string format = "auto";
};

struct InboxOptions {
  // Empty: no inbox.
  std::string bootstrap_servers;
  std::string topic = "kefu.inbox";
  std::string group = "kefu-ingest";
  std::vector<std::string> settings;
};

struct ViewsOptions {
  int threads = 0;
  runtime::Bytes row_cache{int64_t{512} << 20};
  runtime::Bytes block_cache{int64_t{128} << 20};
  runtime::Bytes write_buffers{int64_t{128} << 20};
  int background_jobs = 2;
  runtime::Bytes reserve{int64_t{128} << 20};
  absl::Duration stall_after = absl::Seconds(30);
  // Views are kept for moments of the past every so many events; 0: never.
  int64_t keep_every_events = 1'000'000;
  int keep_most = 8;
};

struct TlsOptions {
  std::string certificate;
  std::string private_key;
  std::string client_ca;
};

struct AuditOptions {
  // Private key that signs checkpoints (PEM). Empty: nothing is signed.
  std::string key_file;
  // The one before, where it is changed. Empty: it is not.
  std::string old_key_file;
};

struct LimitsOptions {
  runtime::Bytes message{int64_t{4} << 20};
  runtime::Bytes memory{int64_t{256} << 20};
  int streams = 256;
  int threads = 64;
  absl::Duration drain = absl::Seconds(20);
};

struct Options {
  std::string data_directory = "./kefu-data";
  std::vector<std::string> listen = {"127.0.0.1:7800"};
  std::string ready_file;
  std::vector<std::string> roles = {"ingest", "view", "clock"};
  LogOptions log;
  InboxOptions inbox;
  ViewsOptions views;
  TlsOptions tls;
  AuditOptions audit;
  bool allow_insecure = false;
  LimitsOptions limits;

  bool HasRole(std::string_view role) const;
};

// Every setting, bound to `options`.
void Declare(Options* options, runtime::Config* config);

// What no single setting shows: those that need each other. kInvalidArgument names the setting to turn.
Status Check(const Options& options);

// "name=value" entries, as lists of librdkafka settings hold them. kInvalidArgument without an equals sign.
StatusOr<std::vector<std::pair<std::string, std::string>>> SplitSettings(const std::vector<std::string>& entries);

}  // namespace kefu::kefud
