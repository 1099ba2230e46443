#include "services/query/amendments.h"

#include <utility>

#include "platform/codec/key.h"
#include "projections/journal/entry.h"
#include "projections/journal/journal.h"

namespace kefu::query {
namespace {

using journal::CorrectedBy;
using journal::JournalView;

Status Damaged(const engine::PartitionView& partition, Offset offset) {
  return DataLoss("what the journal of partition {} has of the correction of offset {} cannot be read; rebuild the view",
                  partition.partition(), offset);
}

// What the correction says of the event it is about.
bool Fill(const events::v1::Event& correction, const CorrectedBy& by, query::v1::Amendment* amendment) {
  amendment->set_event_id(correction.event_id());
  amendment->set_offset(by.offset.value());
  *amendment->mutable_recorded_time() = correction.recorded_at();
  amendment->set_actor_id(correction.actor().id());
  amendment->set_annulled(by.annulled);
  if (by.annulled) {
    amendment->set_reason(correction.event_annulled().reason());
    return correction.has_event_annulled();
  }
  amendment->set_reason(correction.event_corrected().reason());
  return correction.has_event_corrected() &&
         amendment->mutable_event()->ParseFromString(correction.event_corrected().event());
}

}  // namespace

Amendments::Amendments(const engine::PartitionView& partition, std::string client_id)
    : partition_(&partition), client_id_(std::move(client_id)) {}

StatusOr<bool> Amendments::ThereAreAny() {
  if (!any_.has_value()) {
    const std::string prefix = client_id_.empty() ? std::string() : codec::Key(client_id_);
    ASSIGN_OR_RETURN(const auto first, partition_->Scan(JournalView::kName, journal::Corrections::kName, prefix,
                                                        prefix.empty() ? prefix : codec::PrefixEnd(prefix)));
    if (!first->Valid()) RETURN_IF_ERROR(first->status());
    any_ = first->Valid();
  }
  return *any_;
}

StatusOr<std::optional<query::v1::Amendment>> Amendments::Of(const std::string& client_id, Offset offset) {
  std::optional<query::v1::Amendment> amendment;
  ASSIGN_OR_RETURN(const bool any, ThereAreAny());
  if (!any) return amendment;
  store::PinnedValue stored;
  ASSIGN_OR_RETURN(const bool corrected, partition_->Get(JournalView::kName, journal::Corrections::kName,
                                                         codec::Key(client_id, offset), &stored));
  if (!corrected) return amendment;
  const auto by = CorrectedBy::Decode(stored.view());
  if (!by.has_value()) return Damaged(*partition_, offset);
  ASSIGN_OR_RETURN(const bool there, partition_->Get(JournalView::kName, journal::Entries::kName,
                                                     codec::Key(client_id, by->offset), &stored));
  const auto entry = there ? journal::DecodeEntry(stored.view()) : std::nullopt;
  events::v1::Event correction;
  if (!entry.has_value() ||
      !correction.ParseFromArray(entry->event.data(), static_cast<int>(entry->event.size())) ||
      !Fill(correction, *by, &amendment.emplace()))
    return Damaged(*partition_, offset);
  return amendment;
}

Status Amendments::Mark(const std::string& client_id, query::v1::TimelineEntry* entry) {
  // What was refused changed nothing, so there is nothing to correct.
  if (entry->verdict().outcome() != events::v1::VERDICT_OUTCOME_APPLIED) return OkStatus();
  ASSIGN_OR_RETURN(auto amendment, Of(client_id, Offset(entry->offset())));
  if (amendment.has_value()) *entry->mutable_amended() = *std::move(amendment);
  return OkStatus();
}

StatusOr<bool> AnyCorrectedFrom(const engine::PartitionView& partition, Offset from) {
  ASSIGN_OR_RETURN(const auto all, partition.Scan(JournalView::kName, journal::Corrections::kName, {}, {}));
  for (; all->Valid(); all->Next()) {
    const auto by = CorrectedBy::Decode(all->value());
    if (!by.has_value()) return DataLoss("a correction in the journal of partition {} cannot be read; rebuild the view",
                                         partition.partition());
    if (by->offset >= from) return true;
  }
  RETURN_IF_ERROR(all->status());
  return false;
}

}  // namespace kefu::query
