#include "services/clock/classifier.h"

#include <absl/time/clock.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "kefu/query/v1/segment.pb.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/event/broadcast.h"
#include "projections/activity/activity.h"
#include "projections/activity/classify.h"
#include "projections/reference/reference.h"
#include "projections/sdk/branch_time.h"
#include "projections/segment/segment.h"
#include "services/clock/published_rules.h"

namespace kefu::duties {
namespace {

using activity::ActivityView;
using events::v1::ClientClassified;
using events::v1::Event;
using query::v1::Classification;
using query::v1::ClassificationEntry;
using query::v1::ClientActivity;
using segment::SegmentView;

constexpr std::string_view kSource = "kefud.classifier";
constexpr size_t kMostAsked = 16;
// What event ids have room for: ten digits, up to the year 2286.
constexpr int64_t kLastSecond = 9'999'999'999;

absl::Time MidnightOf(absl::CivilDay day) {
  return absl::FromCivil(day, absl::UTCTimeZone()) - absl::Seconds(sdk::kBranchOffsetSeconds);
}

absl::Time WholeSeconds(absl::Time time) { return absl::FromUnixSeconds(absl::ToUnixSeconds(time)); }

const ClassificationEntry* EntryOf(const std::string& scheme, const Classification& row) {
  for (const ClassificationEntry& entry : row.current())
    if (entry.classified().scheme() == scheme) return &entry;
  return nullptr;
}

// Does what is stated of the client stand, whatever the rules say as of `as_of`? What is of a later moment does, and
// what was stated at this one by these very rules: saying it again could only contradict.
bool Stands(const ClassificationEntry& entry, const ClientClassified& now) {
  const auto& was = entry.classified();
  const absl::Time then = FromProto(was.as_of()), as_of = FromProto(now.as_of());
  return then > as_of ||
         (then == as_of && was.rules_version() == now.rules_version() && was.model_version() == now.model_version());
}

Event Stated(ClientClassified classified, const ClientActivity& client) {
  Event event;
  event.set_event_id(activity::EventIdOf(classified, client.client_id()));
  event.set_client_id(client.client_id());
  *event.mutable_occurred_at() = classified.as_of();
  event.set_source(std::string(kSource));
  event.mutable_actor()->set_kind(events::v1::ACTOR_KIND_SYSTEM);
  event.mutable_actor()->set_id(std::string(kSource));
  event.set_branch_id(client.branch_id());
  *event.mutable_client_classified() = std::move(classified);
  return event;
}

}  // namespace

// One run over all clients.
struct Classifier::Walk {
  struct Part {
    // The last client looked at, as a key; empty: none.
    std::string cursor;
    bool at_end = false;
    bool done = false;
    // The batch that was written last, until it is known to have come through.
    bool has_batch = false;
    std::string batch_from;
    int64_t batch_clients = 0, batch_changed = 0;
  };

  absl::Time as_of;
  PublishedRules published;
  // Null: of its own accord.
  ClassifyCallback done;
  std::vector<Part> parts;
  int64_t clients = 0;
  int64_t changed = 0;

  bool IsDone() const {
    return std::all_of(parts.begin(), parts.end(), [](const Part& part) { return part.done; });
  }
  // What is to be stated of one client.
  void Classify(const ClientActivity& client, const Classification& known, Offset looked_until,
                std::vector<Event>* events) const;
};

void Classifier::Walk::Classify(const ClientActivity& client, const Classification& known, Offset looked_until,
                                std::vector<Event>* events) const {
  const auto* model = published.model_if_any();
  const activity::Facts facts = activity::FactsAt(client, model, as_of);
  for (const auto& rules : published.schemes) {
    const ClassificationEntry* entry = EntryOf(rules.scheme(), known);
    const std::string& now_in = activity::SegmentOf(rules, facts);
    // Who is in none, and never was in one, needs no fact.
    if (entry == nullptr ? now_in.empty() : now_in == entry->classified().segment()) continue;
    // The view takes no more schemes of this client.
    if (entry == nullptr && known.current_size() >= segment::kSchemesKept) continue;
    ClientClassified classified = activity::Classify(rules, model, facts, as_of);
    if (entry != nullptr && Stands(*entry, classified)) continue;
    if (entry != nullptr) classified.set_previous_segment(entry->classified().segment());
    classified.set_as_of_offset(looked_until.value());
    events->push_back(Stated(std::move(classified), client));
  }
}

Classifier::Classifier(const DutyContext& context, const ClassifierOptions& options)
    : Duty(context),
      options_(options),
      writer_(this->context(), std::string(SegmentView::kName)),
      standing_(admin::v1::DUTY_KIND_CLASSIFICATION, partitions()) {}

Classifier::~Classifier() {
  const Status ended = Unavailable("the server ends; ask again");
  if (walk_ != nullptr && walk_->done) walk_->done(ended);
  for (const Asked& asked : asked_) asked.done(ended);
}

std::vector<std::string> Classifier::views() const { return {std::string(reference::ReferenceView::kName)}; }

void Classifier::Run(const admin::v1::RunClassificationRequest& request, ClassifyCallback done) {
  absl::Time as_of = Now();
  if (request.has_as_of()) {
    const auto& given = request.as_of();
    if (given.seconds() < 0 || given.seconds() > kLastSecond || given.nanos() < 0 || given.nanos() > 999'999'999)
      return done(WithReason(InvalidArgument("as_of must be from 1970 on"), "TIME_INVALID", "as_of"));
    if (FromProto(given) > as_of)
      return done(
          WithReason(InvalidArgument("as_of is still to come; the server's clock is at {}", FormatRfc3339(as_of)),
                     "AS_OF_IN_FUTURE", "as_of"));
    as_of = FromProto(given);
  }
  {
    const std::lock_guard lock(mutex_);
    if (asked_.size() < kMostAsked) {
      asked_.push_back({WholeSeconds(as_of), std::move(done)});
      done = nullptr;
    }
  }
  if (done) return done(WithReason(ResourceExhausted("{} runs wait already", kMostAsked), "TOO_MANY_RUNS"));
  WakeUp();
}

absl::Time Classifier::NextMidnight() const { return MidnightOf(sdk::BranchDayOf(Now()) + 1); }

bool Classifier::KnowsRules() {
  if (!writer_.Ready(event::kHomeOfBroadcasts)) return false;
  const auto home = engine().At(event::kHomeOfBroadcasts);
  // A view that is being rebuilt shows old rules.
  return home->next_offset(reference::ReferenceView::kName) >= home->next_offset(SegmentView::kName);
}

Status Classifier::BeginWalk() {
  ASSIGN_OR_RETURN(PublishedRules published, ReadPublishedRules(*engine().At(event::kHomeOfBroadcasts)));
  std::optional<Asked> asked;
  {
    const std::lock_guard lock(mutex_);
    if (!asked_.empty()) {
      asked = std::move(asked_.front());
      asked_.pop_front();
    }
  }
  if (asked.has_value() && published.schemes.empty()) {
    asked->done(WithReason(FailedPrecondition("no segment rules are published; kefu segment publish does it"),
                           "SEGMENT_RULES_MISSING"));
    return OkStatus();
  }
  if (published.schemes.empty()) return OkStatus();
  auto walk = std::make_unique<Walk>();
  walk->parts.resize(static_cast<size_t>(partitions()));
  if (asked.has_value()) {
    walk->as_of = asked->as_of;
    walk->done = std::move(asked->done);
  } else {
    walk->as_of = std::max(MidnightOf(sdk::BranchDayOf(Now())), WholeSeconds(published.recorded_at));
    // Recorded by a clock that goes before this one: its moment will come.
    if (walk->as_of > Now()) return OkStatus();
    const std::string due = fmt::format("{} {}", absl::ToUnixSeconds(walk->as_of), published.Versions());
    if (due == last_) return OkStatus();
    last_ = due;
  }
  walk->published = std::move(published);
  walk_ = std::move(walk);
  return OkStatus();
}

StatusOr<absl::Time> Classifier::Step() {
  const absl::Time began = absl::Now();
  if (began < rests_until_) return Now() + (rests_until_ - began);
  if (walk_ == nullptr && KnowsRules()) RETURN_IF_ERROR(BeginWalk());
  if (walk_ == nullptr) {
    const std::lock_guard lock(mutex_);
    return asked_.empty() ? NextMidnight() : Now() + absl::Milliseconds(20);
  }
  const int64_t clients_before = walk_->clients;
  const Status walked = WalkOn(*walk_);
  const bool went_on = walk_->clients != clients_before || walk_->IsDone();
  if (walk_->IsDone()) EndWalk();
  const absl::Time ended = absl::Now();
  // What was worked, so many times over.
  rests_until_ = ended + (ended - began) * (100 - options_.share_percent) / std::max(options_.share_percent, 1);
  RETURN_IF_ERROR(walked);
  // A batch that comes through wakes it; a view that is being rebuilt does not.
  return Now() + std::max(rests_until_ - ended, went_on ? absl::ZeroDuration() : absl::Milliseconds(200));
}

Status Classifier::WalkOn(Walk& walk) {
  Status first_fault;
  for (int32_t p = 0; p < partitions(); ++p) {
    const Partition partition(p);
    const Status walked = WalkPartition(walk, partition);
    // One partition that cannot be read must not keep the others waiting.
    if (!walked.ok() && first_fault.ok()) first_fault = Annotate(walked, fmt::format("partition {}", partition));
    standing_.Change(partition, [&](admin::v1::Duty& duty) {
      const Walk::Part& part = walk.parts[static_cast<size_t>(p)];
      duty.set_written(writer_.Written(partition));
      duty.set_waiting(part.has_batch ? part.batch_changed : 0);
      *duty.mutable_next_at() = ToProto(NextMidnight());
      duty.set_trouble(walked.ok() ? writer_.Trouble(partition) : ToString(walked));
      if (part.done && !walk.done) duty.set_last_late_millis(absl::ToInt64Milliseconds(Now() - walk.as_of));
    });
  }
  return first_fault;
}

Status Classifier::WalkPartition(Walk& walk, Partition partition) {
  Walk::Part& part = walk.parts[static_cast<size_t>(partition.value())];
  if (part.done || !writer_.Ready(partition)) return OkStatus();
  if (part.has_batch) {
    part.has_batch = false;
    if (writer_.LastFailed(partition)) {
      // What of it came to the log the view shows; the rest is found missing once more.
      part.cursor = part.batch_from;
      part.at_end = false;
      walk.clients -= part.batch_clients;
      walk.changed -= part.batch_changed;
    }
  }
  if (part.at_end) {
    part.done = true;
    return OkStatus();
  }
  const auto view = engine().At(partition);
  const Offset looked_until = view->next_offset(ActivityView::kName);
  // Being rebuilt: it does not know yet what was known before.
  if (looked_until < view->next_offset(SegmentView::kName)) return OkStatus();

  // The first key after the cursor's.
  const std::string from = part.cursor.empty() ? std::string() : part.cursor + '\0';
  ASSIGN_OR_RETURN(const auto cursor, view->Scan(ActivityView::kName, activity::Clients::kName, from, {}));
  std::vector<Event> events;
  ClientActivity client;
  Classification known;
  std::string last = part.cursor;
  int64_t looked_at = 0;
  for (; cursor->Valid() && looked_at < options_.rows_a_step && events.size() < kMaxFactsABatch; cursor->Next()) {
    const std::string_view stored = cursor->value();
    if (!client.ParseFromArray(stored.data(), static_cast<int>(stored.size())))
      return DataLoss("a client's activity cannot be read; rebuild the view {}", ActivityView::kName);
    store::PinnedValue row;
    ASSIGN_OR_RETURN(const bool found, view->Get(SegmentView::kName, segment::Clients::kName, cursor->key(), &row));
    known.Clear();
    if (found && !known.ParseFromArray(row.view().data(), static_cast<int>(row.view().size())))
      return DataLoss("a client's classification cannot be read; rebuild the view {}", SegmentView::kName);
    walk.Classify(client, known, looked_until, &events);
    last = cursor->key();
    ++looked_at;
  }
  RETURN_IF_ERROR(cursor->status());
  const bool at_end = !cursor->Valid();
  RETURN_IF_ERROR(writer_.Write(partition, events));
  part.has_batch = !events.empty();
  part.batch_from = part.cursor;
  part.batch_clients = looked_at;
  part.batch_changed = static_cast<int64_t>(events.size());
  part.cursor = std::move(last);
  part.at_end = at_end;
  part.done = at_end && events.empty();
  walk.clients += looked_at;
  walk.changed += part.batch_changed;
  return OkStatus();
}

void Classifier::EndWalk() {
  const std::unique_ptr<Walk> walk = std::move(walk_);
  if (!walk->done) return;
  admin::v1::RunClassificationResponse response;
  response.set_clients(walk->clients);
  response.set_changed(walk->changed);
  *response.mutable_as_of() = ToProto(walk->as_of);
  walk->done(response);
}

}  // namespace kefu::duties
