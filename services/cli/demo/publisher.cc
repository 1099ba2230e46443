#include "services/cli/demo/publisher.h"

#include <absl/time/clock.h>

#include <algorithm>
#include <atomic>
#include <iterator>

#include "kefu/query/v1/reference.grpc.pb.h"
#include "platform/runtime/signals.h"
#include "services/cli/call.h"
#include "services/cli/import/event_source.h"
#include "services/cli/import/grpc_sink.h"

namespace kefu::cli {
namespace {

using events::v1::Event;

constexpr const char* kQuarantine = "kefu-demo.quarantine.ndjson";
// Copies take milliseconds; a server without the duty that makes them never has them.
constexpr absl::Duration kPatience = absl::Seconds(30);

// The events of a sample, as an import reads them.
class DemoSource final : public EventSource {
 public:
  explicit DemoSource(std::vector<Event> events) : events_(std::move(events)) {}
  StatusOr<bool> Next(ImportItem* item) override {
    if (counts_.rows == static_cast<int64_t>(events_.size())) return false;
    *item = ImportItem{.line = counts_.rows + 1, .event = std::move(events_[static_cast<size_t>(counts_.rows)])};
    ++counts_.rows;
    ++counts_.mapped;
    return true;
  }
  const ImportCounts& counts() const override { return counts_; }

 private:
  std::vector<Event> events_;
  ImportCounts counts_;
};

StatusOr<ImportSummary> Send(Tool& tool, std::string label, std::vector<Event> events) {
  ASSIGN_OR_RETURN(const auto channel, tool.Channel());
  runtime::Progress progress(tool.ProgressOf(std::move(label), "events", static_cast<int64_t>(events.size())));
  DemoSource source(std::move(events));
  ImportOptions options;
  options.quarantine_path = kQuarantine;
  Importer importer(
      options, source,
      [&](EventSink::Answered answered) { return MakeGrpcSink(channel, {}, std::move(answered)); }, progress);
  const runtime::StopSignals signals([&] { importer.Stop(); });
  return importer.Run();
}

// Partitions that lack something of what was published.
StatusOr<std::vector<int32_t>> MissingPartitions(Tool& tool) {
  std::vector<int32_t> missing;
  query::v1::ListReferencesRequest request;
  request.set_page_size(1'000);
  do {
    ASSIGN_OR_RETURN(const query::v1::ListReferencesResponse response,
                     Call(tool, &query::v1::ReferenceService::Stub::ListReferences, request));
    for (const auto& reference : response.references())
      missing.insert(missing.end(), reference.missing_partitions().begin(), reference.missing_partitions().end());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  return missing;
}

Status AwaitCopies(Tool& tool) {
  const absl::Time began = absl::Now();
  for (;;) {
    ASSIGN_OR_RETURN(const std::vector<int32_t> missing, MissingPartitions(tool));
    if (missing.empty()) return OkStatus();
    if (absl::Now() - began > kPatience)
      return FailedPrecondition(
          "reference data has not reached {} partitions, partition {} for one; is a kefud with the role `clock` running?",
          missing.size(), missing.front());
    absl::SleepFor(absl::Milliseconds(20));
  }
}

void Add(const std::map<std::string, int64_t>& counts, std::map<std::string, int64_t>* sums) {
  for (const auto& [key, count] : counts) (*sums)[key] += count;
}

ImportSummary Sum(const ImportSummary& a, const ImportSummary& b) {
  ImportSummary sum = b;
  sum.rows.rows += a.rows.rows;
  sum.rows.mapped += a.rows.mapped;
  sum.events.sent += a.events.sent;
  sum.events.recorded += a.events.recorded;
  sum.events.applied += a.events.applied;
  sum.events.duplicates += a.events.duplicates;
  Add(a.events.refused, &sum.events.refused);
  Add(a.events.invalid, &sum.events.invalid);
  return sum;
}

}  // namespace

bool Published::AsMeant() const {
  return summary.events.invalid.empty() && std::all_of(refused.begin(), refused.end(), [&](const auto& counted) {
           const auto found = meant.find(counted.first);
           return found != meant.end() && counted.second <= found->second;
         });
}

StatusOr<Published> PublishBranch(Tool& tool, Branch branch) {
  Published published;
  for (const Event& event : branch.events)
    if (const auto rule = ExpectedRule(event); !rule.empty()) ++published.meant[std::string(rule)];
  ASSIGN_OR_RETURN(const ImportSummary first, Send(tool, "publishing reference data", std::move(branch.reference)));
  published.summary = first;
  for (auto begin = branch.events.begin(); begin != branch.events.end() && !published.summary.interrupted;) {
    RETURN_IF_ERROR(AwaitCopies(tool));
    auto end = std::find_if(begin, branch.events.end(), IsAwaited);
    if (end != branch.events.end()) ++end;
    ASSIGN_OR_RETURN(const ImportSummary sent,
                     Send(tool, "publishing the sample",
                          {std::make_move_iterator(begin), std::make_move_iterator(end)}));
    published.summary = Sum(published.summary, sent);
    begin = end;
  }
  published.refused = published.summary.events.refused;
  return published;
}

}  // namespace kefu::cli
