#include "services/query/case_watch.h"

#include "platform/base/hash.h"
#include "platform/codec/key.h"
#include "services/query/gap.h"
#include "services/query/page.h"

namespace kefu::query {
namespace {

constexpr std::string_view kView = "case";
constexpr std::string_view kTable = "cases";
constexpr std::string_view kByChange = "by_change";

Status ReadRow(const engine::PartitionView& partition, std::string_view key, query::v1::Case* row) {
  store::PinnedValue stored;
  ASSIGN_OR_RETURN(const bool found, partition.Get(kView, kTable, key, &stored));
  if (found && row->ParseFromArray(stored.view().data(), static_cast<int>(stored.view().size()))) return OkStatus();
  return DataLoss("a case in partition {} is {}; rebuild the view", partition.partition(),
                  found ? "not readable" : "in an index and not in the table");
}

}  // namespace

CaseWatch::CaseWatch(const engine::Engine& engine, std::string client_id, Filter filter,
                     const std::optional<log::Position>& after)
    : engine_(engine),
      client_id_(std::move(client_id)),
      filter_(std::move(filter)),
      plan_(PlanCases(client_id_, filter_, CaseOrder::kCaseId, engine.partitions())),
      known_(static_cast<size_t>(engine.partitions())) {
  for (int32_t p = 0; p < engine.partitions(); ++p)
    if (!plan_.only.has_value() || *plan_.only == Partition(p)) partitions_.push_back(Partition(p));
  if (after.has_value()) {
    known_ = after->next_offsets;
    in_snapshot_ = false;
    remembers_ = false;
    return;
  }
  // Before the snapshot: what changes while it is walked comes again afterwards.
  for (const Partition p : partitions_)
    known_[static_cast<size_t>(p.value())] = engine.At(p)->next_offset(kView).value();
}

StatusOr<CaseWatch::Made> CaseWatch::Make(Response* response) {
  return in_snapshot_ ? MakeSnapshot(response) : MakeChange(response);
}

void CaseWatch::MakeHeartbeat(Response* response) { response->set_position(Position()); }

StatusOr<CaseWatch::Made> CaseWatch::MakeSnapshot(Response* response) {
  int64_t examined = 0;
  for (; place_ < partitions_.size(); ++place_, range_ = 0) {
    // A new look at each step, so that a slow reader does not hold an old snapshot of the store.
    const auto partition = engine_.At(partitions_[place_]);
    for (; range_ < plan_.scan.ranges.size(); ++range_, after_key_.clear()) {
      const std::string& prefix = plan_.scan.ranges[range_].prefix;
      const std::string lower = after_key_.empty() ? prefix : after_key_ + '\0';
      ASSIGN_OR_RETURN(const auto cursor, partition->Scan(kView, plan_.scan.table, lower, codec::PrefixEnd(prefix),
                                                          store::Order::kAscending));
      for (; cursor->Valid(); cursor->Next()) {
        after_key_ = cursor->key();
        const std::string_view value = cursor->value();
        auto* row = response->mutable_case_();
        if (plan_.scan.table != kTable)
          RETURN_IF_ERROR(ReadRow(*partition, value, row));
        else if (!row->ParseFromArray(value.data(), static_cast<int>(value.size())))
          return DataLoss("a case in partition {} is not readable; rebuild the view", partition->partition());
        if (Passes(*row)) {
          Remember(row->name());
          SetGap(*partition, kView, row->client_id(), row);
          return Made::kSomething;
        }
        if (++examined % kRowsBetweenChecks == 0) return Made::kNotYet;
      }
      RETURN_IF_ERROR(cursor->status());
    }
  }
  in_snapshot_ = false;
  response->Clear();
  response->set_snapshot_complete(true);
  response->set_position(Position());
  return Made::kSomething;
}

StatusOr<CaseWatch::Made> CaseWatch::MakeChange(Response* response) {
  for (const Partition p : partitions_) {
    const auto partition = engine_.At(p);
    int64_t* known = &known_[static_cast<size_t>(p.value())];
    if (partition->next_offset(kView).value() <= *known) continue;
    ASSIGN_OR_RETURN(const Made made, LookForChange(*partition, known, response));
    if (made == Made::kNothing) continue;
    if (made == Made::kSomething) response->set_position(Position());
    return made;
  }
  // Rows that were looked at and are not for the caller.
  response->Clear();
  return Made::kNothing;
}

StatusOr<CaseWatch::Made> CaseWatch::LookForChange(const engine::PartitionView& partition, int64_t* known,
                                                   Response* response) {
  ASSIGN_OR_RETURN(const auto cursor,
                   partition.Scan(kView, kByChange, codec::Key(*known), {}, store::Order::kAscending));
  int64_t examined = 0;
  for (; cursor->Valid(); cursor->Next()) {
    auto* row = response->mutable_case_();
    RETURN_IF_ERROR(ReadRow(partition, cursor->value(), row));
    // An event changes one case, so no other has this offset.
    *known = row->last_offset() + 1;
    if (TakeRow(response)) {
      SetGap(partition, kView, row->client_id(), row);
      return Made::kSomething;
    }
    if (++examined % kRowsBetweenChecks == 0) return Made::kNotYet;
  }
  RETURN_IF_ERROR(cursor->status());
  *known = partition.next_offset(kView).value();
  return Made::kNothing;
}

bool CaseWatch::TakeRow(Response* response) {
  const query::v1::Case& row = response->case_();
  if (Passes(row)) {
    Remember(row.name());
    return true;
  }
  if (!client_id_.empty() && row.client_id() != client_id_) return false;
  if (remembers_ && shown_.erase(FastHash64(row.name())) == 0) return false;
  response->set_removed(true);
  return true;
}

bool CaseWatch::Passes(const query::v1::Case& row) const {
  return (client_id_.empty() || row.client_id() == client_id_) && filter_.Matches(row);
}

void CaseWatch::Remember(const std::string& name) {
  if (!remembers_) return;
  shown_.insert(FastHash64(name));
  if (shown_.size() <= kMostRemembered) return;
  remembers_ = false;
  absl::flat_hash_set<uint64_t>().swap(shown_);
}

std::string CaseWatch::Position() const {
  // Resuming from the middle of a snapshot would leave out the rest of it.
  return in_snapshot_ ? std::string() : log::Position{engine_.log_identity().id, known_}.Encode();
}

}  // namespace kefu::query
