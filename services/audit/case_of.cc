#include "services/audit/case_of.h"

#include <string_view>

#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "platform/codec/wire.h"
#include "platform/event/record.h"
#include "projections/journal/entry.h"
#include "projections/journal/journal.h"

namespace kefu::audit {
namespace {

using events::v1::Event;
using journal::JournalView;

std::string TagBytes(int field) {
  std::string bytes;
  codec::AppendVarint(&bytes, codec::BytesTag(field));
  return bytes;
}

// The id that `event` refers by, and whether `earlier` has it.
const std::string& ReferredId(const Event& event) {
  return event.has_event_annulled() ? event.event_annulled().annulled_event_id() : event.legal_hold_lifted().hold_id();
}
bool IsReferred(const Event& event, const Event& earlier) {
  if (event.has_event_annulled()) return earlier.event_id() == ReferredId(event);
  return earlier.has_legal_hold_placed() && earlier.legal_hold_placed().hold_id() == ReferredId(event);
}

}  // namespace

std::string CaseOf(const Event& event) {
  if (event.has_event_corrected()) {
    Event corrected;
    // One correction of another would be of the same kind, and say the same: it is not followed.
    if (!corrected.ParseFromString(event.event_corrected().event()) || corrected.has_event_corrected()) return {};
    return CaseOf(corrected);
  }
  const auto* reflection = event.GetReflection();
  const auto* body = reflection->GetOneofFieldDescriptor(event, Event::descriptor()->FindOneofByName("body"));
  if (body == nullptr) return {};
  const auto* field = body->message_type()->FindFieldByName("case_id");
  if (field == nullptr || field->is_repeated()) return {};
  const auto& message = reflection->GetMessage(event, body);
  return message.GetReflection()->GetString(message, field);
}

bool MayRefer(std::string_view recorded_bytes) {
  static const std::string annulled = TagBytes(Event::kEventAnnulledFieldNumber);
  static const std::string lifted = TagBytes(Event::kLegalHoldLiftedFieldNumber);
  return recorded_bytes.find(annulled) != std::string_view::npos || recorded_bytes.find(lifted) != std::string_view::npos;
}

StatusOr<std::string> CaseOfReferred(const engine::Engine& engine, const Event& event) {
  if (!event.has_event_annulled() && !event.has_legal_hold_lifted()) return std::string();
  const Partition home(PartitionForKey(event.client_id(), engine.partitions()));
  const auto view = engine.At(home);
  const Offset there = view->next_offset(JournalView::kName);
  if (there.value() < engine.CurrentPosition().next_offsets[static_cast<size_t>(home.value())] ||
      view->GapOf(JournalView::kName, event.client_id()).has_value())
    return WithReason(Unavailable("the journal of partition {} lacks some of what is on the log; try again", home),
                      "JOURNAL_BEHIND");
  const std::string prefix = codec::Key(event.client_id());
  ASSIGN_OR_RETURN(const auto cursor,
                   view->Scan(JournalView::kName, journal::Entries::kName, prefix, codec::PrefixEnd(prefix)));
  Event earlier;
  for (; cursor->Valid(); cursor->Next()) {
    const auto entry = journal::DecodeEntry(cursor->value());
    // The id is in the bytes as it is, or it is not that event.
    if (!entry.has_value() || entry->event.find(ReferredId(event)) == std::string_view::npos) continue;
    if (!event::ParseRecorded(entry->event, &earlier).ok() || !IsReferred(event, earlier)) continue;
    return CaseOf(earlier);
  }
  RETURN_IF_ERROR(cursor->status());
  return std::string();
}

}  // namespace kefu::audit
