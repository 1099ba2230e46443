#include "services/cli/audit/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "projections/catalogue.h"
#include "services/audit/export_testing.h"
#include "services/query/query_services.h"
#include "services/verify/verify.h"

namespace kefu::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// What a bundle's views are asked of.
std::vector<std::unique_ptr<grpc::Service>> Queries(engine::Engine& engine, past::Moments& moments) {
  query::QueryOptions options;
  options.token_key = "a key of this test";
  options.moments = &moments;
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(query::MakeBookService(engine, options));
  services.push_back(query::MakeCaseService(engine, options));
  services.push_back(query::MakeClientService(engine, options));
  services.push_back(query::MakeClockService(engine, options));
  services.push_back(query::MakeContactService(engine, options));
  services.push_back(query::MakeLeadService(engine, options));
  services.push_back(query::MakeReferenceService(engine, options));
  services.push_back(query::MakeSuitabilityService(engine, options));
  return services;
}

// A server with a complaint of C-1 in it, signed, and what exports of it are made of.
class Export : public testing::Test {
 protected:
  Export() {
    const auto publish = [&](const std::string& id, const std::function<void(events::v1::Event&)>& edit) {
      events::v1::Event event = testkit::Finish(testkit::Draft().Client("C-1"), 9'000'000);
      event.set_event_id(id);
      edit(event);
      server_.Publish(event);
    };
    publish("e1", [](auto& event) { event.mutable_contact_recorded()->set_contact_id("T-own"); });
    publish("e2", [](auto& event) {
      event.mutable_complaint_received()->set_case_id("K-own");
      event.mutable_complaint_received()->mutable_opening()->set_subject("<b>委託未成交</b>");
      event.mutable_complaint_received()->mutable_opening()->set_contact_id("T-own");
    });
    publish("e3", [](auto& event) { event.mutable_case_closed()->set_case_id("K-own"); });
    server_.Live(4, 120);
    audit::Sign(server_, 1);
    tool_.mutable_options().server = server_.address();
    tool_.mutable_options().quiet = true;
    options_.access.set_actor_id("A-1");
    options_.access.set_reason("a test");
    options_.out = path("bundle");
    options_.program_version = "1.0";
  }

  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  static std::string Read(const std::string& path) {
    std::string why;
    return verify::ReadWholeFile(path, 1 << 24, &why).value_or("");
  }

  // All views of a bundle, by file name.
  std::map<std::string, std::string> Views(const std::string& folder) const {
    std::map<std::string, std::string> views;
    for (const auto& entry : fs::directory_iterator(path(folder) + "/views"))
      views[entry.path().filename().string()] = Read(entry.path().string());
    return views;
  }

  Status ExportTo(const std::string& folder) {
    options_.out = path(folder);
    return ExportBundle(tool_, options_);
  }

  // Of C-1, after what is signed.
  void RecordALateContact() {
    auto late = testkit::Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND).Client("C-1");
    events::v1::Event event = testkit::Finish(late, 9'500'000);
    event.mutable_contact_recorded()->set_contact_id("T-late");
    server_.Publish(event);
    server_.CatchUp();
  }

  // What kefu-verify says of it, with this key and a checkpoint that was kept.
  verify::Report Checked(const std::string& folder, const std::string& kept = "") {
    verify::Question question;
    std::string why;
    const auto key = verify::VerifierKey::Parse(audit::Key().verifier().Text(), &why);
    EXPECT_TRUE(key.has_value()) << why;
    question.keys = {*key};
    if (!kept.empty()) {
      const auto checkpoint = verify::ReadCheckpoint(Read(kept), &why);
      EXPECT_TRUE(checkpoint.has_value()) << why;
      question.since.push_back({kept, *checkpoint});
    }
    const auto bundle = verify::ReadFolder(folder, {}, &question.faults, &why);
    EXPECT_TRUE(bundle.has_value()) << why;
    return verify::Verify(*bundle, question);
  }

  audit::ExportServer server_{audit::Signing(), projections::Catalogue(), Queries};
  TempDirectory folder_;
  Tool tool_;
  ExportOptions options_;
};

TEST_F(Export, OfACaseIsWhatTheVerifierAccepts) {
  options_.case_id = "K-own";
  ASSERT_EQ(ExportBundle(tool_, options_), OkStatus());
  const verify::Report report = Checked(path("bundle"));
  EXPECT_TRUE(report.AllHolds()) << report.Text();
  const std::string page = Read(path("bundle/case.html"));
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;委託未成交&lt;/b&gt;"));
  EXPECT_THAT(page, HasSubstr("case_not_resolved")) << "the refused attempt";
  EXPECT_THAT(Read(path("bundle/summary.txt")), HasSubstr("Case file K-own"));
}

TEST_F(Export, OfARangeIsWholeAndOneRecordLessIsFound) {
  options_.partition = 1;
  ASSERT_EQ(ExportBundle(tool_, options_), OkStatus());
  const verify::Report report = Checked(path("bundle"));
  EXPECT_TRUE(report.AllHolds()) << report.Text();
  EXPECT_THAT(report.Text(), HasSubstr("every record is there"));
  // The control.
  fs::remove(path("bundle/records/1-3.pb"));
  EXPECT_FALSE(Checked(path("bundle")).AllHolds());
}

TEST_F(Export, OfNothingHoldsToo) {
  options_.partition = 0;
  options_.until = "2001-01-01T00:00:00Z";
  ASSERT_EQ(ExportBundle(tool_, options_), OkStatus());
  const verify::Report report = Checked(path("bundle"));
  EXPECT_TRUE(report.AllHolds()) << report.Text();
  EXPECT_THAT(Read(path("bundle/summary.txt")), HasSubstr("There are no records"));
}

TEST_F(Export, SinceAKeptCheckpointItIsProvenThatTheLogOnlyGrew) {
  options_.client = "C-1";
  ASSERT_EQ(ExportBundle(tool_, options_), OkStatus());
  const std::string kept = path("bundle/checkpoints/newest.note");
  server_.Live(5, 200);
  audit::Sign(server_, 2);
  options_.out = path("later");
  options_.since = {kept};
  ASSERT_EQ(ExportBundle(tool_, options_), OkStatus());
  const verify::Report report = Checked(path("later"), kept);
  EXPECT_TRUE(report.AllHolds()) << report.Text();
  EXPECT_THAT(report.Text(), HasSubstr("the log only grew"));
}

TEST_F(Export, ViewsAreWhatTheProvenEventsGiveWhateverWasRecordedSince) {
  options_.unsigned_tail = true;
  options_.client = "C-1";
  options_.views = {"client", "cases", "clocks", "timeline", "undertakings", "recommendations", "leads"};
  ASSERT_EQ(ExportTo("before"), OkStatus());
  RecordALateContact();
  ASSERT_EQ(ExportTo("after"), OkStatus());
  EXPECT_GE(Views("before").size(), options_.views.size());
  EXPECT_EQ(Views("after"), Views("before"));
  const verify::Report report = Checked(path("after"));
  EXPECT_TRUE(report.AllHolds()) << report.Text();
  // Where it can be read which they are of.
  const auto manifest = nlohmann::json::parse(Read(path("after/manifest.json")));
  const auto& views_of = manifest["asked"]["views_of"];
  EXPECT_EQ(views_of["moment"], "checkpoint");
  ASSERT_EQ(views_of["until_offsets"].size(), static_cast<size_t>(audit::kPartitions));
  const std::string position = views_of["position"];
  const auto decoded = log::Position::Decode(position, server_.log().identity().id, audit::kPartitions);
  ASSERT_TRUE(decoded.ok()) << ToString(decoded.status());
  for (size_t p = 0; p < decoded->next_offsets.size(); ++p)
    EXPECT_EQ(views_of["until_offsets"][p]["until_offset"], decoded->next_offsets[p]);
  EXPECT_THAT(Read(path("after/summary.txt")), HasSubstr("as of the checkpoint"));
  EXPECT_THAT(Read(path("after/summary.txt")), HasSubstr(position));

  // The control: of now it is in them, and the bundle says that they are.
  options_.views_of = "now";
  ASSERT_EQ(ExportTo("now"), OkStatus());
  EXPECT_THAT(Views("now")["timeline.json"], HasSubstr("T-late"));
  EXPECT_NE(Views("now")["client.json"], Views("before")["client.json"]);
  EXPECT_THAT(Read(path("now/summary.txt")), HasSubstr("may be in them"));
  EXPECT_EQ(nlohmann::json::parse(Read(path("now/manifest.json")))["asked"]["views_of"].dump(), R"({"moment":"now"})");
  EXPECT_TRUE(Checked(path("now")).AllHolds());
}

// What was corrected cannot be folded for one call.
TEST_F(Export, ViewsOfACorrectedClientAreOfTheCheckpointToo) {
  events::v1::Event right = testkit::Finish(testkit::Draft().Client("C-1"), 9'000'000);
  right.set_event_id("e1");
  right.mutable_contact_recorded()->set_contact_id("T-own");
  right.mutable_contact_recorded()->set_summary("as it was");
  events::v1::Event correction = testkit::Finish(testkit::Draft().Client("C-1"), 9'100'000);
  correction.mutable_event_corrected()->set_corrected_event_id("e1");
  correction.mutable_event_corrected()->set_reason("misheard");
  correction.mutable_event_corrected()->set_event(right.SerializeAsString());
  server_.Publish(correction);
  server_.CatchUp();
  audit::Sign(server_, 2);
  options_.unsigned_tail = true;
  options_.client = "C-1";
  options_.views = {"client", "timeline"};
  ASSERT_EQ(ExportTo("before"), OkStatus());
  RecordALateContact();
  ASSERT_EQ(ExportTo("after"), OkStatus());
  ASSERT_EQ(Views("before").size(), options_.views.size());
  EXPECT_EQ(Views("after"), Views("before"));
}

// Each gives back what it opened.
TEST_F(Export, AnyNumberOneAfterTheOther) {
  options_.client = "C-1";
  options_.views = {"client", "clocks"};
  for (int i = 0; i <= past::MomentsOptions().most; ++i) {
    RecordALateContact();
    audit::Sign(server_, 2 + i);
    ASSERT_EQ(ExportTo(fmt::format("bundle-{}", i)), OkStatus()) << i;
  }
}

TEST_F(Export, WhereTheViewsCannotBeOpenedThereIsNoBundleAndTheWayOutIsNamed) {
  options_.client = "C-1";
  std::vector<std::shared_ptr<past::OpenMoment>> held;
  for (int64_t offset = 1; offset <= past::MomentsOptions().most; ++offset) {
    auto moment = server_.moments().Open({.position = log::Position{server_.log().identity().id, {offset, 0, 0}}},
                                         [](int64_t, int64_t) { return OkStatus(); });
    ASSERT_TRUE(moment.ok()) << ToString(moment.status());
    held.push_back(*std::move(moment));
  }
  const Status refused = ExportTo("none");
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted) << ToString(refused);
  EXPECT_THAT(std::string(MessageOf(refused)), HasSubstr("--views-of now"));
  EXPECT_TRUE(fs::is_empty(folder_.path()));
  options_.views_of = "now";
  EXPECT_EQ(ExportTo("now"), OkStatus());
}

TEST_F(Export, OfAMomentThatWasOpenedByHandTheViewsAreOfIt) {
  options_.client = "C-1";
  const auto at = log::Position{server_.log().identity().id, std::vector<int64_t>(audit::kPartitions, 2)};
  const auto moment = server_.moments().Open({.position = at}, [](int64_t, int64_t) { return OkStatus(); });
  ASSERT_TRUE(moment.ok()) << ToString(moment.status());
  tool_.mutable_options().moment = (*moment)->name();
  ASSERT_EQ(ExportTo("then"), OkStatus());
  EXPECT_EQ(nlohmann::json::parse(Read(path("then/manifest.json")))["asked"]["views_of"]["moment"], (*moment)->name());
  options_.views_of = "checkpoint";
  EXPECT_EQ(ExportTo("both").code(), StatusCode::kInvalidArgument);
}

TEST_F(Export, WhatCannotBeLeavesNothing) {
  options_.client = "nobody";
  EXPECT_EQ(ExportBundle(tool_, options_).code(), StatusCode::kNotFound);
  options_.client.clear();
  options_.case_id = "K-none";
  EXPECT_EQ(ExportBundle(tool_, options_).code(), StatusCode::kNotFound);
  options_.case_id.clear();
  EXPECT_EQ(ExportBundle(tool_, options_).code(), StatusCode::kInvalidArgument) << "nothing was asked for";
  options_.partition = 0;
  options_.views = {"client"};
  EXPECT_EQ(ExportBundle(tool_, options_).code(), StatusCode::kInvalidArgument);
  options_.views.clear();
  options_.views_of = "now";
  EXPECT_EQ(ExportBundle(tool_, options_).code(), StatusCode::kInvalidArgument);
  options_.views_of.clear();
  options_.from = "yesterday";
  EXPECT_EQ(ExportBundle(tool_, options_).code(), StatusCode::kInvalidArgument);
  options_.from.clear();
  options_.since = {path("no-such.note")};
  EXPECT_EQ(ExportBundle(tool_, options_).code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

}  // namespace
}  // namespace kefu::cli
