#include "services/kefud/options.h"

#include <algorithm>

#include "platform/rpc/server.h"

namespace kefu::kefud {
namespace {

using runtime::Config;

constexpr int64_t kMiB = int64_t{1} << 20;

void DeclareLog(LogOptions* log, Config* config) {
  config->Add("log.kind", &log->kind, "Where events are kept", {.one_of = {"embedded", "kafka"}});
  config->Add("log.partitions", &log->partitions, "Partitions of a new log; fixed for its life",
              {.min = 1, .max = 1024});
  config->Add("log.queue", &log->queue, "Appends that may wait to be written", {.min = kMiB});
  config->Add("log.reserve", &log->reserve, "Disk that the embedded log leaves free", {.min = 64 * kMiB});
  config->Add("log.kafka.bootstrap-servers", &log->kafka.bootstrap_servers, "Brokers, host:port,host:port");
  config->Add("log.kafka.events-topic", &log->kafka.events_topic, "Topic of the log");
  config->Add("log.kafka.rejected-topic", &log->kafka.rejected_topic, "Topic of what the inbox refused");
  config->Add("log.kafka.replication", &log->kafka.replication,
              "Copies of a topic that has to be made; 1 for one broker", {.min = 1, .max = 16});
  config->Add("log.kafka.fetch-queue", &log->kafka.fetch_queue, "What may be fetched ahead", {.min = kMiB});
  config->Add("log.kafka.settings", &log->kafka.settings,
              "More for librdkafka, name=value, such as security.protocol=SSL", {.secret = true});
  config->Add("log.level", &log->level, "How much the process says", {.one_of = {"debug", "info", "warning", "error"}});
  config->Add("log.format", &log->format, "auto is text on a terminal, else JSON",
              {.one_of = {"auto", "text", "json"}});
}

void DeclareInbox(InboxOptions* inbox, Config* config) {
  config->Add("inbox.kafka.bootstrap-servers", &inbox->bootstrap_servers,
              "Brokers of the inbox, with either kind of log; empty for no inbox");
  config->Add("inbox.kafka.topic", &inbox->topic, "Topic that channel systems write to");
  config->Add("inbox.kafka.group", &inbox->group, "Name under which its positions are kept");
  config->Add("inbox.kafka.settings", &inbox->settings, "More for librdkafka, name=value", {.secret = true});
}

void DeclareViews(ViewsOptions* views, Config* config) {
  config->Add("views.threads", &views->threads, "Threads that follow the log; 0 for one a core",
              {.min = 0, .max = 256});
  config->Add("views.row-cache", &views->row_cache, "Rows in memory, kept and not yet written");
  config->Add("views.block-cache", &views->block_cache, "Cache for blocks on disk", {.min = kMiB});
  config->Add("views.write-buffers", &views->write_buffers, "Rows not written out yet", {.min = 8 * kMiB});
  config->Add("views.background-jobs", &views->background_jobs, "Threads that write out and compact",
              {.min = 1, .max = 64});
  config->Add("views.reserve", &views->reserve, "Disk that the views leave free", {.min = 16 * kMiB});
  config->Add("views.stall-after", &views->stall_after, "Without progress for so long, a view is STALLED",
              {.min = 1000});
  config->Add("views.keep-every-events", &views->keep_every_events,
              "Views are kept every so many events, so that the past opens from there; 0 for never", {.min = 0});
  config->Add("views.keep-most", &views->keep_most, "So many times at most; the older, the farther apart",
              {.min = 1, .max = 64});
}

void DeclareServing(Options* options, Config* config) {
  config->Add("tls.certificate", &options->tls.certificate, "Certificate of the server (PEM file)");
  config->Add("tls.private-key", &options->tls.private_key, "Its key (PEM file)");
  config->Add("tls.client-ca", &options->tls.client_ca, "Demand certificates of callers, signed by this CA (PEM file)");
  config->Add("allow-insecure", &options->allow_insecure, "Serve without TLS to other machines too");
  config->Add("limits.message", &options->limits.message, "Largest message taken", {.min = 64 << 10, .max = 64 * kMiB});
  config->Add("limits.memory", &options->limits.memory, "What calls may hold together", {.min = 16 * kMiB});
  config->Add("limits.streams", &options->limits.streams, "Calls at once on one connection",
              {.min = 1, .max = 100'000});
  config->Add("limits.threads", &options->limits.threads, "Threads that serve", {.min = 2, .max = 4096});
  config->Add("limits.drain", &options->limits.drain, "How long calls may take to end after SIGTERM", {.max = 25'000});
}

}  // namespace

bool Options::HasRole(std::string_view role) const { return std::ranges::find(roles, role) != roles.end(); }

void Declare(Options* options, Config* config) {
  config->Add("data-dir", &options->data_directory, "Folder of the embedded log and of the views");
  config->Add("listen", &options->listen, "Addresses to serve on, host:port or unix:path; port 0 takes a free one",
              {.min = 1});
  config->Add("ready-file", &options->ready_file,
              "File to write the bound addresses to once it serves; removed when it ends");
  config->Add("roles", &options->roles, "What this process does; clock: the server's own duties",
              {.min = 1, .one_of = {"ingest", "view", "clock"}});
  DeclareLog(&options->log, config);
  DeclareInbox(&options->inbox, config);
  DeclareViews(&options->views, config);
  config->Add("audit.key-file", &options->audit.key_file,
              "Key that signs checkpoints of the log (PEM, mode 0600); without one nothing is signed");
  config->Add("audit.old-key-file", &options->audit.old_key_file,
              "The key before, to change to that of audit.key-file: the change is stated, once; then leave this out");
  DeclareServing(options, config);
}

Status Check(const Options& options) {
  if (options.data_directory.empty()) return InvalidArgument("data-dir is empty");
  if (options.log.kind == "kafka" && options.log.kafka.bootstrap_servers.empty()) {
    return InvalidArgument("log.kind is kafka, so log.kafka.bootstrap-servers is needed");
  }
  if (options.tls.certificate.empty() != options.tls.private_key.empty()) {
    return InvalidArgument("tls.certificate and tls.private-key go together");
  }
  for (const std::string& address : options.listen) {
    if (options.tls.certificate.empty() && !options.allow_insecure && !rpc::IsLoopback(address)) {
      return InvalidArgument(
          "{} can be reached from other machines: set tls.certificate and tls.private-key, or allow-insecure where "
          "something else keeps the wire safe",
          address);
    }
  }
  if (!options.inbox.bootstrap_servers.empty() && !options.HasRole("ingest")) {
    return InvalidArgument("an inbox needs the role ingest");
  }
  if (options.HasRole("clock") && !options.HasRole("view")) {
    return InvalidArgument("the role clock needs the role view: duties read the views");
  }
  if (!options.audit.key_file.empty() && !options.HasRole("clock")) {
    return InvalidArgument("audit.key-file needs the role clock: signing is a duty");
  }
  if (!options.audit.old_key_file.empty() && options.audit.key_file.empty()) {
    return InvalidArgument("audit.old-key-file needs audit.key-file: the key that it is changed to");
  }
  RETURN_IF_ERROR(Annotate(SplitSettings(options.log.kafka.settings).status(), "log.kafka.settings"));
  return Annotate(SplitSettings(options.inbox.settings).status(), "inbox.kafka.settings");
}

StatusOr<std::vector<std::pair<std::string, std::string>>> SplitSettings(const std::vector<std::string>& entries) {
  std::vector<std::pair<std::string, std::string>> settings;
  for (const std::string& entry : entries) {
    const size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) return InvalidArgument("an entry is not name=value");
    settings.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return settings;
}

}  // namespace kefu::kefud
