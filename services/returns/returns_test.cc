// A return filed on the log gives the same bytes for ever, and what makes it differ today is listed event by event.

#include "services/returns/returns.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>

#include <cstdlib>
#include <map>
#include <random>

#include "platform/testkit/history.h"
#include "projections/cases/cases.h"
#include "projections/filing/filing.h"
#include "projections/journal/journal.h"
#include "projections/programme/programme.h"
#include "projections/reference/reference.h"
#include "projections/relation/relation.h"
#include "projections/statistics/statistics.h"
#include "services/query/query_testing.h"

namespace kefu::returns {
namespace {

using query::QueryServer;
using testing::HasSubstr;

// The views that reports read, and the filings.
std::vector<const sdk::Projection*> Views() {
  return {&sdk::Describe<cases::CasesView>(),           &sdk::Describe<filing::FilingView>(),
          &sdk::Describe<journal::JournalView>(),      &sdk::Describe<programme::ProgrammeView>(),
          &sdk::Describe<reference::ReferenceView>(),  &sdk::Describe<relation::RelationView>(),
          &sdk::Describe<statistics::StatisticsView>()};
}

// A server, and the past of its log as other servers over the records before a position.
class Branch {
 public:
  Branch() : server_(2, {}, Views()), returns_(server_.engine(), server_.log(), Opener(), "1.0") {}

  QueryServer& server() { return server_; }
  Returns& returns() { return returns_; }
  // The control: the past is taken for the present.
  void ForgetThePast() { forgets_ = true; }

  Status File(const std::string& id, const std::string& report, audit::v1::FileReturnResponse* response) {
    audit::v1::FileReturnRequest request;
    request.mutable_access()->set_actor_id("A-1");
    request.mutable_access()->set_reason("quarter's end");
    request.set_return_id(id);
    request.set_addressee("證監局");
    request.set_request(fmt::format("{{\"name\":\"reports/{}\",\"from_day\":\"2025-06-01\",\"to_day\":\"2027-06-01\","
                                    "\"as_of\":\"2026-06-01T00:00:00Z\"}}",
                                    report));
    return returns_.File(request, response);
  }
  audit::v1::GetFiledReturnResponse Get(const std::string& id, bool restated) {
    audit::v1::GetFiledReturnRequest request;
    request.set_return_id(id);
    request.set_restated(restated);
    audit::v1::GetFiledReturnResponse response;
    const Status got = returns_.Get(request, &response);
    EXPECT_TRUE(got.ok()) << ToString(got);
    return response;
  }

 private:
  OpenViews Opener() {
    return [this](const std::optional<log::Position>& position) -> StatusOr<AskedViews> {
      if (!position || forgets_) return AskedViews{server_.channel(), {}, nullptr};
      auto past = std::make_shared<QueryServer>(2, query::QueryOptions(), Views());
      for (int32_t p = 0; p < 2; ++p)
        for (int64_t offset = 0; offset < position->next_offsets[static_cast<size_t>(p)]; ++offset)
          past->log().Put(Partition(p), *server_.log().ReadOne(Partition(p), Offset(offset)));
      past->CatchUp();
      return AskedViews{past->channel(), {}, past};
    };
  }

  bool forgets_ = false;
  QueryServer server_;
  Returns returns_;
};

uint64_t Seed() {
  const char* given = std::getenv("KEFU_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

int Histories() {
  const char* given = std::getenv("KEFU_HISTORIES");
  return given != nullptr ? std::atoi(given) : 8;
}

// Of a column that counts events the figures' difference is what was added less what was removed.
void ExpectExplained(const audit::v1::GetFiledReturnResponse& restated) {
  for (const auto& difference : restated.differences()) {
    for (const auto& event : difference.added()) EXPECT_FALSE(event.record().empty());
    if (difference.column() != "Contacts" && difference.column() != "Opened" && difference.column() != "Resolved") continue;
    const auto number = [](const std::string& text) { return text.empty() ? 0 : std::stoll(text); };
    EXPECT_EQ(number(difference.restated()) - number(difference.filed()),
              difference.added_size() - difference.removed_size())
        << difference.ShortDebugString();
  }
}

TEST(Returns, AnyTimeLaterTheSameBytesAndTheDifferenceToTodayEventByEvent) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  int differed = 0;
  for (int i = 0; i < Histories(); ++i) {
    Branch branch;
    const auto history =
        testkit::RandomHistory({.seed = seed + static_cast<uint64_t>(i), .clients = 10, .events = 160});
    const size_t cut = 40 + (seed + static_cast<uint64_t>(i) * 37) % 80;
    for (size_t e = 0; e < cut; ++e) branch.server().Publish(history[e]);
    branch.server().CatchUp();
    const std::string report = i % 2 == 0 ? "channel_mix" : "complaints";
    audit::v1::FileReturnResponse filed;
    const Status ok = branch.File("R-1", report, &filed);
    ASSERT_TRUE(ok.ok()) << ToString(ok);
    // Late events, most of them of days that the return is about.
    for (size_t e = cut; e < history.size(); ++e) branch.server().Publish(history[e]);
    branch.server().CatchUp();
    const auto again = branch.Get("R-1", false);
    EXPECT_TRUE(again.same_bytes()) << "history " << i;
    EXPECT_EQ(again.csv(), filed.csv());
    EXPECT_EQ(again.filed().filed_by(), "A-1");
    const auto restated = branch.Get("R-1", true);
    EXPECT_TRUE(restated.same_bytes());
    EXPECT_EQ(restated.csv() == filed.csv(), restated.differences().empty());
    ExpectExplained(restated);
    differed += !restated.differences().empty();
  }
  EXPECT_GT(differed, 0) << "no late event made any figure differ: these histories show nothing";
}

// The control: a server that runs the question over what is there today does not give the filed bytes.
TEST(Returns, OverTodaysRowsItWouldNotBeTheSame) {
  Branch branch;
  branch.server().Live(7, 100);
  audit::v1::FileReturnResponse filed;
  ASSERT_TRUE(branch.File("R-1", "channel_mix", &filed).ok());
  branch.server().Live(8, 100, 40);
  branch.ForgetThePast();
  EXPECT_FALSE(branch.Get("R-1", false).same_bytes());
}

TEST(Returns, AreListedNewestFirstAndAnIdIsUsedOnce) {
  Branch branch;
  branch.server().Live(9, 30);
  audit::v1::FileReturnResponse filed;
  for (int i = 1; i <= 5; ++i) ASSERT_TRUE(branch.File(fmt::format("R-{}", i), "complaints", &filed).ok());
  const Status twice = branch.File("R-3", "complaints", &filed);
  EXPECT_EQ(twice.code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(ReasonOf(twice), "RETURN_EXISTS");
  std::vector<std::string> ids;
  audit::v1::ListFiledReturnsRequest request;
  request.set_page_size(2);
  do {
    audit::v1::ListFiledReturnsResponse page;
    ASSERT_TRUE(branch.returns().List(request, &page).ok());
    EXPECT_LE(page.returns_size(), 2);
    for (const auto& each : page.returns()) ids.push_back(each.filed().return_id());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(ids, testing::ElementsAre("R-5", "R-4", "R-3", "R-2", "R-1"));
}

TEST(Returns, BadInputIsToldByField) {
  Branch branch;
  audit::v1::FileReturnResponse filed;
  audit::v1::FileReturnRequest request;
  const auto reason = [&] { return ReasonOf(branch.returns().File(request, &filed)); };
  EXPECT_EQ(reason(), "RETURN_ID_INVALID");
  request.set_return_id("R 1");
  EXPECT_EQ(reason(), "RETURN_ID_INVALID");
  request.set_return_id("R-1");
  request.set_request("{");
  EXPECT_EQ(reason(), "REQUEST_INVALID");
  request.set_request("{\"name\":\"reports/complaints\",\"nothing\":1}");
  EXPECT_EQ(reason(), "REQUEST_INVALID");
  request.set_request("{\"name\":\"reports/complaints\"}");
  EXPECT_EQ(reason(), "AS_OF_MISSING");
  request.set_request("{\"name\":\"reports/nothing\",\"as_of\":\"2026-06-01T00:00:00Z\"}");
  EXPECT_EQ(reason(), "REPORT_NOT_FOUND");
  audit::v1::GetFiledReturnRequest get;
  audit::v1::GetFiledReturnResponse got;
  get.set_return_id("R-9");
  EXPECT_EQ(ReasonOf(branch.returns().Get(get, &got)), "RETURN_NOT_FOUND");
  audit::v1::ListFiledReturnsRequest list;
  audit::v1::ListFiledReturnsResponse listed;
  list.set_page_token("x");
  EXPECT_EQ(ReasonOf(branch.returns().List(list, &listed)), "PAGE_TOKEN_INVALID");
  list.clear_page_token();
  list.set_page_size(-1);
  EXPECT_EQ(ReasonOf(branch.returns().List(list, &listed)), "PAGE_SIZE_NEGATIVE");
}

// A log that does not take it: nothing is filed.
TEST(Returns, WhatTheLogDoesNotTakeIsNotFiled) {
  Branch branch;
  branch.server().Live(9, 30);
  branch.server().log().FailAppends(ResourceExhausted("the disk is full"));
  audit::v1::FileReturnResponse filed;
  EXPECT_EQ(ReasonOf(branch.File("R-1", "complaints", &filed)), "RETURN_NOT_RECORDED");
  branch.server().log().FailAppends(OkStatus());
  audit::v1::ListFiledReturnsResponse listed;
  ASSERT_TRUE(branch.returns().List({}, &listed).ok());
  EXPECT_TRUE(listed.returns().empty());
  EXPECT_TRUE(branch.File("R-1", "complaints", &filed).ok());
}

}  // namespace
}  // namespace kefu::returns
