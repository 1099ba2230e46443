#include "services/query/cube_rollup.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <thread>
#include <tuple>

#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "projections/statistics/distinct.h"
#include "projections/statistics/durations.h"
#include "projections/statistics/sums.h"
#include "services/query/days.h"
#include "services/query/estimate_clients.h"

namespace kefu::query {
namespace {

using statistics::Cell;

// Shorter spans are read sooner than threads are started.
constexpr int32_t kManyDays = 60;
constexpr size_t kMostThreads = 4;

google::protobuf::Duration ToDuration(int64_t milliseconds) {
  google::protobuf::Duration duration;
  duration.set_seconds(milliseconds / 1000);
  duration.set_nanos(static_cast<int32_t>(milliseconds % 1000 * 1'000'000));
  return duration;
}

}  // namespace

std::vector<DaySpan> PeriodsOf(DaySpan span, query::v1::Granularity granularity) {
  if (granularity == query::v1::GRANULARITY_UNSPECIFIED) return {span};
  std::vector<DaySpan> periods;
  for (int32_t day = span.from_day; day <= span.to_day;) {
    const int32_t next = PeriodEnd(day, granularity);
    periods.push_back({day, std::min(next - 1, span.to_day)});
    day = next;
  }
  return periods;
}

Rollup::Rollup(const RollupPlan& plan) : plan_(plan) {
  if (plan.spans.empty()) {
    all_ = {0, -1};
    return;
  }
  all_ = plan.spans.front();
  for (const DaySpan& span : plan.spans)
    all_ = {std::min(all_.from_day, span.from_day), std::max(all_.to_day, span.to_day)};
  spans_of_day_.resize(static_cast<size_t>(all_.days()));
  for (size_t i = 0; i < plan.spans.size(); ++i)
    for (int32_t day = plan.spans[i].from_day; day <= plan.spans[i].to_day; ++day)
      spans_of_day_[static_cast<size_t>(day - all_.from_day)].push_back(static_cast<uint32_t>(i));
}

Status Rollup::Add(const Moment& moment, const std::function<Status()>& keeps_going) {
  const size_t most = std::min<size_t>(std::thread::hardware_concurrency(), kMostThreads);
  const size_t threads =
      all_.days() < kManyDays ? 1 : std::max<size_t>(1, std::min(most, moment.partitions().size()));
  std::vector<Rollup> others(threads - 1, Rollup(plan_));
  std::vector<Status> done(threads);
  {
    std::vector<std::jthread> running;
    for (size_t i = 1; i < threads; ++i)
      running.emplace_back([&, i] { done[i] = others[i - 1].AddPartitions(moment, i, threads, keeps_going); });
    done[0] = AddPartitions(moment, 0, threads, keeps_going);
  }
  for (const Status& status : done) RETURN_IF_ERROR(status);
  for (const Rollup& other : others) RETURN_IF_ERROR(Unite(other));
  return OkStatus();
}

Status Rollup::AddPartitions(const Moment& moment, size_t first, size_t step,
                             const std::function<Status()>& keeps_going) {
  CubeCells cells = plan_.cells;
  cells.from_day = all_.from_day;
  cells.to_day = all_.to_day;
  for (size_t i = first; i < moment.partitions().size(); i += step) {
    const engine::PartitionView& partition = *moment.partitions()[i];
    RETURN_IF_ERROR(EachCell(partition, cells, {}, keeps_going,
                             [&](const CubeCell& cell) { return AddCell(cell, partition.partition()); }));
  }
  return OkStatus();
}

Status Rollup::Unite(const Rollup& other) {
  for (const auto& [key, place] : other.places_) {
    const RollupGroup& from = other.groups_[place];
    const auto [found, made] = places_.emplace(key, groups_.size());
    if (made) {
      groups_.push_back(from);
      RETURN_IF_ERROR(MustFit());
      continue;
    }
    RollupGroup& into = groups_[found->second];
    UniteCells(from.cell, &into.cell);
    into.branches.insert(from.branches.begin(), from.branches.end());
    into.newest.insert(into.newest.end(), from.newest.begin(), from.newest.end());
  }
  return OkStatus();
}

Status Rollup::MustFit() const {
  if (groups_.size() <= plan_.most_groups) return OkStatus();
  return WithReason(InvalidArgument("more than {} cells; ask for fewer days or dimensions, or coarser periods",
                                    plan_.most_groups),
                    "CELLS_TOO_MANY", "group_by");
}

StatusOr<bool> Rollup::AddCell(const CubeCell& cell, Partition partition) {
  const auto& spans = spans_of_day_[static_cast<size_t>(cell.day - all_.from_day)];
  if (spans.empty()) return true;
  const std::string* unit = nullptr;
  if (plan_.unit_of != nullptr) {
    unit = UnitOf(cell.values.values(kBranchPlace));
    if (unit == nullptr) return true;
  }
  if (!Decode(cell.stored))
    return DataLoss("a cell of partition {} cannot be read; rebuild the view {}", partition,
                    statistics::StatisticsView::kName);
  for (const uint32_t span : spans) {
    RollupGroup& group = GroupFor(span, cell, unit);
    UniteCells(scratch_, &group.cell);
    if (plan_.newest > 0) Remember(cell, partition, &group.newest);
  }
  RETURN_IF_ERROR(MustFit());
  return true;
}

const std::string* Rollup::UnitOf(const std::string& branch) {
  auto known = units_.find(branch);
  if (known == units_.end()) known = units_.emplace(branch, plan_.unit_of(branch)).first;
  return known->second.has_value() ? &*known->second : nullptr;
}

RollupGroup& Rollup::GroupFor(size_t span, const CubeCell& cell, const std::string* unit) {
  const auto value_of = [&](size_t place) -> const std::string& {
    return place == RollupPlan::kUnit ? *unit : cell.values.values(static_cast<int>(place));
  };
  key_.clear();
  codec::AppendPart(key_, static_cast<int64_t>(span));
  for (const size_t place : plan_.group_by) codec::AppendPart(key_, value_of(place));
  auto found = places_.find(key_);
  if (found == places_.end()) {
    found = places_.emplace(key_, groups_.size()).first;
    RollupGroup& made = groups_.emplace_back();
    made.span = span;
    for (const size_t place : plan_.group_by) made.values.push_back(value_of(place));
  }
  RollupGroup& group = groups_[found->second];
  if (unit != nullptr) group.branches.insert(cell.values.values(kBranchPlace));
  return group;
}

void Rollup::Remember(const CubeCell& cell, Partition partition, std::vector<CellPlace>* newest) const {
  // Days that enough events of the same partition came after are forgotten, when the next day begins.
  if (!newest->empty() && newest->back().partition == partition && newest->back().day != cell.day) {
    int64_t later = 0;
    auto from = newest->end();
    for (auto at = newest->end(); at != newest->begin();) {
      --at;
      if (at->partition != partition || (later >= plan_.newest && at->day != from->day)) break;
      later += at->count;
      from = at;
    }
    auto first = std::find_if(newest->begin(), newest->end(),
                              [&](const CellPlace& place) { return place.partition == partition; });
    newest->erase(first, from);
  }
  newest->push_back({partition, cell.day, std::string(cell.key), scratch_.count()});
}

bool Rollup::Decode(std::string_view stored) {
  if (plan_.clients && plan_.durations)
    return scratch_.ParseFromArray(stored.data(), static_cast<int>(stored.size()));
  // The same without what is not asked for, which is most of the bytes.
  using google::protobuf::internal::WireFormatLite;
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(stored.data()),
                                            static_cast<int>(stored.size()));
  scratch_.Clear();
  while (const uint32_t tag = in.ReadTag()) {
    const int field = WireFormatLite::GetTagFieldNumber(tag);
    const auto read = [&](google::protobuf::Message* message) {
      return WireFormatLite::ReadMessage(&in, message);
    };
    bool fits = false;
    if (field == Cell::kCountFieldNumber) {
      uint64_t count = 0;
      fits = in.ReadVarint64(&count);
      scratch_.set_count(static_cast<int64_t>(count));
    } else if (field == Cell::kClientsFieldNumber && plan_.clients) {
      fits = read(scratch_.mutable_clients());
    } else if (field == Cell::kDurationsFieldNumber && plan_.durations) {
      fits = read(scratch_.mutable_durations());
    } else if (field == Cell::kSumsFieldNumber) {
      fits = read(scratch_.add_sums());
    } else {
      fits = WireFormatLite::SkipField(&in, tag);
    }
    if (!fits) return false;
  }
  return in.ConsumedEntireMessage();
}

std::vector<RollupGroup> Rollup::Take() {
  std::sort(groups_.begin(), groups_.end(), [](const RollupGroup& a, const RollupGroup& b) {
    return std::tie(a.span, a.values) < std::tie(b.span, b.values);
  });
  return std::move(groups_);
}

void UniteCells(const Cell& from, Cell* into) {
  into->set_count(into->count() + from.count());
  if (from.has_clients()) statistics::Unite(from.clients(), into->mutable_clients());
  if (from.has_durations()) statistics::Merge(from.durations(), into->mutable_durations());
  statistics::MergeSums(from, into);
}

void ShowCell(const Cell& cell, query::v1::StatisticsCell* shown) {
  shown->set_count(cell.count());
  shown->mutable_clients()->set_estimate(EstimateClients(cell.clients()));
  if (!statistics::IsExact(cell.clients())) shown->mutable_clients()->set_standard_error(kClientsError);
  for (const statistics::Sum& sum : cell.sums()) {
    auto* added = shown->add_sums();
    added->set_name(sum.name());
    added->set_sum(sum.value());
  }
  if (!cell.has_durations()) return;
  auto* durations = shown->mutable_durations();
  durations->set_count(statistics::CountOf(cell.durations()));
  *durations->mutable_sum() = ToDuration(cell.durations().sum_milliseconds());
  *durations->mutable_p50() = ToDuration(statistics::QuantileMilliseconds(cell.durations(), 500));
  *durations->mutable_p90() = ToDuration(statistics::QuantileMilliseconds(cell.durations(), 900));
  *durations->mutable_p99() = ToDuration(statistics::QuantileMilliseconds(cell.durations(), 990));
  durations->set_relative_error(statistics::kDurationsErrorPerMille / 1000.0);
}

}  // namespace kefu::query
