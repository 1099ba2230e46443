#include "services/cli/audit/case_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/testkit/golden.h"
#include "services/cli/audit/evidence_testing.h"

namespace kefu::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

CaseFile FileOf(const SampleLog& log) {
  CaseFile file;
  file.head = log.Head();
  file.asked = "case K-1";
  file.asked_by = "A-1";
  file.reason = "letter 2026-17";
  file.views_of = "as of the checkpoint";
  file.case_id = "K-1";
  for (size_t i = 0; i < log.records().size(); ++i) file.events.push_back(Filed(log.Record(i).event()));
  file.staff = {{"S-07", "陳怡君"}, {"S-09", "林志明"}};
  file.zone.offsets.set_name("Asia/Taipei");
  file.zone.offsets.set_offset_seconds(8 * 3600);
  return file;
}

TEST(CasePapers, CaseIsAsReviewed) {
  const Document document = CaseDocument(FileOf(ComplaintLog()));
  testkit::ExpectGolden("services/cli/audit/testdata/case.html", HtmlOf(document));
  testkit::ExpectGolden("services/cli/audit/testdata/case.txt", TextOf(document));
}

TEST(CasePapers, ClientIsAsReviewed) {
  testkit::ExpectGolden("services/cli/audit/testdata/client.html", HtmlOf(ClientDocument(FileOf(ComplaintLog()))));
}

TEST(CasePapers, EveryEventIsInTheTimelineWithItsRecord) {
  const SampleLog log = ComplaintLog();
  const DocumentSection timeline = Timeline(FileOf(log));
  ASSERT_EQ(timeline.rows.size(), log.records().size());
  for (size_t i = 0; i < timeline.rows.size(); ++i) EXPECT_EQ(timeline.rows[i].cells.back(), fmt::format("0-{}", i));
}

TEST(CasePapers, EveryHandTheComplaintPassedIsNamed) {
  const std::string text = TextOf(CaseDocument(FileOf(ComplaintLog())));
  EXPECT_THAT(text, HasSubstr("S-09 林志明, desk-3")) << "assigned";
  EXPECT_THAT(text, HasSubstr("S-09 林志明 → S-11")) << "handed over";
  EXPECT_THAT(text, HasSubstr("S-11 → legal")) << "escalated";
  EXPECT_THAT(text, HasSubstr("handover H-1"));
}

TEST(CasePapers, RefusedAttemptsMissedLimitsAndCorrectionsStandOut) {
  const Document document = CaseDocument(FileOf(ComplaintLog()));
  const auto section = [&](std::string_view title) -> const DocumentSection& {
    for (const auto& one : document.sections)
      if (one.title == title) return one;
    ADD_FAILURE() << title;
    return document.sections[0];
  };
  const auto& refused = section("Refused attempts").rows;
  ASSERT_EQ(refused.size(), 2u) << "one by a rule, one that is no event";
  EXPECT_EQ(refused[0].cells[3], "refused: the case was not resolved (case_not_resolved)");
  EXPECT_TRUE(refused[0].marked);
  const auto& limits = section("Time limits").rows;
  ASSERT_EQ(limits.size(), 1u);
  EXPECT_EQ(limits[0].cells[4], "missed");
  EXPECT_TRUE(limits[0].marked);
  const auto& corrections = section("Corrections").rows;
  ASSERT_EQ(corrections.size(), 1u);
  EXPECT_THAT(corrections[0].cells[3], HasSubstr("first said in record 0-10"));
  EXPECT_THAT(corrections[0].cells[3], HasSubstr("amended: "));
  EXPECT_THAT(section("All events, in the order of the log").rows[10].cells[4], HasSubstr("corrected by 0-12"));
}

TEST(CasePapers, OfSeveralCorrectionsTheNewestIsNamedWhereverTheEventStands) {
  SampleLog log;
  log.Add([](auto& event) {
    event.mutable_contact_recorded()->set_contact_id("T-1");
    event.mutable_contact_recorded()->set_summary("客戶要退款");
  });
  log.Add([](auto& event) { event.mutable_event_corrected()->set_corrected_event_id("e-0"); });
  CaseFile file = FileOf(log);
  EXPECT_EQ(Contacts(file).rows.at(0).cells.back(), "0-0\ncorrected by 0-1");
  log.Add([](auto& event) { event.mutable_event_annulled()->set_annulled_event_id("e-1"); });
  // Refused: it changes nothing.
  log.Add([](auto& event) { event.mutable_event_corrected()->set_corrected_event_id("e-2"); })
      .set_outcome(events::v1::VERDICT_OUTCOME_REFUSED);
  file = FileOf(log);
  EXPECT_EQ(Contacts(file).rows.at(0).cells.back(), "0-0\nannulled by 0-2");
  EXPECT_EQ(Timeline(file).rows.at(0).cells[4], "applied\nannulled by 0-2");
  EXPECT_EQ(Timeline(file).rows.at(1).cells[4], "applied");
}

TEST(CasePapers, TimesAreOfTheBranchAndOfUtc) {
  const std::string html = HtmlOf(CaseDocument(FileOf(ComplaintLog())));
  EXPECT_THAT(html, HasSubstr("2026-03-02 09:02:00 +08:00\n2026-03-02 01:02:00 UTC"));
  Zone zone;
  zone.offsets.set_offset_seconds(0);
  auto& shift = *zone.offsets.add_shifts();
  *shift.mutable_at() = At(10);
  shift.set_offset_seconds(3600);
  EXPECT_EQ(zone.Text(At(9)), "2026-03-02 01:09:00 +00:00");
  EXPECT_EQ(zone.Text(At(10)), "2026-03-02 02:10:00 +01:00");
  EXPECT_EQ(zone.Text({}), "");
}

// What someone may write who wants the page to do or say something else.
constexpr const char* kHostile[] = {
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</td></tr></table><h1>Nothing was refused</h1>",
    "<!-- ",
    "&lt;b&gt; &amp; <b>",
    "\u202Eevil\u202C \u2066x\u2069 \u200F",
    "a\x1b[31mred\x07",
    "one\ntwo\r\nthree\rfour\u2028five",
    "javascript:alert(1) url(x) @import 'x'",
};

TEST(CasePapers, HostileTextStaysText) {
  for (const char* text : kHostile) {
    SCOPED_TRACE(text);
    CaseFile file = FileOf(ComplaintLog(text));
    file.asked = file.asked_by = file.reason = file.case_id = text;
    file.head.set_log_id(text);
    file.head.set_verifier_key(text);
    file.head.set_client_id(text);
    file.staff = {{"S-07", text}, {"S-09", text}};
    file.zone.offsets.set_name(text);
    file.client.emplace().set_display_name(text);
    file.one.emplace().set_team(text);
    for (auto& filed : file.events) {
      filed.event.set_source(text);
      filed.event.mutable_actor()->set_team(text);
      filed.event.mutable_actor()->set_id(text);
      filed.verdict.set_rule(text);
    }
    for (const Document& document : {CaseDocument(file), ClientDocument(file)}) {
      const std::string html = HtmlOf(document);
      for (const char* never : {"<script", "<img", "onerror=alert(1)>", "<b>", "<!-- ", " onmouseover='", "\u202E", "\u200F",
                                "\u2066", "\u2028", "\x1b", "\x07", "\r", "<link", "<iframe", "href=", "src=\""})
        EXPECT_THAT(html, Not(HasSubstr(never))) << never;
      // One heading at the top, one a section, and no more.
      size_t headings = 0;
      for (size_t at = html.find("<h1>"); at != html.npos; at = html.find("<h1>", at + 1)) ++headings;
      EXPECT_EQ(headings, 1u);
      for (const char* never : {"\u202E", "\u200F", "\u2066", "\u2028", "\x1b", "\x07", "\r"})
        EXPECT_THAT(TextOf(document), Not(HasSubstr(never))) << never;
    }
  }
}

// The control: it is the escaping that does it, and the text is still there to be read.
TEST(CasePapers, HostileTextIsStillThere) {
  const std::string html = HtmlOf(CaseDocument(FileOf(ComplaintLog("<script>alert(1)</script>"))));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
  EXPECT_THAT(HtmlOf(CaseDocument(FileOf(ComplaintLog("\u202Eevil")))), HasSubstr("[U+202E]evil"));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
}

TEST(CasePapers, ATextOfSeveralLinesCannotPassForAnotherField) {
  SampleLog log;
  log.Add([](auto& event) { event.mutable_case_resolved()->set_text("done\nredress: 1,000,000.00 TWD"); });
  const auto filed = Filed(log.Record(0).event());
  const auto details = DetailLines(filed.event.case_resolved(), Zone(), {});
  ASSERT_EQ(details.size(), 1u);
  EXPECT_EQ(details[0], "text: done\n\u2003redress: 1,000,000.00 TWD");
}

TEST(CasePapers, ARangeOfNothingSaysSo) {
  CaseFile file = FileOf(SampleLog());
  file.asked = "all records of partition 3";
  const std::string text = TextOf(RangeCounts().Paper(file));
  EXPECT_THAT(text, HasSubstr("There are no records in what was asked for."));
  EXPECT_THAT(text, HasSubstr("all records of partition 3"));
}

TEST(CasePapers, ARangeIsCountedByKindAndVerdict) {
  const SampleLog log = ComplaintLog();
  const CaseFile file = FileOf(log);
  RangeCounts counts;
  for (const FiledEvent& filed : file.events) counts.Add(filed);
  const Document paper = counts.Paper(file);
  bool found = false;
  for (const DocumentRow& row : paper.sections[0].rows) {
    if (!row.cells[0].starts_with("Case closed")) continue;
    found = true;
    EXPECT_THAT(row.cells, testing::ElementsAre(testing::_, "0", "1", "0"));
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace kefu::cli
