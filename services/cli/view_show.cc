#include "services/cli/view_show.h"

#include <fmt/format.h>

#include <algorithm>

#include "platform/base/time.h"
#include "services/cli/output.h"

namespace kefu::cli {
namespace {

std::string BehindText(absl::Time oldest) {
  const absl::Duration age = std::max(absl::ZeroDuration(), absl::Now() - oldest);
  return absl::FormatDuration(absl::Trunc(age, age < absl::Seconds(10) ? absl::Milliseconds(100) : absl::Seconds(1)));
}

}  // namespace

std::string ViewName(const std::string& view) { return view.starts_with("views/") ? view : "views/" + view; }

ViewSummary Summarise(const admin::v1::View& view) {
  ViewSummary summary;
  absl::Time oldest = absl::InfiniteFuture();
  for (const auto& partition : view.partitions()) {
    summary.done += partition.next_offset();
    summary.total += partition.end_offset();
    if (partition.has_oldest_unapplied()) oldest = std::min(oldest, FromProto(partition.oldest_unapplied()));
  }
  if (oldest != absl::InfiniteFuture()) summary.behind = BehindText(oldest);
  return summary;
}

void PrintView(const admin::v1::View& view) {
  const ViewSummary summary = Summarise(view);
  std::string tables;
  for (const std::string& table : view.tables()) tables += (tables.empty() ? "" : ", ") + table;
  PrintDetails({{"View", view.name()},
                {"Version", fmt::format("{}", view.version())},
                {"State", EnumText(view.state())},
                {"Reason", view.reason()},
                {"Events", fmt::format("{} of {}", summary.done, summary.total)},
                {"Behind", summary.behind},
                {"Parked", fmt::format("{}", view.parked_events())},
                {"Tables", tables},
                {"Refused", view.refused_build().empty()
                                ? std::string()
                                : fmt::format("{} differs from it: kefu view compare {}", view.refused_build(),
                                              view.name().substr(view.name().find('/') + 1))},
                {"Before", view.previous_build()}});
  if (view.has_rebuild()) {
    PrintDetails(
        {{"Rebuild", fmt::format("version {}: {} of {} events, {:.0f}/s", view.rebuild().version(),
                                 view.rebuild().events_done(), view.rebuild().events_total(), view.rebuild().rate())}});
  }
  fmt::print("\n");
  runtime::Table table({"PARTITION", "STATE", "NEXT", "END", "LAST PROGRESS", "REASON"});
  for (const auto& partition : view.partitions()) {
    table.Row({fmt::format("{}", partition.partition()), EnumText(partition.state()),
               fmt::format("{}", partition.next_offset()), fmt::format("{}", partition.end_offset()),
               TimeText(partition.last_progress()), partition.reason()});
  }
  PrintTable(table);
}

}  // namespace kefu::cli
