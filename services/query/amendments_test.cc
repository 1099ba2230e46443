// Corrections as they are asked for: the timeline shows both, texts and views what stands, the past what was known.

#include "services/query/amendments.h"

#include <map>
#include <set>

#include "platform/base/time.h"
#include "services/query/past.h"
#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

using events::v1::Event;
using query::v1::TimelineEntry;
using testing::ElementsAre;
using testing::IsEmpty;
using testkit::Draft;

Draft Said(std::string_view id, std::string_view summary, std::string_view client = "C-1") {
  return testkit::Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND, "fees")
      .Client(client)
      .Id(id)
      .With([&](Event& event) { event.mutable_contact_recorded()->set_summary(std::string(summary)); });
}

// How the event with this number should have been told.
Draft Corrects(std::string_view id, std::string_view named, const Draft& right, int64_t number,
               std::string_view client = "C-1") {
  return Draft().Client(client).Id(id).By("S-7").With([&](Event& event) {
    event.mutable_event_corrected()->set_corrected_event_id(std::string(named));
    event.mutable_event_corrected()->set_reason("misheard");
    event.mutable_event_corrected()->set_event(testkit::Finish(right, number).SerializeAsString());
  });
}

Draft Annuls(std::string_view id, std::string_view named, std::string_view client = "C-1") {
  return Draft().Client(client).Id(id).By("S-8").With([&](Event& event) {
    event.mutable_event_annulled()->set_annulled_event_id(std::string(named));
    event.mutable_event_annulled()->set_reason("another client");
  });
}

class Corrected : public testing::Test {
 protected:
  // Publishes and folds; the position after it.
  std::string Tell(const Draft& draft) {
    std::string position = server_.Publish(draft);
    server_.CatchUp();
    return position;
  }

  std::vector<TimelineEntry> Timeline(const std::string& client, int page = 50, const std::string& order = {},
                                      const std::string& as_of = {}) {
    std::vector<TimelineEntry> all;
    v1::ListTimelineRequest request;
    request.set_parent("clients/" + client);
    request.set_page_size(page);
    request.set_order_by(order);
    do {
      Patient context;
      if (!as_of.empty()) context.AddMetadata(std::string(rpc::kAsOfMetadata), as_of);
      v1::ListTimelineResponse response;
      const auto status = server_.clients->ListTimeline(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      if (!status.ok()) return all;
      all.insert(all.end(), response.entries().begin(), response.entries().end());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return all;
  }

  // "id", "id corrected by …" or "id annulled by …".
  static std::vector<std::string> Lines(const std::vector<TimelineEntry>& entries) {
    std::vector<std::string> lines;
    for (const auto& entry : entries) {
      std::string line = entry.event().event_id();
      if (entry.has_amended())
        line += (entry.amended().annulled() ? " annulled by " : " corrected by ") + entry.amended().event_id();
      lines.push_back(std::move(line));
    }
    return lines;
  }

  // "partition@offset snippet", with who corrected it.
  std::vector<std::string> Hits(const std::string& words, const std::string& parent = "clients/-") {
    std::vector<std::string> hits;
    v1::SearchTextRequest request;
    request.set_query(words);
    request.set_parent(parent);
    request.set_page_size(2);
    do {
      Patient context;
      v1::SearchTextResponse response;
      const auto status = server_.texts->SearchText(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      if (!status.ok()) return hits;
      for (const auto& hit : response.hits()) {
        std::string text;
        for (const auto& part : hit.snippet()) text += part.text();
        hits.push_back(fmt::format("{}: {}{}", hit.event_id(), text,
                                   hit.corrected_by_event_id().empty() ? "" : " <- " + hit.corrected_by_event_id()));
      }
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return hits;
  }

  QueryServer server_{3};
};

TEST_F(Corrected, EntriesSayByWhatAndBothStay) {
  Tell(Said("talk", "退款"));
  Tell(Said("other", "開戶"));
  Tell(Said("ghost", "誤記"));
  Tell(Corrects("fix", "talk", Said("talk", "退費"), 1));
  Tell(Annuls("gone", "ghost"));
  const auto entries = Timeline("C-1", 50, "offset");
  EXPECT_THAT(Lines(entries), ElementsAre("talk corrected by fix", "other", "ghost annulled by gone", "fix", "gone"));
  EXPECT_EQ(entries[0].event().contact_recorded().summary(), "退款") << "history shows what was said";
  const auto& amended = entries[0].amended();
  EXPECT_EQ(amended.event().contact_recorded().summary(), "退費") << "and how it was";
  EXPECT_EQ(amended.offset(), entries[3].offset());
  EXPECT_EQ(amended.reason(), "misheard");
  EXPECT_EQ(amended.actor_id(), "S-7");
  EXPECT_EQ(FromProto(amended.recorded_time()), FromProto(entries[3].event().recorded_at()));
  EXPECT_EQ(entries[2].amended().reason(), "another client");
  EXPECT_FALSE(entries[2].amended().has_event());
  // Whatever the order and the pages.
  EXPECT_THAT(Lines(Timeline("C-1", 1)),
              ElementsAre("gone", "fix", "ghost annulled by gone", "other", "talk corrected by fix"));
}

TEST_F(Corrected, TheNewestCorrectionCounts) {
  Tell(Said("talk", "one"));
  Tell(Corrects("fix-1", "talk", Said("talk", "two"), 1));
  Tell(Corrects("fix-2", "fix-1", Said("talk", "three"), 1));
  EXPECT_THAT(Lines(Timeline("C-1", 50, "offset")), ElementsAre("talk corrected by fix-2", "fix-1", "fix-2"));
  EXPECT_EQ(Timeline("C-1", 50, "offset")[0].amended().event().contact_recorded().summary(), "three");
  Tell(Annuls("gone", "fix-2"));
  EXPECT_THAT(Lines(Timeline("C-1", 50, "offset")), ElementsAre("talk annulled by gone", "fix-1", "fix-2", "gone"));
}

TEST_F(Corrected, WhatWasRefusedMarksNothing) {
  Tell(Said("talk", "one"));
  Tell(Said("theirs", "one", "C-2"));
  Tell(Corrects("fix", "nothing", Said("nothing", "two"), 1));
  Tell(Annuls("gone", "theirs"));
  EXPECT_THAT(Lines(Timeline("C-1", 50, "offset")), ElementsAre("talk", "fix", "gone"));
  EXPECT_THAT(Lines(Timeline("C-2")), ElementsAre("theirs"));
}

TEST_F(Corrected, OfMergedClientsEachEntryIsMarkedByItsOwnRecord) {
  Tell(Said("a-talk", "one", "A"));
  Tell(Said("b-talk", "one", "B"));
  Tell(Said("b-ghost", "one", "B"));
  Tell(Annuls("b-gone", "b-ghost", "B"));
  Tell(Corrects("a-fix", "a-talk", Said("a-talk", "two", "A"), 1, "A"));
  Tell(testkit::Merged("A", "B").Id("m1"));
  for (const char* client : {"A", "B"})
    EXPECT_THAT(Lines(Timeline(client, 2, "offset")),
                ElementsAre("a-talk corrected by a-fix", "b-talk", "b-ghost annulled by b-gone", "b-gone", "a-fix", "m1"))
        << client;
}

TEST_F(Corrected, ThePastKnowsOnlyWhatWasCorrectedThen) {
  const std::string told = Tell(Said("talk", "one"));
  const std::string known = Tell(Corrects("fix", "talk", Said("talk", "two"), 1));
  Tell(Annuls("gone", "fix"));
  const auto moment = [&](const std::string& position) {
    const auto parsed = log::Position::Decode(position, server_.log().identity().id, 3);
    EXPECT_TRUE(parsed.ok());
    auto opened = server_.moments().Open({.position = *parsed}, [](int64_t, int64_t) { return OkStatus(); });
    EXPECT_TRUE(opened.ok()) << ToString(opened.status());
    return *std::move(opened);
  };
  const auto before = moment(told), after = moment(known);
  EXPECT_THAT(Lines(Timeline("C-1", 50, "offset", before->name())), ElementsAre("talk"));
  EXPECT_THAT(Lines(Timeline("C-1", 50, "offset", after->name())), ElementsAre("talk corrected by fix", "fix"));
  // The fast past of one client, too.
  EXPECT_THAT(Lines(Timeline("C-1", 50, "offset", "position:" + told)), ElementsAre("talk"));
  EXPECT_THAT(Lines(Timeline("C-1", 50, "offset")), ElementsAre("talk annulled by gone", "fix", "gone"));
}

TEST_F(Corrected, EventsBehindAFigureAreMarked) {
  Tell(Said("talk", "one").AtMinute(1));
  Tell(Said("other", "one").AtMinute(2));
  Tell(Corrects("fix", "talk", Said("talk", "two").AtMinute(1), 1));
  v1::ListCellEventsRequest request;
  request.set_cube("contacts");
  request.set_from_day("2026-03-02");
  request.set_to_day("2026-03-02");
  Patient context;
  v1::ListCellEventsResponse response;
  const auto status = server_.statistics->ListCellEvents(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  std::set<std::string> lines;
  for (const std::string& line : Lines({response.events().begin(), response.events().end()})) lines.insert(line);
  EXPECT_EQ(lines, (std::set<std::string>{"talk corrected by fix", "other"}));
}

TEST_F(Corrected, AFigureThatWasCountedBeforeSaysSoWhereItIsAnotherNow) {
  Tell(Said("talk", "one").AtMinute(1));
  Tell(Said("ghost", "one").AtMinute(2));
  v1::GetStatisticsRequest ask;
  ask.set_cube("contacts");
  ask.set_from_day("2026-03-02");
  ask.set_to_day("2026-03-02");
  const auto counted = [&] {
    Patient context;
    v1::GetStatisticsResponse response;
    EXPECT_TRUE(server_.statistics->GetStatistics(&context, ask, &response).ok());
    return response.total();
  };
  const auto open = [&](const std::string& token, int* events) {
    v1::ListCellEventsRequest request;
    request.set_cell_token(token);
    Patient context;
    v1::ListCellEventsResponse response;
    const auto status = server_.statistics->ListCellEvents(&context, request, &response);
    *events = response.events_size();
    return status;
  };
  const auto before = counted();
  ASSERT_EQ(before.count(), 2);
  int events = 0;
  ASSERT_TRUE(open(before.cell_token(), &events).ok());
  EXPECT_EQ(events, 2);
  Tell(Annuls("gone", "ghost"));
  ExpectRefused(open(before.cell_token(), &events), grpc::StatusCode::FAILED_PRECONDITION, "FIGURE_CORRECTED");
  const auto after = counted();
  EXPECT_EQ(after.count(), 1);
  ASSERT_TRUE(open(after.cell_token(), &events).ok());
  EXPECT_EQ(events, 1);
}

TEST_F(Corrected, TextsAreFoundByTheWordsThatStand) {
  Tell(Said("talk", "客戶要退款"));
  Tell(Said("ghost", "客戶要退款 again"));
  Tell(Said("other", "退款 of another", "C-2"));
  EXPECT_THAT(Hits("客戶"), ElementsAre("ghost: 客戶要退款 again", "talk: 客戶要退款"));
  Tell(Corrects("fix", "talk", Said("talk", "客戶要轉帳"), 1));
  Tell(Annuls("gone", "ghost"));
  for (const char* parent : {"clients/-", "clients/C-1"}) {
    SCOPED_TRACE(parent);
    EXPECT_THAT(Hits("客戶", parent), ElementsAre("talk: 客戶要轉帳 <- fix"));
    EXPECT_THAT(Hits("轉帳", parent), ElementsAre("talk: 客戶要轉帳 <- fix"));
    EXPECT_THAT(Hits("again", parent), IsEmpty());
    // Why it was corrected is text of its own.
    EXPECT_THAT(Hits("misheard", parent), ElementsAre("fix: misheard"));
  }
  EXPECT_THAT(Hits("退款", "clients/C-1"), IsEmpty());
  EXPECT_THAT(Hits("退款"), ElementsAre("other: 退款 of another"));
  Tell(Corrects("fix-2", "fix", Said("talk", "退款 after all"), 1));
  EXPECT_THAT(Hits("退款", "clients/C-1"), ElementsAre("talk: 退款 after all <- fix-2"));
  EXPECT_THAT(Hits("轉帳"), IsEmpty());
}

TEST_F(Corrected, TextsAreFilteredByWhatStands) {
  Tell(Said("talk", "fee").AtMinute(1).Branch("0001"));
  Tell(Corrects("fix", "talk", Said("talk", "fee").AtMinute(90).Branch("0002"), 1));
  const auto found = [&](const std::string& branch, int from, int before) {
    v1::SearchTextRequest request;
    request.set_query("fee");
    request.set_branch_id(branch);
    *request.mutable_occurred_from() = ToProto(testkit::Beginning() + absl::Minutes(from));
    *request.mutable_occurred_before() = ToProto(testkit::Beginning() + absl::Minutes(before));
    Patient context;
    v1::SearchTextResponse response;
    EXPECT_TRUE(server_.texts->SearchText(&context, request, &response).ok());
    return response.hits_size();
  };
  EXPECT_EQ(found("", 60, 120), 1);
  EXPECT_EQ(found("", 0, 60), 0);
  EXPECT_EQ(found("0002", 0, 120), 1);
  EXPECT_EQ(found("0001", 0, 120), 0);
}

// A case's revision counts what was admitted of it. An annulment takes nothing of that back: otherwise two writers that
// know the same revision could both be let in.
TEST_F(Corrected, ARevisionIsNotGivenOutTwice) {
  Tell(testkit::Opened("K-1").Id("opened"));
  Tell(testkit::NoteAdded("K-1", "wrong").Id("note"));
  const auto revision = [&] {
    v1::GetCaseRequest request;
    request.set_name("clients/C-1/cases/K-1");
    Patient context;
    v1::Case one;
    EXPECT_TRUE(server_.cases->GetCase(&context, request, &one).ok());
    return one.revision();
  };
  ASSERT_EQ(revision(), 2);
  Tell(Annuls("gone", "note"));
  EXPECT_EQ(revision(), 2);
  // Who decided by the case as it was before the note is refused, now as before.
  Tell(testkit::Assigned("K-1", "S-1").Id("late").IfRevision(1));
  EXPECT_EQ(revision(), 2);
  Tell(testkit::Assigned("K-1", "S-2").Id("first").IfRevision(2));
  EXPECT_EQ(revision(), 3);
  Tell(testkit::Assigned("K-1", "S-3").Id("second").IfRevision(2));
  EXPECT_EQ(revision(), 3);
  std::map<std::string, std::string> rules;
  for (const auto& entry : Timeline("C-1")) rules[entry.event().event_id()] = entry.verdict().rule();
  EXPECT_EQ(rules["late"], "revision_moved");
  EXPECT_EQ(rules["first"], "");
  EXPECT_EQ(rules["second"], "revision_moved");
}

// --- property: a search over a log with corrections is one over the log as it should have been ---

std::string RandomWords(std::mt19937_64& random) {
  static const std::vector<std::string> words = {"退款", "開戶", "投訴", "fee", "transfer", "轉帳", "call back"};
  std::string text;
  for (uint64_t i = 0, n = 1 + random() % 3; i < n; ++i) text += (i == 0 ? "" : " ") + words[random() % words.size()];
  return text;
}

using Places = std::set<std::string>;

// Hits of all pages without those in corrections themselves.
Places PlacesOf(QueryServer& server, const std::string& words, const std::string& parent) {
  Places places;
  v1::SearchTextRequest request;
  request.set_query(words);
  request.set_parent(parent);
  request.set_page_size(7);
  do {
    Patient context;
    v1::SearchTextResponse response;
    const auto status = server.texts->SearchText(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    if (!status.ok()) return places;
    for (const auto& hit : response.hits()) {
      if (hit.kind() == "event_corrected" || hit.kind() == "event_annulled") continue;
      std::string text;
      for (const auto& part : hit.snippet()) text += part.match() ? "[" + part.text() + "]" : part.text();
      places.insert(fmt::format("{}@{} {}", hit.partition(), hit.offset(), text));
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return places;
}

TEST(CorrectedTexts, AreThoseOfTheLogAsItShouldHaveBeen) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  std::mt19937_64 random(seed);
  QueryServer corrected(3), meant(3), said(3);
  struct Told {
    Draft first, stands;
    std::string client, newest;
    bool annulled = false;
  };
  std::vector<Told> told;
  for (int i = 0; i < 150; ++i) {
    const std::string client = fmt::format("C-{}", random() % 5), id = fmt::format("t-{}", i);
    const Draft first = Said(id, RandomWords(random), client).AtMinute(i);
    told.push_back({first, first, client, id, false});
    corrected.Publish(testkit::Finish(first, i));
  }
  for (int i = 0; i < 60; ++i) {
    Told& one = told[random() % told.size()];
    const std::string fix = fmt::format("fix-{}", i);
    // What was annulled is taken back by the event as it should have been only.
    one.annulled = !one.annulled && random() % 3 == 0;
    if (!one.annulled) {
      one.stands = Said(one.first.event().event_id(), RandomWords(random), one.client)
                       .With([&](Event& event) { *event.mutable_occurred_at() = one.first.event().occurred_at(); });
      corrected.Publish(Corrects(fix, one.newest, one.stands, 0, one.client));
    } else {
      corrected.Publish(Annuls(fix, one.newest, one.client));
    }
    one.newest = fix;
  }
  for (const Told& one : told) {
    said.Publish(testkit::Finish(one.first, 0));
    // What never happened says nothing, at the same offset.
    meant.Publish(testkit::Finish(one.annulled ? Said(one.first.event().event_id(), "", one.client) : one.stands, 0));
  }
  for (QueryServer* server : {&corrected, &meant, &said}) server->CatchUp();
  int differ = 0;
  for (const char* words : {"退款", "開戶", "投訴", "fee", "transfer", "轉帳", "\"call back\"", "fee 退款"}) {
    for (const char* parent : {"clients/-", "clients/C-1", "clients/C-4"}) {
      const Places stands = PlacesOf(corrected, words, parent);
      EXPECT_EQ(stands, PlacesOf(meant, words, parent)) << words << " of " << parent;
      // The control: what was said first is something else.
      differ += stands != PlacesOf(said, words, parent) ? 1 : 0;
    }
  }
  EXPECT_GT(differ, 12);
}

}  // namespace
}  // namespace kefu::query
