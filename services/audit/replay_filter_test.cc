#include "services/audit/replay_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/testkit/events.h"

namespace kefu::audit {
namespace {

using events::v1::Event;
using testkit::Beginning;
using testkit::Draft;

std::string Bytes(const Draft& draft) { return testkit::Recorded(testkit::Finish(draft, 1), Beginning() + absl::Hours(1)); }

StatusOr<ReplayFilter> Make(const v1::ReplayRequest& request) {
  return ReplayFilter::Make(request, [](const events::v1::Event& event) {
    return event.has_event_annulled() ? "K-1" : std::string();
  });
}

bool Shows(const v1::ReplayRequest& request, const Draft& draft) {
  const auto filter = Make(request);
  EXPECT_TRUE(filter.ok()) << ToString(filter.status());
  return *filter->Matches(Bytes(draft));
}

const Draft kAssigned = testkit::Assigned("K-1", "S-9").Client("C-1").By("S-7").At(Beginning());

TEST(ReplayFilter, WithoutConditionsShowsWhatIsNoEventToo) {
  auto filter = Make({});
  EXPECT_TRUE(filter->TakesAll());
  EXPECT_TRUE(*filter->Matches("\xff\xff"));
  v1::ReplayRequest request;
  request.set_staff_id("\x7f");
  filter = Make(request);
  EXPECT_FALSE(filter->TakesAll());
  EXPECT_FALSE(*filter->Matches("\xff\x7f\xff"));
}

TEST(ReplayFilter, HoldsEachConditionToTheFieldItIsAbout) {
  struct Case {
    const char* what;
    bool shown;
    std::function<void(v1::ReplayRequest&)> ask;
  };
  const auto at = [](absl::Duration after) { return ToProto(Beginning() + after); };
  const Case cases[] = {
      {"its client", true, [](auto& r) { r.set_client_id("C-1"); }},
      {"another client", false, [](auto& r) { r.set_client_id("C-2"); }},
      {"a client that begins so", false, [](auto& r) { r.set_client_id("C"); }},
      {"its case", true, [](auto& r) { r.set_case_id("K-1"); }},
      {"a case that begins so", false, [](auto& r) { r.set_case_id("K"); }},
      {"a text that it has elsewhere", false, [](auto& r) { r.set_case_id("C-1"); }},
      {"who did it", true, [](auto& r) { r.set_staff_id("S-7"); }},
      {"whom it names", false, [](auto& r) { r.set_staff_id("S-9"); }},
      {"its kind", true, [](auto& r) { r.add_kinds("case_assigned"); }},
      {"one of two kinds", true, [](auto& r) { r.add_kinds("case_closed"), r.add_kinds("case_assigned"); }},
      {"another kind", false, [](auto& r) { r.add_kinds("case_closed"); }},
      {"recorded from that very moment", true, [&](auto& r) { *r.mutable_recorded_from() = at(absl::Hours(1)); }},
      {"recorded later", false, [&](auto& r) { *r.mutable_recorded_from() = at(absl::Hours(2)); }},
      {"recorded until that very moment", false, [&](auto& r) { *r.mutable_recorded_until() = at(absl::Hours(1)); }},
      {"recorded until later", true, [&](auto& r) { *r.mutable_recorded_until() = at(absl::Hours(2)); }},
      {"occurred from that very moment", true, [&](auto& r) { *r.mutable_occurred_from() = at({}); }},
      {"occurred later", false, [&](auto& r) { *r.mutable_occurred_from() = at(absl::Seconds(1)); }},
      {"occurred until that very moment", false, [&](auto& r) { *r.mutable_occurred_until() = at({}); }},
      {"occurred until later", true, [&](auto& r) { *r.mutable_occurred_until() = at(absl::Seconds(1)); }},
      {"an empty span", false,
       [&](auto& r) { *r.mutable_occurred_from() = at({}), *r.mutable_occurred_until() = at({}); }},
      {"two that hold", true, [](auto& r) { r.set_client_id("C-1"), r.set_staff_id("S-7"); }},
      {"one that does not", false, [](auto& r) { r.set_client_id("C-1"), r.set_staff_id("S-8"); }},
  };
  for (const Case& each : cases) {
    v1::ReplayRequest request;
    each.ask(request);
    EXPECT_EQ(Shows(request, kAssigned), each.shown) << each.what;
  }
}

TEST(ReplayFilter, ACaseIsAllThatNamesItAndWhatTakesThatBack) {
  v1::ReplayRequest request;
  request.set_case_id("K-1");
  const auto with = [](auto change) { return Draft().With(change); };
  EXPECT_TRUE(Shows(request, with([](Event& e) { e.mutable_contact_recorded()->set_case_id("K-1"); })));
  EXPECT_TRUE(Shows(request, with([](Event& e) { e.mutable_promise_made()->set_case_id("K-1"); })));
  EXPECT_TRUE(Shows(request, with([](Event& e) { e.mutable_legal_hold_placed()->set_case_id("K-1"); })));
  EXPECT_FALSE(Shows(request, with([](Event& e) { e.mutable_contact_recorded()->set_summary("about K-1"); })));
  const auto correcting = [&](std::string_view case_id) {
    return with([&](Event& e) {
      e.mutable_event_corrected()->set_corrected_event_id("e-7");
      e.mutable_event_corrected()->set_event(
          testkit::Finish(testkit::NoteAdded(case_id, "so it was"), 7).SerializeAsString());
    });
  };
  EXPECT_TRUE(Shows(request, correcting("K-1")));
  EXPECT_FALSE(Shows(request, correcting("K-2")));
  // They name an event, which has to be found.
  const Draft annulled = with([](Event& e) { e.mutable_event_annulled()->set_annulled_event_id("e-7"); });
  EXPECT_TRUE(Shows(request, annulled));
  request.set_case_id("K-2");
  EXPECT_FALSE(Shows(request, annulled));
  auto failing = ReplayFilter::Make(request, [](const Event&) -> StatusOr<std::string> { return Unavailable("later"); });
  EXPECT_EQ(failing->Matches(Bytes(annulled)).status(), Unavailable("later"));
}

TEST(ReplayFilter, AClientThatSharesAStaffNumberIsNoStaff) {
  v1::ReplayRequest request;
  request.set_staff_id("S-7");
  const Draft by_client = testkit::Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND)
                              .With([](events::v1::Event& event) {
                                event.mutable_actor()->set_kind(events::v1::ACTOR_KIND_CLIENT);
                                event.mutable_actor()->set_id("S-7");
                              });
  EXPECT_FALSE(Shows(request, by_client));
}

TEST(ReplayFilter, AConditionThatIsNoneIsNamed) {
  struct Case {
    const char* reason;
    const char* field;
    const char* says;
    std::function<void(v1::ReplayRequest&)> ask;
  };
  const Case cases[] = {
      {"KIND_UNKNOWN", "kinds", "did you mean \"case_closed\"", [](auto& r) { r.add_kinds("case_close"); }},
      {"KIND_UNKNOWN", "kinds", "no kind of event \"\"", [](auto& r) { r.add_kinds(""); }},
      {"TIME_INVALID", "recorded_from", "no time", [](auto& r) { r.mutable_recorded_from()->set_nanos(-1); }},
      {"TIME_INVALID", "recorded_until", "no time", [](auto& r) { r.mutable_recorded_until()->set_nanos(1'000'000'000); }},
      {"TIME_INVALID", "occurred_from", "no time", [](auto& r) { r.mutable_occurred_from()->set_seconds(INT64_MIN); }},
      {"TIME_INVALID", "occurred_until", "no time", [](auto& r) { r.mutable_occurred_until()->set_seconds(INT64_MAX); }},
      {"TIME_RANGE_INVALID", "recorded_from", "after",
       [](auto& r) { r.mutable_recorded_from()->set_seconds(2), r.mutable_recorded_until()->set_seconds(1); }},
      {"TIME_RANGE_INVALID", "occurred_from", "after",
       [](auto& r) { r.mutable_occurred_from()->set_seconds(2), r.mutable_occurred_until()->set_seconds(1); }},
  };
  for (const Case& each : cases) {
    v1::ReplayRequest request;
    each.ask(request);
    const Status refused = Make(request).status();
    EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(refused), each.reason);
    EXPECT_EQ(FieldOf(refused), each.field);
    EXPECT_THAT(std::string(MessageOf(refused)), testing::HasSubstr(each.says));
  }
}

}  // namespace
}  // namespace kefu::audit
