#include "projections/correction/refold.h"

#include <algorithm>
#include <exception>
#include <map>

#include "projections/correction/scratch_stage.h"

namespace kefu::correction {

namespace {

using events::v1::Event;
using Rows = std::map<ScratchStage::Place, StoredRow>;

// Folds with one view's code, until something is wrong.
class Folding {
 public:
  Folding(const sdk::Projection& view, Partition partition) : view_(view), partition_(partition) {
    applied_.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
  }

  // Folds `past`, or what `instead`, if given, puts in its place.
  void Fold(const PastEvent& past, const Instead* instead, ScratchStage& stage) {
    if (!refusal_.empty() || (instead != nullptr && !instead->has_value())) return;
    const std::string& bytes = instead != nullptr ? **instead : past.bytes;
    event_.Clear();
    if (!event_.ParseFromString(bytes)) {
      refusal_ = "event_undecodable";
      return;
    }
    if (!view_.Wants(event_.body_case())) return;
    const sdk::RecordedEvent record{&event_, bytes, partition_, past.offset, past.recorded_at, &applied_};
    try {
      const sdk::Outcome outcome = view_.Apply(record, stage);
      if (outcome.kind() == sdk::Outcome::Kind::kParked) refusal_ = outcome.reason();
    } catch (const std::exception& error) {
      refusal_ = error.what();
    }
  }

  const std::string& refusal() const { return refusal_; }

 private:
  const sdk::Projection& view_;
  const Partition partition_;
  events::v1::Verdict applied_;
  Event event_;
  std::string refusal_;
};

const Instead* InsteadOf(const Past& past, Offset offset) {
  const auto found = past.instead.find(offset.value());
  return found == past.instead.end() ? nullptr : &found->second;
}

const sdk::TableInfo& TableOf(const sdk::Projection& view, uint8_t id) {
  return *std::find_if(view.tables.begin(), view.tables.end(),
                       [id](const sdk::TableInfo& table) { return table.id == id; });
}

StoredRow LiveRow(const sdk::TableInfo& table, std::string_view key, sdk::Stage& live, const RawRows& raw) {
  if (table.prototype == nullptr) return raw(table.id, key);
  const sdk::Row* row = live.Find(table.id, key);
  if (row == nullptr) return std::nullopt;
  std::string bytes;
  row->AppendTo(&bytes);
  return bytes;
}

}  // namespace

Refolded Refold(const sdk::Projection& view, const Past& past, Partition partition, Offset first,
                const Instead& instead, sdk::Stage& live, const RawRows& raw) {
  Refolded refolded;
  if (KeepsHistory(view)) return refolded;
  const auto at = std::find_if(past.events.begin(), past.events.end(),
                               [&](const PastEvent& event) { return event.offset == first; });
  Event corrected;
  if (at == past.events.end() || !corrected.ParseFromString(at->bytes)) {
    refolded.refusal = "corrected_event_missing";
    return refolded;
  }
  if (!view.Wants(corrected.body_case())) return refolded;

  const bool alone = TakesEventsAlone(view);
  const auto begin = alone ? at : past.events.begin(), end = alone ? at + 1 : past.events.end();
  Folding folding(view, partition);
  ScratchStage was(view, live, &IsSeeded), now(view, live, &IsSeeded);
  for (auto event = begin; event != at; ++event)
    folding.Fold(*event, InsteadOf(past, event->offset), was);
  now.CopyFrom(was);
  folding.Fold(*at, InsteadOf(past, at->offset), was);
  folding.Fold(*at, &instead, now);
  for (auto event = at + 1; event != end; ++event) {
    folding.Fold(*event, InsteadOf(past, event->offset), was);
    folding.Fold(*event, InsteadOf(past, event->offset), now);
  }
  refolded.refusal = folding.refusal();
  if (!refolded.refusal.empty()) return refolded;

  const Rows before = was.Stored(), after = now.Stored();
  std::map<ScratchStage::Place, std::pair<StoredRow, StoredRow>> both;
  for (const auto& [place, row] : before) both[place].first = row;
  for (const auto& [place, row] : after) both[place].second = row;
  for (const auto& [place, rows] : both) {
    if (rows.first == rows.second) continue;
    const sdk::TableInfo& table = TableOf(view, place.first);
    const Exchanged exchanged =
        Exchange(view, table, LiveRow(table, place.second, live, raw), rows.first, rows.second);
    if (!exchanged.exact) {
      refolded.changes.clear();
      refolded.refusal = fmt::format("shared_row_of_{}", table.name);
      return refolded;
    }
    refolded.changes.push_back({place.first, table.prototype == nullptr, place.second, exchanged.row});
  }
  return refolded;
}

}  // namespace kefu::correction
