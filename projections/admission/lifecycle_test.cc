#include "projections/admission/lifecycle.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "platform/testkit/golden.h"

namespace kefu::admission {
namespace {

using events::v1::CaseStatus;
using events::v1::ClientStatus;
using events::v1::Event;

template <class Status>
std::string Cell(const Move<Status>& move, const std::string& next) {
  return move.refusal == Rule::kNone ? next : fmt::format("refused: {}", NameOf(move.refusal));
}

std::string NameOfCase(CaseStatus status) {
  return status == events::v1::CASE_STATUS_UNSPECIFIED ? "(no case)" : events::v1::CaseStatus_Name(status).substr(12);
}

std::string NameOfClient(ClientStatus status) {
  return status == events::v1::CLIENT_STATUS_UNSPECIFIED ? "(unknown)"
                                                         : events::v1::ClientStatus_Name(status).substr(14);
}

std::vector<const google::protobuf::FieldDescriptor*> Bodies(int from, int to) {
  std::vector<const google::protobuf::FieldDescriptor*> bodies;
  const auto* oneof = Event::descriptor()->FindOneofByName("body");
  for (int i = 0; i < oneof->field_count(); ++i)
    if (oneof->field(i)->number() >= from && oneof->field(i)->number() < to) bodies.push_back(oneof->field(i));
  return bodies;
}

// Of what has no enum of the events' own: states as `statuses` has them, and bodies with tags in [from, until) that
// `move` knows.
template <class MoveOf>
std::string Moves(const std::string& title, const google::protobuf::EnumDescriptor& statuses,
                  std::pair<int, int> tags, MoveOf move) {
  const size_t prefix = std::string_view(statuses.value(0)->name()).find("UNSPECIFIED");
  const auto name = [&](int state) {
    return state == 0 ? "(none)" : std::string(statuses.FindValueByNumber(state)->name()).substr(prefix);
  };
  std::string lines = title + "\n";
  for (const auto* body : Bodies(tags.first, tags.second)) {
    for (int state = 0; state < statuses.value_count(); ++state) {
      const auto moved = move(static_cast<Event::BodyCase>(body->number()), state);
      if (moved.refusal == Rule::kBodyUnknown) continue;
      lines += fmt::format("{:<13} {:<29} {}\n", name(state), body->name(), Cell(moved, name(moved.next)));
    }
  }
  return lines;
}

// One line a state and event: a rule that changes shows as one changed line.
TEST(LifeCycle, TheWholeTable) {
  std::string table = "state         event                         becomes\n";
  for (const auto* body : Bodies(300, 400)) {
    for (int state = 0; state < events::v1::CaseStatus_ARRAYSIZE; ++state) {
      const auto now = static_cast<CaseStatus>(state);
      const auto move = MoveCase(static_cast<Event::BodyCase>(body->number()), now);
      table += fmt::format("{:<13} {:<29} {}\n", NameOfCase(now), body->name(), Cell(move, NameOfCase(move.next)));
    }
  }
  for (const auto* body : Bodies(100, 110)) {
    const bool asks = body->number() == Event::kClientStatusChanged;
    for (int wanted = 0; wanted < (asks ? events::v1::ClientStatus_ARRAYSIZE : 1); ++wanted) {
      for (int state = 0; state < events::v1::ClientStatus_ARRAYSIZE; ++state) {
        const auto now = static_cast<ClientStatus>(state);
        const auto to = static_cast<ClientStatus>(wanted);
        const auto move = MoveClient(static_cast<Event::BodyCase>(body->number()), now, to);
        const std::string event = asks ? fmt::format("{} {}", body->name(), NameOfClient(to)) : body->name();
        table += fmt::format("{:<13} {:<29} {}\n", NameOfClient(now), event, Cell(move, NameOfClient(move.next)));
      }
    }
  }
  table += Moves("handovers", *HandoverStatus_descriptor(), {720, 800}, [](auto body, int now) {
    return MoveHandover(body, static_cast<HandoverStatus>(now));
  });
  table += Moves("leads", *LeadStatus_descriptor(), {500, 861}, [](auto body, int now) {
    return MoveLead(body, static_cast<LeadStatus>(now));
  });
  for (const auto result : {events::v1::RECOMMENDATION_RESULT_TAKEN, events::v1::RECOMMENDATION_RESULT_REVIEWED}) {
    const std::string title = "recommendations, " + events::v1::RecommendationResult_Name(result).substr(22);
    table += Moves(title, *RecommendationStatus_descriptor(), {600, 610}, [&](auto body, int now) {
      return MoveRecommendation(body, static_cast<RecommendationStatus>(now), result);
    });
  }
  table += Moves("subscriptions", *SubscriptionStatus_descriptor(), {610, 620}, [](auto body, int now) {
    return MoveSubscription(body, static_cast<SubscriptionStatus>(now));
  });
  testkit::ExpectGolden("projections/admission/golden/lifecycle.txt", table);
}

// Numbers of a newer build reach the tables as they are; they must find no cell.
TEST(LifeCycle, UnknownNumbersAreRefused) {
  EXPECT_EQ(MoveCase(static_cast<Event::BodyCase>(399), events::v1::CASE_STATUS_OPEN).refusal, Rule::kBodyUnknown);
  EXPECT_EQ(MoveCase(Event::kContactRecorded, events::v1::CASE_STATUS_OPEN).refusal, Rule::kBodyUnknown);
  EXPECT_EQ(MoveCase(Event::kCaseStarted, static_cast<CaseStatus>(99)).refusal, Rule::kBodyUnknown);
  EXPECT_EQ(
      MoveClient(Event::kClientStatusChanged, events::v1::CLIENT_STATUS_ACTIVE, static_cast<ClientStatus>(77)).refusal,
      Rule::kClientStatusUnknown);
  EXPECT_EQ(MoveLead(Event::kLeadWon, static_cast<LeadStatus>(99)).refusal, Rule::kBodyUnknown);
  EXPECT_EQ(MoveLead(Event::kCaseStarted, LEAD_STATUS_RAISED).refusal, Rule::kBodyUnknown);
  EXPECT_EQ(MoveHandover(Event::kHandoverOpened, static_cast<HandoverStatus>(-1)).refusal, Rule::kBodyUnknown);
}

TEST(LifeCycle, EverySettledCaseCanBeReopenedAndNoOpenOneCan) {
  for (int state = 1; state < events::v1::CaseStatus_ARRAYSIZE; ++state) {
    const auto now = static_cast<CaseStatus>(state);
    const bool open = now <= events::v1::CASE_STATUS_PROPOSED;
    EXPECT_EQ(MoveCase(Event::kCaseReopened, now).refusal == Rule::kNone, !open) << NameOfCase(now);
    EXPECT_EQ(MoveCase(Event::kCaseResolved, now).refusal == Rule::kNone, open) << NameOfCase(now);
  }
}

TEST(Rule, EachHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int number = 1; number < 256; ++number) {
    const std::string_view name = NameOf(static_cast<Rule>(number));
    if (name == "unknown_rule") continue;
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_LE(name.size(), 40u);
  }
  EXPECT_GT(names.size(), 20u);
}

}  // namespace
}  // namespace kefu::admission
