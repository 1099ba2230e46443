#include "projections/journal/journal.h"

#include <optional>

#include "platform/base/time.h"
#include "projections/journal/entry.h"
#include "projections/sdk/home.h"

namespace kefu::journal {

using events::v1::Event;
using Rows = sdk::View<JournalView>;

namespace {

struct Pair {
  std::string client_id;
  std::string other_client_id;
};

bool IsHome(const sdk::Recorded<Event>& recorded, const std::string& client_id) {
  return sdk::IsHome(recorded.body, client_id, recorded.record.partition);
}

// Tags 880–889: of no client, and no fold of a client's rows needs them.
bool IsAboutLog(const Event& event) { return static_cast<int>(event.body_case()) / 10 == 88; }

std::optional<Pair> Recall(PairKind kind, const std::string& id, Rows& view) {
  const auto stored = view.FindRaw<Pairs>(static_cast<int32_t>(kind), id);
  if (!stored.has_value()) return std::nullopt;
  std::string_view rest = *stored;
  Pair pair;
  if (!codec::TakePart(rest, &pair.client_id) || !codec::TakePart(rest, &pair.other_client_id)) return std::nullopt;
  return pair;
}

// Remembers whom a merge or a relation is about, where one of the two lives here.
Pair Begin(PairKind kind, const std::string& id, Pair pair, const sdk::Recorded<Event>& recorded, Rows& view) {
  if (!IsHome(recorded, pair.client_id) && !IsHome(recorded, pair.other_client_id)) return pair;
  // Looked up before it is written: the engine keeps raw values at hand for later events of a batch only in tables that
  // were read before.
  if (!Recall(kind, id, view).has_value())
    view.PutRaw<Pairs>(codec::Key(pair.client_id, pair.other_client_id), static_cast<int32_t>(kind), id);
  return pair;
}

// Whom a fact about two clients is about; nothing if both live elsewhere, or it is about none.
std::optional<Pair> PairOf(const sdk::Recorded<Event>& recorded, Rows& view) {
  const Event& event = recorded.body;
  switch (event.body_case()) {
    case Event::kClientRecordsMerged: {
      const auto& merged = event.client_records_merged();
      return Begin(PairKind::kMerge, event.event_id(), {merged.surviving_client_id(), merged.merged_client_id()},
                   recorded, view);
    }
    case Event::kClientRecordsSplit:
      return Recall(PairKind::kMerge, event.client_records_split().merge_event_id(), view);
    case Event::kClientRelationStarted: {
      const auto& started = event.client_relation_started();
      return Begin(PairKind::kRelation, started.relation_id(), {started.client_id(), started.other_client_id()},
                   recorded, view);
    }
    case Event::kClientRelationEnded:
      return Recall(PairKind::kRelation, event.client_relation_ended().relation_id(), view);
    default:
      return std::nullopt;
  }
}

// The verdict says where the event lies that is corrected.
void NoteCorrection(const sdk::Recorded<Event>& recorded, Rows& view) {
  const bool annuls = recorded.body.body_case() == Event::kEventAnnulled;
  if (!annuls && recorded.body.body_case() != Event::kEventCorrected) return;
  const events::v1::Verdict* verdict = recorded.record.verdict;
  if (verdict == nullptr || verdict->outcome() != events::v1::VERDICT_OUTCOME_APPLIED) return;
  view.PutRaw<Corrections>(CorrectedBy{recorded.body.event_id(), annuls, recorded.record.offset}.Encode(),
                           recorded.body.client_id(), Offset(verdict->first_offset()));
}

}  // namespace

std::string EncodeTime(absl::Time time) { return ToProto(time).SerializeAsString(); }

std::optional<absl::Time> DecodeTime(std::string_view bytes) {
  google::protobuf::Timestamp time;
  if (!time.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  return FromProto(time);
}

std::optional<CorrectedBy> CorrectedBy::Decode(std::string_view bytes) {
  CorrectedBy by;
  int32_t annulled = 0;
  if (!codec::TakePart(bytes, &by.event_id) || !codec::TakePart(bytes, &annulled) ||
      !codec::TakePart(bytes, &by.offset) || !bytes.empty())
    return std::nullopt;
  by.annulled = annulled != 0;
  return by;
}

sdk::Outcome JournalView::Apply(const sdk::Recorded<Event>& recorded, Rows& view) {
  const bool late = FromProto(recorded.body.recorded_at()) != recorded.record.recorded_at;
  const auto note_late = [&](const std::string& client_id) {
    if (late) view.PutRaw<Late>(EncodeTime(recorded.record.recorded_at), client_id, recorded.record.offset);
  };
  const auto put = [&](const std::string& client_id) {
    view.PutRaw<Entries>(EncodeEntry(recorded.record.verdict, recorded.record.bytes), client_id, recorded.record.offset);
    note_late(client_id);
  };
  if (!recorded.body.client_id().empty()) {
    put(recorded.body.client_id());
    NoteCorrection(recorded, view);
    return sdk::Applied();
  }
  // What partition 0 refused reaches no other partition, so that it would be in one client's journal and not in the
  // other's: it is in neither.
  const auto* verdict = recorded.record.verdict;
  if (verdict != nullptr && verdict->outcome() != events::v1::VERDICT_OUTCOME_APPLIED) return sdk::Ignored();
  if (IsAboutLog(recorded.body)) return sdk::Ignored();
  view.PutRaw<Broadcasts>(EncodeEntry(verdict, recorded.record.bytes), recorded.record.offset);
  note_late("");
  const auto pair = PairOf(recorded, view);
  if (!pair.has_value()) return sdk::Applied();
  for (const std::string* client_id : {&pair->client_id, &pair->other_client_id})
    if (IsHome(recorded, *client_id)) put(*client_id);
  return sdk::Applied();
}

}  // namespace kefu::journal
