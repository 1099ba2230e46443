#include "projections/engine/corrector.h"

#include "platform/base/check.h"
#include "projections/correction/refold.h"

namespace kefu::engine {

Corrector::Corrector(Partition partition, store::Store& store, JournalAt journal_at, bool waits)
    : partition_(partition), store_(store), journal_at_(std::move(journal_at)), waits_(waits) {}

bool Corrector::Concerns(const sdk::Projection& view) { return !correction::KeepsHistory(view); }

StatusOr<std::string> Corrector::Load(const sdk::RecordedEvent& correction) {
  if (of_ == correction.offset) return std::string();
  of_ = Offset(-1);
  std::optional<store::TableId> journal;
  if (journal_at_) {
    ASSIGN_OR_RETURN(journal, journal_at_(correction.offset));
  }
  if (!journal) {
    if (waits_)
      return Unavailable("partition {} offset {} corrects an event, and the journal is not as far yet", partition_,
                         correction.offset);
    return std::string("journal_behind");
  }
  const auto snapshot = store_.TakeSnapshot();
  auto past = correction::ReadPast(*snapshot, *journal, correction.event->client_id(), correction.offset,
                                   correction::kMostEvents);
  if (past.status().code() == StatusCode::kOutOfRange) return std::string("too_many_events");
  RETURN_IF_ERROR(past.status());
  past_ = std::move(*past);
  of_ = correction.offset;
  return std::string();
}

StatusOr<std::string> Corrector::Correct(const sdk::Projection& view, RowStage& stage,
                                         const sdk::RecordedEvent& correction) {
  ASSIGN_OR_RETURN(std::string refusal, Load(correction));
  if (!refusal.empty()) return refusal;
  const auto raw = [&](uint8_t table, std::string_view key) { return stage.PeekRaw(table, key); };
  const correction::Refolded refolded =
      correction::Refold(view, past_, partition_, Offset(correction.verdict->first_offset()),
                         correction::InsteadBy(*correction.event), stage, raw);
  RETURN_IF_ERROR(stage.fault());
  for (const correction::RowChange& change : refolded.changes) {
    if (change.raw) {
      stage.SetRaw(change.table, change.key, change.row);
      continue;
    }
    stage.Erase(change.table, change.key);
    if (!change.row) continue;
    KEFU_CHECK(stage.Edit(change.table, change.key)->Parse(*change.row), "view {}: a row of table {} cannot be read back",
               view.name, change.table);
  }
  RETURN_IF_ERROR(stage.fault());
  return refolded.refusal;
}

}  // namespace kefu::engine
