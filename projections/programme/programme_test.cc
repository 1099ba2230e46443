#include "projections/programme/programme.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/base/time.h"
#include "platform/testkit/projection_driver.h"

namespace kefu::programme {
namespace {

using namespace testkit;
using events::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;

// Noon in the branches' zone.
absl::Time Noon(int year, int month, int day) {
  return absl::FromCivil(absl::CivilSecond(year, month, day, 4), absl::UTCTimeZone());
}

Draft Published(std::string_view programme, events::v1::CallBackSelection selection, int version = 1) {
  return Draft().Client("").With([&](Event& event) {
    event.mutable_broadcast()->set_partitions(1);
    auto& body = *event.mutable_call_back_programme_published();
    body.set_programme(std::string(programme));
    body.set_version(version);
    body.set_selection(selection);
    body.set_within_days(30);
    body.set_share_bp(1000);
  });
}
Draft NewAccounts() { return Published("new_account", events::v1::CALL_BACK_SELECTION_NEW_ACCOUNT); }
Draft YearlySample() { return Published("yearly_sample", events::v1::CALL_BACK_SELECTION_YEARLY_SAMPLE); }

Draft Planned(std::string_view id, std::string_view programme, absl::Time at, absl::Time due) {
  return testkit::CallBackPlanned(id, due).At(at).With([&](Event& event) {
    auto& code = *event.mutable_call_back_planned()->mutable_programme();
    code.set_scheme("kefu.callback");
    code.set_value(std::string(programme));
  });
}
Draft Done(std::string_view id, absl::Time at, bool independent) {
  return testkit::CallBackDone(id).At(at).With(
      [&](Event& event) { event.mutable_call_back_done()->set_caller_is_independent(independent); });
}

class ProgrammeTest : public testing::Test {
 protected:
  Draft Joined(std::string_view client, absl::Time at) {
    return Registered("Wang").Client(client).Branch("0001").At(at);
  }
  Draft Status(std::string_view client, events::v1::ClientStatus status, absl::Time at) {
    return StatusChanged(status).Client(client).At(at);
  }
  std::vector<std::string> YearLines() {
    std::vector<std::string> lines;
    for (const auto& [key, message] : test_.run().view().Rows("years")) {
      const auto& row = static_cast<const Clients&>(*message);
      lines.push_back(fmt::format("{}: {:+} {}", fmt::join(Years::Key::Describe(key), " "), row.active_change(),
                                  row.registered()));
    }
    return lines;
  }
  std::vector<std::string> TallyLines() {
    std::vector<std::string> lines;
    for (const auto& [key, message] : test_.run().view().Rows("tallies")) {
      const auto& row = static_cast<const Tally&>(*message);
      lines.push_back(fmt::format("{}: planned {} done {} late {} dependent {} cancelled {}",
                                  fmt::join(Tallies::Key::Describe(key), " "), row.planned(), row.done(),
                                  row.done_late(), row.not_independent(), row.cancelled()));
    }
    return lines;
  }
  bool ActiveAtEndOf(int32_t year, std::string_view client) {
    return IsActiveAtEndOf(year, *test_.Row<ClientRows>(std::string(client)));
  }

  ProjectionDriver<ProgrammeView> test_;
};

TEST_F(ProgrammeTest, WhoIsActiveAtAYearsEndIsKnownForEachYear) {
  test_.Given(Joined("C-1", Noon(2023, 5, 1)), Joined("C-2", Noon(2024, 12, 31)),
              Status("C-1", events::v1::CLIENT_STATUS_DORMANT, Noon(2025, 2, 1)),
              Status("C-1", events::v1::CLIENT_STATUS_SUSPENDED, Noon(2025, 3, 1)),
              Status("C-1", events::v1::CLIENT_STATUS_ACTIVE, Noon(2026, 2, 1)),
              // There and back within a year.
              Status("C-2", events::v1::CLIENT_STATUS_DORMANT, Noon(2025, 1, 5)),
              Status("C-2", events::v1::CLIENT_STATUS_ACTIVE, Noon(2025, 6, 5)));
  EXPECT_THAT(YearLines(), ElementsAre("2023 0001: +1 1", "2024 0001: +1 1", "2025 0001: -1 0", "2026 0001: +1 0"));
  EXPECT_FALSE(ActiveAtEndOf(2022, "C-1"));
  EXPECT_TRUE(ActiveAtEndOf(2023, "C-1"));
  EXPECT_TRUE(ActiveAtEndOf(2024, "C-1"));
  EXPECT_FALSE(ActiveAtEndOf(2025, "C-1"));
  EXPECT_TRUE(ActiveAtEndOf(2026, "C-1"));
  for (const int year : {2024, 2025, 2026}) EXPECT_TRUE(ActiveAtEndOf(year, "C-2")) << year;
}

// The year is the branches' own: the last evening in UTC is the new year there.
TEST_F(ProgrammeTest, AYearEndsAtTheBranchesMidnight) {
  const absl::Time midnight = absl::FromCivil(absl::CivilSecond(2025, 12, 31, 16), absl::UTCTimeZone());
  test_.Given(Joined("C-1", midnight - absl::Seconds(1)), Joined("C-2", midnight));
  EXPECT_TRUE(ActiveAtEndOf(2025, "C-1"));
  EXPECT_FALSE(ActiveAtEndOf(2025, "C-2"));
}

TEST_F(ProgrammeTest, NewsThatComeLateCountFromTheNewestChangeOn) {
  test_.Given(Joined("C-1", Noon(2024, 5, 1)), Status("C-1", events::v1::CLIENT_STATUS_DORMANT, Noon(2026, 1, 5)),
              Status("C-1", events::v1::CLIENT_STATUS_ACTIVE, Noon(2025, 1, 5)));
  EXPECT_THAT(YearLines(), ElementsAre("2024 0001: +1 1", "2026 0001: +0 0"));
  EXPECT_TRUE(ActiveAtEndOf(2026, "C-1"));
}

TEST_F(ProgrammeTest, ANewAccountWaitsUntilItsCallBackIsPlanned) {
  test_.Given(NewAccounts(), Joined("C-1", Noon(2026, 3, 2)), Joined("C-2", Noon(2026, 3, 3)),
              Joined("C-3", Noon(2026, 3, 4)).With([](Event& event) { event.set_imported(true); }),
              Joined("C-4", Noon(2026, 3, 5)), Status("C-4", events::v1::CLIENT_STATUS_CLOSED, Noon(2026, 3, 6)));
  EXPECT_EQ(test_.Entries<NewClients>().size(), 2u) << "neither imported nor closed ones";
  test_.Given(Planned("B-1", "new_account", Noon(2026, 3, 2), Noon(2026, 4, 1)).Client("C-1"));
  EXPECT_EQ(test_.Entries<NewClients>().size(), 1u);
  EXPECT_TRUE(IsPlanned("new_account", 0, *test_.Row<ClientRows>(std::string("C-1"))));
}

TEST_F(ProgrammeTest, CallBacksAreTalliedByProgrammeYearAndBranch) {
  test_.Given(NewAccounts(), YearlySample(), Joined("C-1", Noon(2025, 3, 2)), Joined("C-2", Noon(2025, 3, 2)),
              Planned("B-1", "new_account", Noon(2025, 3, 2), Noon(2025, 4, 1)).Client("C-1"),
              Planned("B-2", "new_account", Noon(2025, 3, 2), Noon(2025, 4, 1)).Client("C-2"),
              Planned("B-3", "yearly_sample", Noon(2026, 1, 1), Noon(2026, 12, 31)).Client("C-1"),
              Planned("B-4", "complaint", Noon(2026, 1, 1), Noon(2026, 12, 31)).Client("C-1"),
              Planned("B-5", "yearly_sample", Noon(2026, 1, 1), Noon(2026, 12, 31)).Client("C-2"),
              Done("B-1", Noon(2025, 4, 1), true).Client("C-1"), Done("B-2", Noon(2025, 4, 2), false).Client("C-2"),
              Done("B-4", Noon(2026, 2, 2), false).Client("C-1"),
              testkit::CallBackCancelled("B-5").At(Noon(2026, 2, 3)).Client("C-2"));
  EXPECT_THAT(TallyLines(), ElementsAre("new_account 2025 0001: planned 2 done 2 late 1 dependent 1 cancelled 0",
                                        "yearly_sample 2026 0001: planned 2 done 0 late 0 dependent 0 cancelled 1"));
  EXPECT_EQ(test_.run().view().Rows("open_calls").size(), 1u) << "B-3 is to be made";
  EXPECT_THAT(test_.run().parked(), IsEmpty());
}

}  // namespace
}  // namespace kefu::programme
