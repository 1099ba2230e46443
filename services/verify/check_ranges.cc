#include <fmt/format.h>

#include "services/verify/checks.h"

namespace kefu::verify {
namespace {

std::string Words(const Cover& cover) {
  return fmt::format("partition {}, offsets {} up to {}", cover.partition, Grouped(cover.from_offset),
                     Grouped(cover.until_offset));
}

// The ranges themselves: each of a partition there is, ascending, none over another.
void CheckCovers(const Known& known, Report& report) {
  const std::vector<Cover>& covers = known.manifest.covers;
  for (size_t i = 0; i < covers.size(); ++i) {
    const Cover& cover = covers[i];
    const Place place{"manifest.json", 0, cover.partition, cover.from_offset};
    if (cover.partition >= known.manifest.partitions)
      report.Fails(Check::kRange, place,
                   fmt::format("covers partition {}, and the log has {}", cover.partition, known.manifest.partitions));
    if (cover.from_offset > cover.until_offset)
      report.Fails(Check::kRange, place, fmt::format("covers a range that ends before it begins: {}", Words(cover)));
    if (i == 0) continue;
    const Cover& before = covers[i - 1];
    if (before.partition > cover.partition ||
        (before.partition == cover.partition && before.until_offset > cover.from_offset))
      report.Fails(Check::kRange, place,
                   fmt::format("covers ranges that overlap, or are not in order: {}", Words(cover)));
  }
}

// No hole between two records, and none at either end: the first record is at the range's first offset or the first of
// the log, the last one right before its end.
void CheckWhole(const Cover& cover, const std::vector<EventPlace>& events, Report& report) {
  const EventPlace* first = nullptr;
  const EventPlace* last = nullptr;
  int64_t count = 0;
  const Place place{"manifest.json", 0, cover.partition, -1};
  for (const EventPlace& event : events) {
    if (event.partition != cover.partition || event.offset < cover.from_offset || event.offset >= cover.until_offset)
      continue;
    if (last != nullptr && event.leaf_index != last->leaf_index + 1)
      report.Fails(
          Check::kWhole, {"events.ndjson", 0, event.partition, event.offset},
          fmt::format("{} is said to be whole, and between offsets {} and {} records are missing (places {} and {} "
                      "of the tree)",
                      Words(cover), last->offset, event.offset, last->leaf_index, event.leaf_index));
    if (first == nullptr) first = &event;
    last = &event;
    ++count;
  }
  if (first == nullptr) {
    if (cover.from_offset < cover.until_offset)
      report.Fails(Check::kWhole, place,
                   fmt::format("{} is said to be whole, and nothing of it is there", Words(cover)));
    return;
  }
  if (first->offset != cover.from_offset && first->leaf_index != 0)
    report.Fails(Check::kWhole, place,
                 fmt::format("{} is said to be whole, and begins with offset {}: nothing shows that "
                             "there was no record before it",
                             Words(cover), first->offset));
  if (last->offset != cover.until_offset - 1)
    report.Fails(Check::kWhole, place,
                 fmt::format("{} is said to be whole, and ends with offset {}: nothing shows that "
                             "there was no record after it",
                             Words(cover), last->offset));
  report.Holds(Check::kWhole, fmt::format("{}: every record is there ({}), no place of the tree is left out",
                                          Words(cover), Grouped(count)));
}

}  // namespace

void CheckRanges(const Known& known, const std::vector<EventPlace>& events, Report& report) {
  CheckCovers(known, report);
  for (const Cover& cover : known.manifest.covers)
    if (cover.whole) CheckWhole(cover, events, report);
}

}  // namespace kefu::verify
