#include "services/audit/find_event.h"

#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "projections/journal/entry.h"
#include "projections/journal/journal.h"

namespace kefu::audit {
namespace {

using journal::JournalView;

bool IsEvent(std::string_view stored, const std::string& event_id, events::v1::Event& event) {
  const auto entry = journal::DecodeEntry(stored);
  // Most are not it: an id that is nowhere in the bytes is not parsed for.
  if (!entry.has_value() || entry->event.find(event_id) == std::string_view::npos) return false;
  return event.ParseFromArray(entry->event.data(), static_cast<int>(entry->event.size())) && event.event_id() == event_id;
}

}  // namespace

StatusOr<RecordPlace> FindEvent(const engine::Engine& engine, const std::string& client_id, const std::string& event_id) {
  const bool of_client = !client_id.empty();
  const Partition partition(of_client ? PartitionForKey(client_id, engine.partitions()) : 0);
  const std::string_view table = of_client ? journal::Entries::kName : journal::Broadcasts::kName;
  const std::string prefix = of_client ? codec::Key(client_id) : std::string();
  const auto view = engine.At(partition);
  ASSIGN_OR_RETURN(const auto cursor, view->Scan(JournalView::kName, table, prefix, codec::PrefixEnd(prefix)));
  events::v1::Event event;
  for (; cursor->Valid(); cursor->Next()) {
    if (!IsEvent(cursor->value(), event_id, event)) continue;
    std::string_view key = cursor->key().substr(prefix.size());
    Offset offset;
    if (!codec::TakePart(key, &offset)) return DataLoss("a key of the journal is damaged; rebuild the view");
    return RecordPlace{partition, offset};
  }
  RETURN_IF_ERROR(cursor->status());
  const std::string whose = of_client ? fmt::format("client {}", client_id) : "what is broadcast";
  return WithReason(NotFound("{} has no event {}; a fact about the log is found by partition 0 and its offset", whose, event_id),
                    "EVENT_NOT_FOUND", "event_id");
}

}  // namespace kefu::audit
