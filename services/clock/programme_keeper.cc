#include "services/clock/programme_keeper.h"

#include <fmt/format.h>

#include <algorithm>

#include "platform/base/hash.h"
#include "platform/base/time.h"
#include "projections/sdk/branch_time.h"

namespace kefu::duties {

namespace {

using events::v1::Event;
using programme::Client;
using programme::Programme;
using programme::ProgrammeView;

constexpr std::string_view kSource = "kefud.programme";
constexpr size_t kLongestId = 64;
constexpr int kMostTries = 2;
constexpr uint64_t kWholeShare = 10'000;
constexpr absl::Duration kBetweenSteps = absl::Milliseconds(5);

absl::Time BeginOf(absl::CivilDay day) {
  return absl::FromCivil(day, absl::UTCTimeZone()) - absl::Seconds(sdk::kBranchOffsetSeconds);
}
absl::Time BeginOfYear(int64_t year) { return BeginOf(absl::CivilDay(year, 1, 1)); }

std::string CallBackIdOf(const std::string& programme, int64_t year, const std::string& client_id) {
  std::string id = fmt::format("{}/{}/{}", programme, year, client_id);
  return id.size() <= kLongestId ? id : Hex(Sha256(id));
}

Event Planned(const Programme& programme, int64_t year, const Client& client, absl::Time at, absl::Time due) {
  const auto& published = programme.published();
  const std::string id = CallBackIdOf(published.programme(), year, client.client_id());
  Event event;
  event.set_event_id("programme/" + id);
  event.set_client_id(client.client_id());
  *event.mutable_occurred_at() = ToProto(at);
  event.set_source(std::string(kSource));
  event.mutable_actor()->set_kind(events::v1::ACTOR_KIND_SYSTEM);
  event.mutable_actor()->set_id(std::string(kSource));
  event.set_branch_id(client.branch_id());
  event.set_causation_id(programme.event_id());
  auto& planned = *event.mutable_call_back_planned();
  planned.set_call_back_id(id);
  planned.mutable_programme()->set_scheme(std::string(programme::kScheme));
  planned.mutable_programme()->set_value(published.programme());
  planned.set_team(published.team());
  *planned.mutable_due_at() = ToProto(due);
  *planned.mutable_questions() = published.questions();
  return event;
}

Status Unreadable(const engine::PartitionView& view) {
  return DataLoss("a row of the view {} in partition {} cannot be read; rebuild the view", ProgrammeView::kName,
                  view.partition());
}

bool Parse(std::string_view bytes, google::protobuf::Message* row) {
  return row->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

// Not again and again what is refused.
void Add(Event fact, absl::flat_hash_map<std::string, int>& tries, std::vector<Event>* facts) {
  if (++tries[fact.call_back_planned().call_back_id()] <= kMostTries) facts->push_back(std::move(fact));
}

}  // namespace

bool IsSampled(const std::string& programme, int32_t year, const std::string& client_id, int32_t share_bp) {
  const uint64_t place = FastHash64(fmt::format("{}/{}/{}", programme, year, client_id)) % kWholeShare;
  return share_bp > 0 && place < static_cast<uint64_t>(share_bp);
}

ProgrammeKeeper::ProgrammeKeeper(const DutyContext& context, const ProgrammeOptions& options)
    : Duty(context),
      options_(options),
      writer_(this->context(), std::string(ProgrammeView::kName)),
      standing_(admin::v1::DUTY_KIND_CALL_BACKS, partitions()),
      walks_(static_cast<size_t>(partitions())) {}

std::vector<std::string> ProgrammeKeeper::views() const { return {std::string(ProgrammeView::kName)}; }

StatusOr<absl::Time> ProgrammeKeeper::Step() {
  const absl::Time midnight = BeginOf(sdk::BranchDayOf(Now()) + 1);
  return KeepEach(partitions(), writer_, standing_, [&](Partition partition) -> StatusOr<absl::Time> {
    ASSIGN_OR_RETURN(const bool done, Keep(partition));
    standing_.Change(partition, [&](admin::v1::Duty& duty) { *duty.mutable_next_at() = ToProto(midnight); });
    return done ? midnight : Now() + kBetweenSteps;
  });
}

StatusOr<std::vector<Programme>> ProgrammeKeeper::ReadProgrammes(const engine::PartitionView& view) const {
  std::vector<Programme> programmes;
  ASSIGN_OR_RETURN(const auto cursor, view.Scan(ProgrammeView::kName, programme::Programmes::kName, {}, {}));
  for (; cursor->Valid(); cursor->Next())
    if (!Parse(cursor->value(), &programmes.emplace_back())) return Unreadable(view);
  RETURN_IF_ERROR(cursor->status());
  return programmes;
}

// Whether there is nothing left to look at now. What is in flight wakes the duty when it is through.
StatusOr<bool> ProgrammeKeeper::Keep(Partition partition) {
  if (!writer_.Ready(partition)) return true;
  Walk& walk = walks_[static_cast<size_t>(partition.value())];
  const auto view = engine().At(partition);
  ASSIGN_OR_RETURN(const std::vector<Programme> programmes, ReadProgrammes(*view));
  std::string of = fmt::format("{}", absl::FormatCivilTime(sdk::BranchDayOf(Now())));
  for (const Programme& programme : programmes) of += fmt::format(" {}", programme.event_id());
  // Nobody knows what of a batch that failed came to the log.
  if (walk.of != of || writer_.LastFailed(partition)) {
    walk = Walk();
    walk.of = std::move(of);
  }
  Facts facts;
  RETURN_IF_ERROR(PlanNew(*view, programmes, walk, &facts));
  RETURN_IF_ERROR(PlanYear(*view, programmes, walk, &facts));
  standing_.Change(partition, [&](admin::v1::Duty& duty) { duty.set_waiting(static_cast<int64_t>(facts.size())); });
  RETURN_IF_ERROR(writer_.Write(partition, facts));
  return walk.done || !facts.empty();
}

Status ProgrammeKeeper::PlanNew(const engine::PartitionView& view, const std::vector<Programme>& programmes, Walk& walk,
                                Facts* facts) const {
  std::vector<const Programme*> of_new;
  absl::Time since = absl::InfiniteFuture();
  for (const Programme& programme : programmes) {
    if (programme.published().selection() != events::v1::CALL_BACK_SELECTION_NEW_ACCOUNT) continue;
    of_new.push_back(&programme);
    since = std::min(since, FromProto(programme.since()));
  }
  if (of_new.empty()) return OkStatus();
  ASSIGN_OR_RETURN(const auto cursor,
                   view.Scan(ProgrammeView::kName, programme::NewClients::kName, codec::Key(since), {}));
  Client client;
  for (; cursor->Valid() && facts->size() < options_.max_batch; cursor->Next()) {
    store::PinnedValue row;
    ASSIGN_OR_RETURN(const bool found,
                     view.Get(ProgrammeView::kName, programme::ClientRows::kName, cursor->value(), &row));
    if (!found || !Parse(row.view(), &client)) return Unreadable(view);
    const absl::Time registered_at = FromProto(client.registered_at());
    for (const Programme* programme : of_new) {
      if (registered_at < FromProto(programme->since()) ||
          programme::IsPlanned(programme->published().programme(), 0, client))
        continue;
      Add(Planned(*programme, sdk::BranchDayOf(registered_at).year(), client, registered_at,
                  registered_at + absl::Hours(24) * programme->published().within_days()),
          walk.tries, facts);
    }
  }
  return cursor->status();
}

Status ProgrammeKeeper::PlanYear(const engine::PartitionView& view, const std::vector<Programme>& programmes,
                                 Walk& walk, Facts* facts) const {
  if (walk.done) return OkStatus();
  const auto year = static_cast<int32_t>(sdk::BranchDayOf(Now()).year());
  std::vector<const Programme*> yearly;
  for (const Programme& programme : programmes)
    if (programme.published().selection() == events::v1::CALL_BACK_SELECTION_YEARLY_SAMPLE &&
        FromProto(programme.since()) <= Now())
      yearly.push_back(&programme);
  walk.done = yearly.empty();
  if (walk.done) return OkStatus();
  // The first key after the cursor's.
  const std::string from = walk.cursor.empty() ? std::string() : walk.cursor + '\0';
  ASSIGN_OR_RETURN(const auto cursor, view.Scan(ProgrammeView::kName, programme::ClientRows::kName, from, {}));
  Client client;
  for (int rows = 0; cursor->Valid() && rows < options_.rows_a_step && facts->size() < options_.max_batch;
       cursor->Next(), ++rows) {
    if (!Parse(cursor->value(), &client)) return Unreadable(view);
    walk.cursor = cursor->key();
    if (!programme::IsActiveAtEndOf(year - 1, client)) continue;
    for (const Programme* programme : yearly) {
      const auto& published = programme->published();
      if (programme::IsPlanned(published.programme(), year, client) ||
          !IsSampled(published.programme(), year, client.client_id(), published.share_bp()))
        continue;
      Add(Planned(*programme, year, client, std::max(BeginOfYear(year), FromProto(programme->since())),
                  BeginOfYear(year + 1) - absl::Seconds(1)),
          walk.tries, facts);
    }
  }
  RETURN_IF_ERROR(cursor->status());
  walk.done = !cursor->Valid();
  return OkStatus();
}

}  // namespace kefu::duties
