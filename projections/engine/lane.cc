#include "projections/engine/lane.h"

#include <algorithm>

#include "platform/base/check.h"
#include "platform/base/time.h"
#include "projections/admission/admission.h"

namespace kefu::engine {

namespace {

constexpr char kUndecodable[] = "undecodable";
constexpr std::string_view kJournal = "journal";
// Events are parsed, and looked up in admission, so many at a time: they live on the arena until the next lot, and must
// not leave the processor's cache before they are folded.
constexpr size_t kLot = 64;
constexpr size_t kArenaBytes = 64 << 10;
// How long a lane is careful after an event that parks, and how many events its batches have then.
constexpr int64_t kCarefulEvents = 10'000;
constexpr int64_t kCarefulBatch = 2'000;

google::protobuf::ArenaOptions InitialBlock(std::string& block) {
  block.resize(kArenaBytes);
  google::protobuf::ArenaOptions options;
  options.initial_block = block.data();
  options.initial_block_size = block.size();
  return options;
}

}  // namespace

Lane::Lane(Partition partition, store::Store& store, EngineTables tables, Place place,
           std::unique_ptr<FoldedView> judge, LaneOptions options)
    : partition_(partition),
      store_(store),
      tables_(tables),
      options_(options),
      judge_(std::move(judge)),
      corrector_(partition, store, [this](Offset offset) { return Journal(offset); }, judge_ == nullptr),
      committed_(place),
      staged_(place),
      arena_(InitialBlock(arena_block_)) {}

StatusOr<std::optional<store::TableId>> Lane::Journal(Offset offset) const {
  for (const auto& view : views_)
    if (view->name.view == kJournal) return std::optional(view->table);
  if (!options_.journal_at) return std::optional<store::TableId>();
  return options_.journal_at(offset);
}

void Lane::Add(std::unique_ptr<FoldedView> view) { views_.push_back(std::move(view)); }

int64_t Lane::room(int64_t max_batch_events) const {
  return (careful() ? std::min(kCarefulBatch, max_batch_events) : max_batch_events) - events_staged_;
}

size_t Lane::staged_bytes() const {
  size_t bytes = verdicts_.bytes() + parked_.bytes() + (judge_ ? judge_->stage->staged_bytes() : 0);
  for (const auto& view : views_) bytes += view->stage->staged_bytes();
  return bytes;
}

std::unique_ptr<FoldedView> Lane::Remove(std::string_view table_name) {
  KEFU_CHECK(!HasStaged(), "{} staged", events_staged_);
  for (auto it = views_.begin(); it != views_.end(); ++it) {
    if ((*it)->table_name != table_name) continue;
    auto view = std::move(*it);
    views_.erase(it);
    return view;
  }
  return nullptr;
}

Status Lane::Take(log::RecordBatch batch, Offset limit) {
  while (!batch.records.empty() && batch.records.back().offset >= limit) batch.records.pop_back();
  if (batch.records.empty()) return OkStatus();
  if (rewinding_ && batch.records.front().offset > staged_.next) return OkStatus();
  rewinding_ = false;
  if (!judge_) RETURN_IF_ERROR(LoadVerdicts(batch.records.front().offset, batch.records.back().offset));
  if (!careful() && uncommitted_.empty()) return FoldAll(batch.records);
  uncommitted_.push_back(std::move(batch));
  return Advance();
}

Status Lane::FoldAll(const std::vector<log::RecordView>& records) {
  for (size_t at = 0; at < records.size(); at += kLot) {
    RETURN_IF_ERROR(Parse(records.data() + at, std::min(kLot, records.size() - at)));
    for (const Parsed& parsed : parsed_) {
      ASSIGN_OR_RETURN(const Step step, FoldOne(parsed));
      if (step == Step::kFolded) continue;
      const Offset parks_at = parsed.record.offset;
      Discard();
      careful_until_ = parks_at + kCarefulEvents;
      rewinding_ = true;
      return Aborted("partition {} offset {} parks; the records from {} on are needed again", partition_, parks_at,
                     staged_.next);
    }
  }
  return OkStatus();
}

// The careful way: record by record, keeping what is not committed.
Status Lane::Advance() {
  while (at_batch_ < uncommitted_.size()) {
    const log::RecordBatch& batch = uncommitted_[at_batch_];
    if (at_record_ == batch.records.size()) {
      ++at_batch_;
      at_record_ = 0;
      continue;
    }
    const log::RecordView& record = batch.records[at_record_];
    RETURN_IF_ERROR(Parse(&record, 1));
    if (!parsed_.empty()) {
      ASSIGN_OR_RETURN(const Step step, FoldOne(parsed_.front()));
      if (step == Step::kWaits) {
        RETURN_IF_ERROR(CommitStaged());
        continue;
      }
      if (step == Step::kParks) {
        careful_until_ = record.offset + kCarefulEvents;
        RETURN_IF_ERROR(FoldAgainBefore(record.offset));
        RETURN_IF_ERROR(CommitStaged());
        continue;  // with the same record, whose parking is decided now
      }
    }
    ++at_record_;
  }
  return OkStatus();
}

Status Lane::FoldAgainBefore(Offset offset) {
  Discard();
  for (const log::RecordBatch& batch : uncommitted_) {
    for (const log::RecordView& record : batch.records) {
      if (record.offset >= offset) break;
      RETURN_IF_ERROR(Parse(&record, 1));
      if (parsed_.empty()) continue;
      ASSIGN_OR_RETURN(const Step step, FoldOne(parsed_.front()));
      KEFU_CHECK(step == Step::kFolded, "partition {} offset {} parks only the second time", partition_,
                 record.offset);
    }
  }
  return OkStatus();
}

// Parses those of `count` records that are not folded yet, and reads ahead what they will need.
Status Lane::Parse(const log::RecordView* records, size_t count) {
  parsed_.clear();
  arena_.Reset();
  std::vector<std::string> ids;
  std::vector<const events::v1::Event*> events;
  for (size_t i = 0; i < count; ++i) {
    const log::RecordView& record = records[i];
    if (record.offset < staged_.next) continue;
    auto* event = google::protobuf::Arena::CreateMessage<events::v1::Event>(&arena_);
    const bool decoded = event->ParseFromArray(record.value.data(), static_cast<int>(record.value.size()));
    parsed_.push_back({record, event, decoded});
    if (!decoded || count == 1) continue;
    events.push_back(event);
    if (judge_ && !options_.judge_all_applied) ids.push_back(admission::SeenKey(*event));
  }
  if (!ids.empty()) {
    judge_->stage->PrefetchRaw(admission::kSeenTable, ids);
    judge_->stage->PrefetchRows(events);
  }
  for (const auto& view : views_) view->stage->PrefetchRows(events);
  return Fault();
}

bool Lane::IsFor(const sdk::Projection& projection, const Parsed& parsed, const events::v1::Verdict& verdict) {
  if (projection.takes_all) return true;
  if (!parsed.decoded || verdict.outcome() == events::v1::VERDICT_OUTCOME_DUPLICATE) return false;
  if (verdict.outcome() == events::v1::VERDICT_OUTCOME_REFUSED && !projection.takes_refused) return false;
  return projection.Wants(parsed.event->body_case());
}

StatusOr<Lane::Step> Lane::FoldOne(const Parsed& parsed) {
  const bool corrects = parsed.decoded && correction::IsCorrection(parsed.event->body_case());
  if (corrects && HasStaged()) return Step::kWaits;
  const log::RecordView& record = parsed.record;
  const events::v1::Event& event = *parsed.event;
  sdk::RecordedEvent recorded{&event, record.value, partition_, record.offset, staged_.effective_time, nullptr};
  events::v1::Verdict verdict;
  if (!parsed.decoded) {
    // Nothing of ours writes such bytes; a stranger's record must not stop the partition.
    verdict.set_outcome(events::v1::VERDICT_OUTCOME_REFUSED);
    verdict.set_rule(kUndecodable);
  } else if (event.body_case() == events::v1::Event::BODY_NOT_SET) {
    return FailedPrecondition(
        "partition {} offset {} holds an event whose body this version does not know; upgrade this node, it goes on "
        "from there (reads are served as of that position)",
        partition_, record.offset);
  } else {
    staged_.effective_time = std::max(staged_.effective_time, FromProto(event.recorded_at()));
    recorded.recorded_at = staged_.effective_time;
    verdict = VerdictOf(recorded);
    if (verdict.outcome() == events::v1::VERDICT_OUTCOME_UNSPECIFIED) {
      RETURN_IF_ERROR(Fault());
      return FailedPrecondition(
          "partition {} offset {} is judged by version {} of the rules, and this version knows them up to {}; upgrade "
          "this node, it goes on from there (reads are served as of that position)",
          partition_, record.offset, event.rules_version_adopted().version(), admission::kRulesVersion);
    }
  }
  recorded.verdict = &verdict;
  for (const auto& view : views_) {
    const bool corrected = corrects && verdict.outcome() == events::v1::VERDICT_OUTCOME_APPLIED &&
                           Corrector::Concerns(*view->projection);
    if (!corrected && !IsFor(*view->projection, parsed, verdict)) continue;
    const StatusOr<Step> step = FoldInto(*view, recorded);
    if (!step.ok() || *step == Step::kParks) return step;
  }
  RETURN_IF_ERROR(Fault());
  if (judge_) {
    // Of what corrects an event it says which: lanes that do not judge must find it.
    if (verdict.outcome() != events::v1::VERDICT_OUTCOME_APPLIED || verdict.first_offset() != 0)
      verdicts_.Put(codec::Key(record.offset), verdict.SerializeAsString());
    Remember(record.offset, std::move(verdict));
  }
  staged_.next = record.offset.Next();
  staged_.last_record = FastHash128(record.value);
  ++events_staged_;
  return Step::kFolded;
}

void Lane::Remember(Offset offset, events::v1::Verdict verdict) {
  const size_t at = static_cast<size_t>(judged_count_++) % kRecentVerdicts;
  if (at == judged_.size()) judged_.emplace_back();
  judged_[at] = {offset, std::move(verdict)};
}

events::v1::Verdict Lane::VerdictOf(const sdk::RecordedEvent& event) {
  if (judge_ && !options_.judge_all_applied) return admission::Judge(event, *judge_->stage);
  const auto known = known_verdicts_.find(event.offset.value());
  if (known != known_verdicts_.end()) return known->second;
  events::v1::Verdict applied;
  applied.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
  return applied;
}

StatusOr<Lane::Step> Lane::FoldInto(FoldedView& view, const sdk::RecordedEvent& event) {
  const Gaps& gaps = view.CurrentGaps();
  if (!gaps.empty() && gaps.find(event.event->client_id()) != gaps.end()) {
    Park(view, event, "");
    return Step::kFolded;
  }
  if (!forced_.empty()) {
    const auto forced = forced_.find({event.offset.value(), view.table_name});
    if (forced != forced_.end()) {
      Park(view, event, forced->second);
      return Step::kFolded;
    }
  }
  ASSIGN_OR_RETURN(std::string reason, Apply(view, event));
  if (reason.empty()) return Step::kFolded;
  RETURN_IF_ERROR(Fault());
  forced_[{event.offset.value(), view.table_name}] = std::move(reason);
  return Step::kParks;
}

StatusOr<std::string> Lane::Apply(FoldedView& view, const sdk::RecordedEvent& event) {
  try {
    const sdk::Outcome outcome = view.projection->Apply(event, *view.stage);
    if (outcome.kind() == sdk::Outcome::Kind::kParked)
      return outcome.reason().empty() ? "the fold gave no reason" : outcome.reason();
  } catch (const std::exception& error) {
    return fmt::format("exception: {}", error.what());
  }
  const bool corrects = correction::IsCorrection(event.event->body_case()) &&
                        event.verdict->outcome() == events::v1::VERDICT_OUTCOME_APPLIED;
  if (!corrects || !Corrector::Concerns(*view.projection)) return std::string();
  return corrector_.Correct(*view.projection, *view.stage, event);
}

void Lane::Park(FoldedView& view, const sdk::RecordedEvent& event, std::string_view reason) {
  const std::string& client = event.event->client_id();
  const std::string verdict = event.verdict->SerializeAsString();
  const ParkedFrame frame{event.recorded_at, reason, verdict, event.bytes};
  parked_.Put(codec::Key(view.table_name, client, event.offset), frame.Encode());
  if (!view.staged_gaps) view.staged_gaps = std::make_shared<Gaps>(*view.gaps);
  PartitionView::Gap& gap = (*view.staged_gaps)[client];
  if (gap.events++ == 0) {
    gap.reason = reason;
    gap.since = event.recorded_at;
  }
}

Status Lane::LoadVerdicts(Offset first, Offset last) {
  const auto snapshot = store_.TakeSnapshot();
  const auto cursor = snapshot->Scan(tables_.verdicts, codec::Key(first), codec::Key(last.Next()));
  for (; cursor->Valid(); cursor->Next()) {
    std::string_view key = cursor->key();
    Offset offset;
    events::v1::Verdict verdict;
    if (!codec::TakePart(key, &offset) ||
        !verdict.ParseFromArray(cursor->value().data(), static_cast<int>(cursor->value().size())))
      return DataLoss("a verdict of partition {} cannot be decoded", partition_);
    known_verdicts_[offset.value()] = std::move(verdict);
  }
  return cursor->status();
}

Status Lane::Fault() const {
  if (judge_ && !judge_->stage->fault().ok()) return judge_->stage->fault();
  for (const auto& view : views_)
    if (!view->stage->fault().ok()) return view->stage->fault();
  return OkStatus();
}

void Lane::Discard() {
  verdicts_.Clear();
  parked_.Clear();
  if (judge_) judge_->stage->Discard();
  for (const auto& view : views_) {
    view->stage->Discard();
    view->staged_gaps.reset();
  }
  judged_.clear();
  judged_count_ = 0;
  staged_ = committed_;
  events_staged_ = 0;
}

void Lane::Abandon() {
  Discard();
  uncommitted_.clear();
  at_batch_ = at_record_ = 0;
  known_verdicts_.clear();
  forced_.clear();
}

void Lane::Trim(double share) {
  if (judge_) judge_->stage->Trim(share);
  for (const auto& view : views_) view->stage->Trim(share);
}

void Lane::GiveAll(store::WriteBatch& batch) {
  std::map<std::string, std::string> places;
  const std::string place = staged_.Encode();
  if (judge_) {
    judge_->stage->WriteTo(batch);
    places[PlaceKey(judge_->table_name)] = place;
  }
  for (const auto& view : views_) {
    view->stage->WriteTo(batch);
    places[PlaceKey(view->table_name)] = place;
  }
  verdicts_.WriteTo(batch, tables_.verdicts);
  parked_.WriteTo(batch, tables_.parked);
  for (const auto& [key, value] : places) batch.Put(tables_.meta, key, value);
}

Status Lane::CommitStaged() {
  if (!HasStaged()) return OkStatus();
  RETURN_IF_ERROR(Fault());
  const bool bulk = staged_bytes() >= static_cast<size_t>(options_.bulk_bytes);
  const auto batch = bulk ? store_.NewBulkBatch() : store_.NewBatch();
  GiveAll(*batch);
  RETURN_IF_ERROR(store_.Write(*batch));

  verdicts_.Clear();
  parked_.Clear();
  if (judge_) judge_->stage->Settle(nullptr);
  for (const auto& view : views_) {
    if (view->staged_gaps) view->gaps = std::move(view->staged_gaps);
    view->staged_gaps.reset();
    std::vector<Change> changes;
    view->stage->Settle(view->wants_changes() ? &changes : nullptr);
    if (!changes.empty()) done_.changes.emplace_back(view->projection, std::move(changes));
  }
  committed_ = staged_;
  done_.place = committed_;
  done_.events += events_staged_;
  std::move(judged_.begin(), judged_.end(), std::back_inserter(done_.judged));
  judged_.clear();
  judged_count_ = 0;
  events_staged_ = 0;
  known_verdicts_.erase(known_verdicts_.begin(), known_verdicts_.lower_bound(committed_.next.value()));
  forced_.erase(forced_.begin(), forced_.lower_bound({committed_.next.value(), ""}));
  uncommitted_.erase(uncommitted_.begin(), uncommitted_.begin() + static_cast<std::ptrdiff_t>(at_batch_));
  at_batch_ = 0;
  return OkStatus();
}

StatusOr<Committed> Lane::Commit() {
  RETURN_IF_ERROR(CommitStaged());
  Committed done = std::move(done_);
  done_ = Committed();
  done.place = committed_;
  return done;
}

StatusOr<Lane::Retried> Lane::Retry(FoldedView& view, const std::string& client_id) {
  KEFU_CHECK(!HasStaged(), "{} staged", events_staged_);
  const std::string prefix = codec::Key(view.table_name, client_id);
  const auto snapshot = store_.TakeSnapshot();
  std::vector<std::pair<std::string, std::string>> parked;
  const auto cursor = snapshot->Scan(tables_.parked, prefix, codec::PrefixEnd(prefix));
  for (; cursor->Valid(); cursor->Next()) parked.emplace_back(cursor->key(), cursor->value());
  RETURN_IF_ERROR(cursor->status());

  // How many events from the front are taken; found by trying, since a fold that parks spoils what was staged.
  size_t taken = parked.size();
  std::string reason;
  absl::Time since;
  for (bool again = true; again;) {
    again = false;
    for (size_t i = 0; i < taken; ++i) {
      const auto frame = ParkedFrame::Decode(parked[i].second);
      std::string_view key = std::string_view(parked[i].first).substr(prefix.size());
      Offset offset;
      events::v1::Event event;
      events::v1::Verdict verdict;
      if (!frame || !codec::TakePart(key, &offset) ||
          !event.ParseFromArray(frame->record.data(), static_cast<int>(frame->record.size())) ||
          !verdict.ParseFromArray(frame->verdict.data(), static_cast<int>(frame->verdict.size())))
        return DataLoss("a parked event of view {} cannot be decoded", view.name.view);
      const sdk::RecordedEvent recorded{&event, frame->record, partition_, offset, frame->recorded_at, &verdict};
      ASSIGN_OR_RETURN(std::string parks, Apply(view, recorded));
      RETURN_IF_ERROR(view.stage->fault());
      if (parks.empty()) continue;
      reason = std::move(parks);
      since = frame->recorded_at;
      taken = i;
      Discard();
      again = taken > 0;
      break;
    }
  }
  if (taken > 0) {
    const auto batch = store_.NewBatch();
    for (size_t i = 0; i < taken; ++i) batch->Delete(tables_.parked, parked[i].first);
    view.stage->WriteTo(*batch);
    if (const Status status = store_.Write(*batch); !status.ok()) {
      Discard();
      return status;
    }
    view.stage->Settle(nullptr);
  }

  auto gaps = std::make_shared<Gaps>(*view.gaps);
  if (taken == parked.size()) {
    gaps->erase(client_id);
  } else {
    (*gaps)[client_id] = {static_cast<int64_t>(parked.size() - taken), reason, since};
  }
  view.gaps = std::move(gaps);
  return Retried{static_cast<int64_t>(taken), static_cast<int64_t>(parked.size() - taken)};
}

}  // namespace kefu::engine
