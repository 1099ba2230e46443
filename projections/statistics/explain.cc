#include "projections/statistics/explain.h"

#include <fmt/format.h>
#include <google/protobuf/generated_enum_reflection.h>

#include <algorithm>
#include <vector>

#include "projections/sdk/branch_time.h"
#include "projections/statistics/durations.h"

namespace kefu::statistics {
namespace {

using events::v1::Event;

const absl::CivilDay kEpoch(1970, 1, 1);

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}
int64_t Millis(const google::protobuf::Timestamp& time) { return absl::ToUnixMillis(TimeOf(time)); }

// "phone" for CHANNEL_PHONE, empty for what was not said.
template <class Enum>
std::string_view Word(Enum value) {
  static const auto* words = [] {
    const auto* type = google::protobuf::GetEnumDescriptor<Enum>();
    auto* made = new std::vector<std::string>;
    const size_t prefix = type->value(0)->name().size() - std::string_view("UNSPECIFIED").size();
    for (int i = 1; i < type->value_count(); ++i) {
      const auto number = static_cast<size_t>(type->value(i)->number());
      if (made->size() <= number) made->resize(number + 1, std::string(kOther));
      std::string word = type->value(i)->name().substr(prefix);
      for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      (*made)[number] = std::move(word);
    }
    made->front().clear();
    return made;
  }();
  const auto number = static_cast<size_t>(value);
  return number < words->size() ? std::string_view((*words)[number]) : kOther;
}

std::string_view ScoreWord(int32_t score) {
  constexpr std::array<std::string_view, 11> kWords = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"};
  return score >= 0 && score <= 10 ? kWords[static_cast<size_t>(score)] : kOther;
}

void AddAmount(Contribution& to, std::string_view name, std::string_view currency, int64_t value) {
  if (value != 0) to.sums.push_back({name, currency, value});
}

// A clock that went backwards measured nothing.
void Time(Contribution& to, int64_t milliseconds) {
  if (milliseconds >= 0) to.milliseconds = milliseconds;
}

Contribution Begin(Family family, const Event& event, std::string_view tier) {
  Contribution made{family};
  made.day = DayOf(TimeOf(event.occurred_at()));
  made[Fact::kBranch] = event.branch_id();
  made[Fact::kTier] = tier;
  return made;
}

// Counted under what the case is. Of a case that is not known, what the event says.
Contribution BeginOfCase(Family family, const Event& event, const Known& known) {
  Contribution made = Begin(family, event, known.tier);
  if (known.of_case == nullptr) return made;
  const CaseFacts& facts = *known.of_case;
  if (!facts.branch_id().empty()) made[Fact::kBranch] = facts.branch_id();
  made[Fact::kKind] = facts.case_kind();
  made[Fact::kChannel] = facts.channel();
  made[Fact::kCategory] = facts.category();
  made[Fact::kProduct] = facts.product_id();
  made[Fact::kTier] = facts.tier();
  return made;
}

Contribution OfContact(const Event& event, const Known& known) {
  const auto& body = event.contact_recorded();
  Contribution made = Begin(Family::kContact, event, known.tier);
  made[Fact::kChannel] = Word(body.channel());
  made[Fact::kDirection] = Word(body.direction());
  made[Fact::kCategory] = body.topic().value();
  made[Fact::kOutcome] = body.outcome().value();
  if (!body.has_duration()) return made;
  // Clipped before the arithmetic, which a faulty sender could overflow.
  const int64_t seconds = std::clamp<int64_t>(body.duration().seconds(), -1, kLongestMilliseconds / 1000);
  Time(made, seconds * 1000 + body.duration().nanos() / 1'000'000);
  return made;
}

Contribution OfOffer(const Event& event, const Known& known) {
  Contribution made = Begin(Family::kOffer, event, known.tier);
  made[Fact::kStage] = Word(event.offer_progressed().stage());
  made[Fact::kProduct] = event.offer_progressed().product_id();
  return made;
}

Contribution OfOpening(const Event& event, const Known& known) {
  Contribution made = BeginOfCase(Family::kCase, event, known);
  made[Fact::kStep] = "opened";
  return made;
}

Contribution OfStep(const Event& event, const Known& known, std::string_view step) {
  Contribution made = BeginOfCase(Family::kCase, event, known);
  made[Fact::kStep] = step;
  if (known.of_case != nullptr) Time(made, Millis(event.occurred_at()) - known.of_case->opened_at());
  return made;
}

Contribution OfResolution(const Event& event, const Known& known) {
  const auto& body = event.case_resolved();
  Contribution made = OfStep(event, known, "resolved");
  made[Fact::kOutcome] = Word(body.outcome());
  made[Fact::kCause] = body.root_cause().value();
  AddAmount(made, "redress", body.redress().currency(), body.redress().minor_units());
  return made;
}

// `settled_at`: of what ends the clock; null for all else.
template <class Body>
Contribution OfClock(const Event& event, const Body& body, const Known& known, std::string_view what,
                     const google::protobuf::Timestamp* settled_at = nullptr) {
  Contribution made = BeginOfCase(Family::kClock, event, known);
  made[Fact::kStep] = what;
  made[Fact::kClock] = body.clock_id();
  if (known.of_case == nullptr || settled_at == nullptr) return made;
  for (const ClockStart& start : known.of_case->clocks())
    if (start.clock_id() == body.clock_id() && start.run() == body.run())
      Time(made, Millis(*settled_at) - start.started_at());
  return made;
}

Contribution OfClockMet(const Event& event, const Known& known) {
  const auto& body = event.clock_met();
  // Told besides the plain fact, which is counted with its duration.
  if (body.retracts_breach()) return OfClock(event, body, known, "retracted");
  return OfClock(event, body, known, body.late() ? "met_late" : "met", &body.met_at());
}

Contribution OfUndertaking(const Event& event, const Known& known, std::string_view kind, std::string_view made_as) {
  Contribution made = Begin(Family::kUndertaking, event, known.tier);
  made[Fact::kKind] = kind;
  made[Fact::kStep] = made_as;
  return made;
}

Contribution OfSettling(const Event& event, const Known& known, std::string_view how, std::string_view how_late) {
  Contribution made = Begin(Family::kUndertaking, event, known.tier);
  made[Fact::kStep] = how;
  if (known.undertaking == nullptr) return made;
  const UndertakingFacts& facts = *known.undertaking;
  const int64_t at = Millis(event.occurred_at());
  if (facts.has_due_at() && at > facts.due_at()) made[Fact::kStep] = how_late;
  if (!facts.branch_id().empty()) made[Fact::kBranch] = facts.branch_id();
  made[Fact::kKind] = facts.kind();
  made[Fact::kTier] = facts.tier();
  Time(made, at - facts.made_at());
  return made;
}

Contribution OfRating(const Event& event, const Known& known) {
  const auto& body = event.satisfaction_rated();
  Contribution made = BeginOfCase(Family::kRating, event, known);
  if (known.of_case != nullptr) made[Fact::kBroker] = known.of_case->staff_id();
  // What the client was asked about comes first.
  if (!body.staff_id().empty()) made[Fact::kBroker] = body.staff_id();
  if (!body.product_id().empty()) made[Fact::kProduct] = body.product_id();
  made[Fact::kScale] = Word(body.scale());
  made[Fact::kScore] = ScoreWord(body.score());
  AddAmount(made, "score", {}, body.score());
  return made;
}

Contribution OfTrading(const Event& event, const Known& known) {
  const auto& body = event.trading_day_summarised();
  Contribution made = Begin(Family::kTrading, event, known.tier);
  made.day = DayToldOf(event);
  int64_t trades = body.trades();
  const auto& turnover = body.turnover();
  if (known.told == nullptr) {
    AddAmount(made, "trades", {}, trades);
    AddAmount(made, "turnover", turnover.currency(), turnover.minor_units());
    return made;
  }
  // The later one replaces the earlier: it adds the difference, where the first one was counted.
  const DayTold& told = *known.told;
  made[Fact::kBranch] = told.branch_id();
  made[Fact::kTier] = told.tier();
  AddAmount(made, "trades", {}, trades - told.trades());
  int64_t difference = 0;
  if (turnover.currency() == told.currency() &&
      !__builtin_sub_overflow(turnover.minor_units(), told.turnover(), &difference)) {
    AddAmount(made, "turnover", told.currency(), difference);
    return made;
  }
  // The least number has no negative.
  AddAmount(made, "turnover", told.currency(), -std::max(told.turnover(), -INT64_MAX));
  AddAmount(made, "turnover", turnover.currency(), turnover.minor_units());
  return made;
}

}  // namespace

std::string_view ChannelWord(events::v1::Channel channel) { return Word(channel); }

int32_t DayOf(absl::Time time) {
  const absl::Duration since = time - absl::UnixEpoch() + absl::Seconds(sdk::kBranchOffsetSeconds);
  return static_cast<int32_t>(absl::ToInt64Hours(absl::Floor(since, absl::Hours(24))) / 24);
}

int32_t DayToldOf(const Event& event) {
  const auto& day = event.trading_day_summarised().day();
  const absl::CivilDay civil(day.year(), day.month(), day.day());
  const bool is_one = day.year() >= 1 && day.year() <= 9999 && civil.month() == day.month() && civil.day() == day.day();
  return is_one ? static_cast<int32_t>(civil - kEpoch) : DayOf(TimeOf(event.occurred_at()));
}

std::optional<Contribution> Explain(const Event& event, const Known& known) {
  switch (event.body_case()) {
    case Event::kContactRecorded:
      return OfContact(event, known);
    case Event::kOfferProgressed:
      return OfOffer(event, known);
    case Event::kComplaintReceived:
    case Event::kServiceRequestOpened:
      return OfOpening(event, known);
    case Event::kCaseAcknowledged:
      return OfStep(event, known, "acknowledged");
    case Event::kCaseEscalated:
      return OfStep(event, known, "escalated");
    case Event::kCaseResolved:
      return OfResolution(event, known);
    case Event::kCaseClosed:
      return OfStep(event, known, "closed");
    case Event::kCaseReopened:
      return OfStep(event, known, "reopened");
    case Event::kCaseWithdrawn:
      return OfStep(event, known, "withdrawn");
    case Event::kClockStarted:
      return OfClock(event, event.clock_started(), known, "started");
    case Event::kClockMet:
      return OfClockMet(event, known);
    case Event::kClockBreached:
      return OfClock(event, event.clock_breached(), known, "breached");
    case Event::kClockDropped:
      return OfClock(event, event.clock_dropped(), known, "dropped", &event.clock_dropped().dropped_at());
    case Event::kPromiseMade:
      return OfUndertaking(event, known, "promise", "made");
    case Event::kPromiseKept:
      return OfSettling(event, known, "kept", "kept_late");
    case Event::kPromiseReleased:
      return OfSettling(event, known, "released", "released");
    case Event::kCallBackPlanned:
      return OfUndertaking(event, known, "call_back", "planned");
    case Event::kCallBackDone:
      return OfSettling(event, known, "done", "done_late");
    case Event::kCallBackCancelled:
      return OfSettling(event, known, "cancelled", "cancelled");
    case Event::kSatisfactionRated:
      return OfRating(event, known);
    case Event::kTradingDaySummarised:
      return OfTrading(event, known);
    default:
      return std::nullopt;
  }
}

namespace {

using google::protobuf::FieldDescriptor;

// Sets every field once, at any depth, so that whatever an event can contribute it does.
void FillIn(google::protobuf::Message* message) {
  const auto* reflection = message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message->GetDescriptor()->field(i);
    if (field->is_repeated()) continue;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        FillIn(reflection->MutableMessage(message, field));
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        reflection->SetString(message, field, "x");
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        reflection->SetInt32(message, field, 1);
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        reflection->SetInt64(message, field, 1);
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        reflection->SetEnumValue(message, field, 1);
        break;
      default:
        break;
    }
  }
}

std::string_view DeclaredSum(const Cube& cube, std::string_view name) {
  for (const SumOf& sum : cube.sums)
    if (sum.name == name) return sum.name;
  return {};
}

}  // namespace

std::string UnexplainedMeasure() {
  CaseFacts of_case;
  ClockStart& start = *of_case.add_clocks();
  start.set_clock_id("x");
  start.set_run(1);
  const UndertakingFacts undertaking;
  struct Seen {
    bool counted = false, timed = false;
    std::vector<std::string_view> sums;
  };
  std::array<Seen, std::size(kCubes)> seen;
  const auto* bodies = Event::descriptor()->FindOneofByName("body");
  for (int i = 0; i < bodies->field_count(); ++i) {
    Event event;
    event.mutable_occurred_at()->set_seconds(1);
    FillIn(event.GetReflection()->MutableMessage(&event, bodies->field(i)));
    // Met in time and late, breaches taken back: all are tried below with the flags unset, which has the most to say.
    const auto explained = Explain(event, {&of_case, &undertaking, nullptr, "x"});
    if (!explained.has_value()) continue;
    const Cube& cube = CubeOf(explained->family);
    if (cube.family != explained->family) return fmt::format("{}: belongs to no cube", bodies->field(i)->name());
    Seen& at = seen[static_cast<size_t>(&cube - kCubes)];
    at.counted = true;
    at.timed |= explained->milliseconds.has_value();
    if (explained->milliseconds.has_value() && !cube.timed)
      return fmt::format("{}: {} has a duration that is not declared", cube.name, bodies->field(i)->name());
    for (const auto& sum : explained->sums) {
      if (DeclaredSum(cube, sum.name).empty())
        return fmt::format("{}: {} has a sum \"{}\" that is not declared", cube.name, bodies->field(i)->name(),
                           sum.name);
      at.sums.push_back(sum.name);
    }
  }
  for (const Cube& cube : kCubes) {
    const Seen& at = seen[static_cast<size_t>(&cube - kCubes)];
    if (!at.counted) return fmt::format("{}: no event is counted", cube.name);
    if (cube.timed && !at.timed) return fmt::format("{}: no event has a duration", cube.name);
    for (const SumOf& sum : cube.sums)
      if (!sum.name.empty() && std::find(at.sums.begin(), at.sums.end(), sum.name) == at.sums.end())
        return fmt::format("{}: no event adds to \"{}\"", cube.name, sum.name);
  }
  return {};
}

}  // namespace kefu::statistics
