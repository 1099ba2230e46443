#include "projections/past/client_history.h"

#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "projections/journal/entry.h"
#include "projections/journal/journal.h"
#include "projections/past/clients_past.h"

namespace kefu::past {
namespace {

using events::v1::Event;

Status NeedsMoment(std::string_view why) {
  return WithReason(FailedPrecondition("{}: open a moment with AuditService.OpenMoment and ask of it", why),
                    "AS_OF_NEEDS_MOMENT");
}

// Of nearly all.
const events::v1::Verdict& Applied() {
  static const auto* const applied = [] {
    auto* verdict = new events::v1::Verdict();
    verdict->set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
    return verdict;
  }();
  return *applied;
}

bool Corrects(const Event& event) {
  return event.body_case() == Event::kEventCorrected || event.body_case() == Event::kEventAnnulled;
}

}  // namespace

StatusOr<EffectiveTimes> EffectiveTimes::Open(const engine::PartitionView& partition, const std::string& client_id) {
  const std::string prefix = codec::Key(client_id);
  ASSIGN_OR_RETURN(auto late, partition.Scan(journal::JournalView::kName, journal::Late::kName, prefix,
                                             codec::PrefixEnd(prefix)));
  return EffectiveTimes(client_id, std::move(late));
}

StatusOr<absl::Time> EffectiveTimes::Of(Offset offset, absl::Time stamped) {
  if (late_->Valid()) {
    const std::string key = codec::Key(client_id_, offset);
    while (late_->Valid() && late_->key() < key) late_->Next();
    if (late_->Valid() && late_->key() == key) {
      const auto effective = journal::DecodeTime(late_->value());
      if (!effective.has_value()) return DataLoss("the journal has a late record that is none; rebuild the view");
      return *effective;
    }
  }
  RETURN_IF_ERROR(late_->status());
  return stamped;
}

// A thousand events are half a megabyte: as many steps to it as it takes, not one for each few kilobytes.
google::protobuf::ArenaOptions ClientHistory::Blocks() {
  google::protobuf::ArenaOptions options;
  options.start_block_size = 16 << 10;
  options.max_block_size = 512 << 10;
  return options;
}

StatusOr<std::unique_ptr<ClientHistory>> ClientHistory::Read(const engine::PartitionView& partition,
                                                             const std::string& client_id, const PartitionCut& cut) {
  auto history = std::make_unique<ClientHistory>();
  const std::string prefix = codec::Key(client_id);
  history->journal_end_ = codec::PrefixEnd(prefix);
  ASSIGN_OR_RETURN(const auto stored, partition.Scan(journal::JournalView::kName, journal::Entries::kName, prefix,
                                                     history->journal_end_));
  std::optional<EffectiveTimes> times;
  for (; stored->Valid(); stored->Next()) {
    std::string_view key = stored->key().substr(prefix.size());
    Entry made;
    if (!codec::TakePart(key, &made.offset)) return DataLoss("the journal has a key that is none; rebuild the view");
    const auto end_here = [&] { history->journal_end_ = codec::Key(client_id, made.offset); };
    if (cut.next.has_value() && made.offset >= *cut.next) {
      end_here();
      break;
    }
    const auto entry = journal::DecodeEntry(stored->value());
    if (!entry.has_value()) return DataLoss("the journal's entry at {} cannot be read; rebuild the view", made.offset);
    auto* event = google::protobuf::Arena::CreateMessage<Event>(&history->arena_);
    if (!event->ParseFromArray(entry->event.data(), static_cast<int>(entry->event.size())))
      return DataLoss("the journal's event at {} cannot be read; rebuild the view", made.offset);
    if (!times.has_value()) {
      ASSIGN_OR_RETURN(times, EffectiveTimes::Open(partition, client_id));
    }
    ASSIGN_OR_RETURN(made.recorded_at, times->Of(made.offset, FromProto(event->recorded_at())));
    if (cut.recorded.has_value() && made.recorded_at > *cut.recorded) {
      end_here();
      break;
    }
    if (static_cast<int64_t>(history->entries_.size()) >= kMostEntries)
      return NeedsMoment(fmt::format("the client has more than {} events", kMostEntries));
    made.verdict = &Applied();
    if (!entry->verdict.empty()) {
      auto* verdict = google::protobuf::Arena::CreateMessage<events::v1::Verdict>(&history->arena_);
      *verdict = entry->Verdict();
      made.verdict = verdict;
    }
    if (Corrects(*event) && made.verdict->outcome() == events::v1::VERDICT_OUTCOME_APPLIED)
      return NeedsMoment("events of the client had been corrected by then");
    made.event = event;
    made.bytes = history->records_.emplace_back(entry->event);
    history->entries_.push_back(std::move(made));
  }
  RETURN_IF_ERROR(stored->status());
  return history;
}

}  // namespace kefu::past
