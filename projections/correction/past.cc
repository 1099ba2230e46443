#include "projections/correction/past.h"

#include <google/protobuf/timestamp.pb.h>

#include <utility>

#include "platform/base/time.h"
#include "projections/journal/entry.h"
#include "projections/journal/journal.h"

namespace kefu::correction {

namespace {

using events::v1::Event;

template <class Table, class... Parts>
std::string FullKey(const Parts&... parts) {
  return static_cast<char>(Table::kId) + codec::Key(parts...);
}

Status Damaged(std::string_view table) {
  return DataLoss("a row of the journal's table {} cannot be read; rebuild the view", table);
}

// Effective times that are not the records' own, by offset.
using Times = std::map<int64_t, absl::Time>;

StatusOr<Times> ReadLate(const store::Snapshot& snapshot, store::TableId journal, const std::string& client_id,
                         Offset until) {
  Times times;
  const auto cursor = snapshot.Scan(journal, FullKey<journal::Late>(client_id, Offset(0)),
                                    FullKey<journal::Late>(client_id, until));
  for (; cursor->Valid(); cursor->Next()) {
    std::string_view key = cursor->key().substr(1);
    std::string client;
    Offset offset;
    const auto time = journal::DecodeTime(cursor->value());
    if (!codec::TakePart(key, &client) || !codec::TakePart(key, &offset) || !time.has_value())
      return Damaged(journal::Late::kName);
    times[offset.value()] = *time;
  }
  RETURN_IF_ERROR(cursor->status());
  return times;
}

// One of the two sources: a client's entries, or what was broadcast.
class Source {
 public:
  Source(std::unique_ptr<store::Cursor> cursor, size_t prefix, Times late)
      : cursor_(std::move(cursor)), prefix_(prefix), late_(std::move(late)) {}

  bool Valid() const { return cursor_->Valid(); }
  Status status() const { return cursor_->status(); }
  void Next() { cursor_->Next(); }

  StatusOr<Offset> offset() const {
    std::string_view key = cursor_->key().substr(prefix_);
    Offset offset;
    if (!codec::TakePart(key, &offset) || !key.empty()) return Damaged(journal::Entries::kName);
    return offset;
  }

  // Adds the entry in hand if it was applied.
  Status AddTo(Past& past) const {
    const auto entry = journal::DecodeEntry(cursor_->value());
    Event event;
    if (!entry || !event.ParseFromArray(entry->event.data(), static_cast<int>(entry->event.size())))
      return Damaged(journal::Entries::kName);
    if (!entry->applied()) return OkStatus();
    ASSIGN_OR_RETURN(const Offset at, offset());
    const auto late = late_.find(at.value());
    past.events.push_back({at, late != late_.end() ? late->second : FromProto(event.recorded_at()),
                           std::string(entry->event)});
    if (IsCorrection(event.body_case())) past.instead[entry->Verdict().first_offset()] = InsteadBy(event);
    return OkStatus();
  }

 private:
  std::unique_ptr<store::Cursor> cursor_;
  size_t prefix_;
  Times late_;
};

}  // namespace

bool IsCorrection(Event::BodyCase body) { return body == Event::kEventCorrected || body == Event::kEventAnnulled; }

Instead InsteadBy(const Event& correction) {
  if (correction.body_case() == Event::kEventAnnulled) return std::nullopt;
  return correction.event_corrected().event();
}

StatusOr<Past> ReadPast(const store::Snapshot& snapshot, store::TableId journal, const std::string& client_id,
                        Offset until, int64_t most) {
  ASSIGN_OR_RETURN(Times late, ReadLate(snapshot, journal, client_id, until));
  Source own(snapshot.Scan(journal, FullKey<journal::Entries>(client_id, Offset(0)),
                           FullKey<journal::Entries>(client_id, until)),
             FullKey<journal::Entries>(client_id).size(), std::move(late));
  ASSIGN_OR_RETURN(late, ReadLate(snapshot, journal, "", until));
  Source broadcast(snapshot.Scan(journal, FullKey<journal::Broadcasts>(Offset(0)), FullKey<journal::Broadcasts>(until)),
                   1, std::move(late));
  Past past;
  int64_t of_client = 0;
  while (own.Valid() || broadcast.Valid()) {
    const Offset none(INT64_MAX);
    Offset next = none, next_broadcast = none;
    if (own.Valid()) {
      ASSIGN_OR_RETURN(next, own.offset());
    }
    if (broadcast.Valid()) {
      ASSIGN_OR_RETURN(next_broadcast, broadcast.offset());
    }
    if (next_broadcast <= next) {
      RETURN_IF_ERROR(broadcast.AddTo(past));
      broadcast.Next();
      // A fact about two clients is in both.
      if (next_broadcast == next) own.Next();
      continue;
    }
    if (++of_client > most) return OutOfRange("a client has more than {} events", most);
    RETURN_IF_ERROR(own.AddTo(past));
    own.Next();
  }
  RETURN_IF_ERROR(own.status());
  RETURN_IF_ERROR(broadcast.status());
  return past;
}

}  // namespace kefu::correction
