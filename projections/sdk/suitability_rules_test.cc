#include "projections/sdk/suitability_rules.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "platform/base/time.h"
#include "projections/sdk/branch_time.h"

namespace kefu::sdk {
namespace {

using events::v1::CalendarDate;
using events::v1::InvestorClass;
using events::v1::MismatchWarning;
using events::v1::RiskLevel;
using events::v1::SuitabilityPackPublished;
using query::v1::InvestorMoment;

constexpr char kTable[] = "projections/sdk/testdata/suitability.txt";
using Words = std::vector<std::string>;

// The lines of one part of the table, as words.
std::vector<Words> Part(const std::string& name) {
  std::ifstream file(kTable);
  EXPECT_TRUE(file.good()) << kTable << " is missing: run from the top of the checkout";
  std::vector<Words> lines;
  std::string part;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    if (line.starts_with("== ")) {
      part = line.substr(3);
      continue;
    }
    std::stringstream stream(line);
    Words words;
    for (std::string word; stream >> word;) words.push_back(word);
    if (part == name) lines.push_back(words);
  }
  EXPECT_FALSE(lines.empty()) << "no part " << name;
  return lines;
}

// "2026-03-15", and with "12:00:00" the moment when the branches' clocks show that.
absl::CivilDay Day(const std::string& text) {
  absl::CivilDay day;
  EXPECT_TRUE(absl::ParseCivilTime(text, &day)) << text;
  return day;
}
absl::Time Moment(const std::string& day, const std::string& time) {
  absl::CivilSecond second;
  EXPECT_TRUE(absl::ParseCivilTime(day + "T" + time, &second)) << day << " " << time;
  return absl::FromCivil(second, absl::UTCTimeZone()) - absl::Seconds(kBranchOffsetSeconds);
}
CalendarDate Date(const std::string& text) {
  CalendarDate date;
  date.set_year(static_cast<int>(Day(text).year()));
  date.set_month(Day(text).month());
  date.set_day(Day(text).day());
  return date;
}

RiskLevel Risk(int level) { return static_cast<RiskLevel>(level); }

SuitabilityPackPublished Pack() {
  SuitabilityPackPublished pack;
  pack.set_pack_id("test");
  pack.set_version(1);
  pack.set_assessment_valid_months(24);
  pack.set_professional_is_free(true);
  for (int level = 0; level <= 5; ++level) {
    auto* row = pack.add_rows();
    row->set_lowest(level == 0);
    row->set_investor_class(static_cast<InvestorClass>(std::max(level, 1)));
    row->set_highest_risk(Risk(std::max(level, 1)));
    if (level >= 1 && level <= 4) row->set_highest_insisted_risk(events::v1::RISK_LEVEL_R5);
  }
  return pack;
}

// "C3", "lowest", or "-": never assessed.
InvestorMoment InvestorOf(const std::string& word, const std::string& assessed_on = "2026-01-02") {
  InvestorMoment investor;
  if (word == "-") return investor;
  investor.set_lowest(word == "lowest");
  investor.set_investor_class(static_cast<InvestorClass>(word == "lowest" ? 1 : word[1] - '0'));
  *investor.mutable_assessed_on() = Date(assessed_on);
  return investor;
}

MismatchWarning Warning(absl::Time at) {
  MismatchWarning warning;
  warning.set_text_version("w-3");
  *warning.mutable_warned_at() = ToProto(at);
  warning.add_evidence()->set_uri("recordings/1");
  return warning;
}

const absl::Time kNoon = Moment("2026-03-15", "12:00:00");

std::string WordOf(const SuitabilityVerdict& verdict) {
  if (verdict.refusal != SuitabilityRefusal::kNone) return std::string(NameOf(verdict.refusal));
  return verdict.fits ? "fits" : "insisted";
}

TEST(SuitabilityTable, EveryClassAndLevel) {
  const SuitabilityPackPublished pack = Pack();
  int cells = 0;
  for (const Words& line : Part("matrix")) {
    ASSERT_EQ(line.size(), 6u) << line[0];
    for (int level = 1; level <= 5; ++level, ++cells) {
      const auto verdict = JudgeSuitability(InvestorOf(line[0]), Risk(level), {{&pack}}, kNoon);
      EXPECT_EQ(WordOf(verdict), verdict.fits ? "fits" : "unsuitable");
      EXPECT_EQ(verdict.fits ? "fits" : verdict.may_insist ? "insist" : "never", line[level])
          << line[0] << " R" << level;
    }
  }
  EXPECT_EQ(cells, 30) << "25, and the lowest sub-class";
}

TEST(SuitabilityTable, WhoInsistsIsToBeWarned) {
  const SuitabilityPackPublished pack = Pack();
  for (const Words& line : Part("insisted")) {
    ASSERT_EQ(line.size(), 4u) << line[0];
    MismatchWarning warning = Warning(kNoon - absl::Minutes(5));
    if (line[2] == "no_text") warning.clear_text_version();
    if (line[2] == "no_time") warning.clear_warned_at();
    if (line[2] == "later") *warning.mutable_warned_at() = ToProto(kNoon + absl::Microseconds(1));
    if (line[2] == "no_evidence") warning.clear_evidence();
    EXPECT_EQ(WordOf(JudgeSuitability(InvestorOf(line[0]), Risk(line[1][1] - '0'), {{&pack}}, kNoon, &warning)),
              line[3])
        << fmt::format("{} {} {}", line[0], line[1], line[2]);
  }
}

TEST(SuitabilityTable, AnAssessmentIsGoodOnItsLastDayItself) {
  const SuitabilityPackPublished pack = Pack();
  for (const Words& line : Part("days")) {
    ASSERT_EQ(line.size(), 5u) << line[0];
    InvestorMoment investor = InvestorOf("C1", line[0]);
    if (line[1] != "-") *investor.mutable_valid_until() = Date(line[1]);
    EXPECT_EQ(WordOf(JudgeSuitability(investor, Risk(1), {{&pack}}, Moment(line[2], line[3]))), line[4])
        << fmt::format("{} {} {} {}", line[0], line[1], line[2], line[3]);
  }
}

TEST(SuitabilityTable, ProfessionalsAreFreeUntilTheEndOfTheirLastDay) {
  for (const Words& line : Part("professional")) {
    ASSERT_EQ(line.size(), 6u) << line[0];
    SuitabilityPackPublished pack = Pack();
    pack.set_professional_is_free(line[1] == "free");
    InvestorMoment investor = InvestorOf(line[2]);
    investor.set_status(events::v1::INVESTOR_STATUS_PROFESSIONAL);
    if (line[0] != "-") *investor.mutable_status_valid_until() = Date(line[0]);
    EXPECT_EQ(WordOf(JudgeSuitability(investor, Risk(5), {{&pack}}, Moment(line[3], line[4]))), line[5])
        << fmt::format("{} {} {} {}", line[0], line[1], line[2], line[3]);
  }
}

TEST(SuitabilityRules, WithoutALevelAllFitsAndWithoutAPackNothing) {
  EXPECT_EQ(WordOf(JudgeSuitability({}, Risk(0), {}, kNoon)), "fits");
  EXPECT_EQ(WordOf(JudgeSuitability(InvestorOf("C5"), Risk(1), {}, kNoon)), "suitability_pack_missing");
}

TEST(SuitabilityRules, AClassWithoutARowBearsNothing) {
  SuitabilityPackPublished pack = Pack();
  pack.mutable_rows()->DeleteSubrange(0, 1);
  const MismatchWarning warning = Warning(kNoon);
  EXPECT_EQ(WordOf(JudgeSuitability(InvestorOf("lowest"), Risk(1), {{&pack}}, kNoon)), "unsuitable");
  EXPECT_EQ(WordOf(JudgeSuitability(InvestorOf("lowest"), Risk(1), {{&pack}}, kNoon, &warning)),
            "insisting_not_allowed");
}

TEST(SuitabilityRules, OfSeveralPacksAllMustAgreeInAnyOrder) {
  const SuitabilityPackPublished wide = Pack();
  SuitabilityPackPublished strict = Pack();
  for (auto& row : *strict.mutable_rows()) row.set_highest_risk(Risk(1));
  SuitabilityPackPublished stale = Pack();
  stale.set_assessment_valid_months(1);
  SuitabilityPackPublished stubborn = Pack();
  for (auto& row : *stubborn.mutable_rows()) {
    row.set_highest_risk(Risk(1));
    row.clear_highest_insisted_risk();
  }
  const MismatchWarning warning = Warning(kNoon);
  struct Case {
    std::vector<const SuitabilityPackPublished*> packs;
    const MismatchWarning* insisted;
    std::string verdict;
    bool may_insist;
  };
  for (const Case& one : {Case{{&wide}, nullptr, "fits", false}, Case{{&wide, &strict}, nullptr, "unsuitable", true},
                          Case{{&wide, &strict}, &warning, "insisted", true},
                          Case{{&wide, &stubborn}, nullptr, "unsuitable", false},
                          Case{{&strict, &stubborn}, &warning, "insisting_not_allowed", false},
                          Case{{&strict, &stale}, nullptr, "assessment_expired", false}}) {
    auto packs = one.packs;
    for (int turn = 0; turn < 2; ++turn, std::reverse(packs.begin(), packs.end())) {
      const auto verdict = JudgeSuitability(InvestorOf("C3"), Risk(2), packs, kNoon, one.insisted);
      EXPECT_EQ(WordOf(verdict), one.verdict);
      EXPECT_EQ(verdict.may_insist, one.may_insist) << one.verdict;
    }
  }
}

TEST(SuitabilityRules, AnInstrumentThatNobodyGradedIsTheRiskiest) {
  events::v1::ServiceProductPublished product;
  product.set_kind(events::v1::PRODUCT_KIND_SERVICE);
  EXPECT_EQ(RiskOf(product), events::v1::RISK_LEVEL_UNSPECIFIED);
  product.set_kind(events::v1::PRODUCT_KIND_INSTRUMENT);
  EXPECT_EQ(RiskOf(product), events::v1::RISK_LEVEL_R5);
  product.set_risk(events::v1::RISK_LEVEL_R2);
  EXPECT_EQ(RiskOf(product), events::v1::RISK_LEVEL_R2);
}

TEST(SuitabilityRules, TheNewestVersionWhoseFirstDayHasComeIsInForce) {
  std::vector<SuitabilityPackPublished> versions(3, Pack());
  for (int i = 0; i < 3; ++i) versions[i].set_version(i + 1);
  *versions[0].mutable_effective_from() = ToProto(kNoon);
  *versions[1].mutable_effective_from() = ToProto(kNoon + absl::Hours(48));
  *versions[2].mutable_effective_from() = ToProto(kNoon + absl::Hours(24));
  const auto at = [&](absl::Time time) {
    const auto* found = InForceAt(versions, time);
    return found == nullptr ? 0 : found->version();
  };
  EXPECT_EQ(at(kNoon - absl::Nanoseconds(1)), 0);
  EXPECT_EQ(at(kNoon), 1);
  EXPECT_EQ(at(kNoon + absl::Hours(24)), 3);
  EXPECT_EQ(at(kNoon + absl::Hours(48)), 3) << "the second was replaced before it began";
}

TEST(SuitabilityRules, ALaterAssessmentReplacesAnOlderOneWheneverItIsTold) {
  events::v1::RiskAssessed c2, c4;
  c2.set_investor_class(events::v1::INVESTOR_CLASS_C2);
  *c2.mutable_valid_until() = Date("2026-12-31");
  c4.set_investor_class(events::v1::INVESTOR_CLASS_C4);
  InvestorMoment investor;
  EXPECT_TRUE(TakeAssessment(c2, "e-1", kNoon, &investor));
  EXPECT_FALSE(TakeAssessment(c4, "e-2", kNoon - absl::Hours(24), &investor)) << "older, told late";
  EXPECT_EQ(investor.investor_class(), events::v1::INVESTOR_CLASS_C2);
  EXPECT_EQ(investor.assessment_event_id(), "e-1");
  EXPECT_TRUE(TakeAssessment(c4, "e-3", kNoon - absl::Hours(1), &investor)) << "of one day, the later on the log";
  EXPECT_EQ(investor.investor_class(), events::v1::INVESTOR_CLASS_C4);
  EXPECT_FALSE(investor.has_valid_until()) << "the older one's last day is not the newer one's";
  EXPECT_EQ(investor.assessment_event_id(), "e-3");
  EXPECT_EQ(investor.assessed_on().DebugString(), Date("2026-03-15").DebugString());
}

TEST(SuitabilityRules, AClassificationLeavesTheAssessmentAlone) {
  InvestorMoment investor = InvestorOf("C3");
  events::v1::InvestorClassified professional, ordinary;
  professional.set_status(events::v1::INVESTOR_STATUS_PROFESSIONAL);
  *professional.mutable_valid_until() = Date("2026-06-30");
  ordinary.set_status(events::v1::INVESTOR_STATUS_ORDINARY);
  EXPECT_TRUE(TakeClassification(professional, "e-1", kNoon, &investor));
  EXPECT_TRUE(IsProfessional(investor, Day("2026-06-30")));
  EXPECT_FALSE(IsProfessional(investor, Day("2026-07-01")));
  EXPECT_FALSE(TakeClassification(ordinary, "e-2", kNoon - absl::Hours(24), &investor));
  EXPECT_TRUE(TakeClassification(ordinary, "e-3", kNoon + absl::Hours(24), &investor));
  EXPECT_FALSE(IsProfessional(investor, Day("2026-03-20")));
  EXPECT_FALSE(investor.has_status_valid_until());
  EXPECT_EQ(investor.investor_class(), events::v1::INVESTOR_CLASS_C3);
}

TEST(SuitabilityRules, DayBeginsWhereTheBranchIs) {
  InvestorMoment investor;
  events::v1::RiskAssessed assessed;
  assessed.set_investor_class(events::v1::INVESTOR_CLASS_C1);
  // 17:00 in Greenwich is the next day already.
  ASSERT_TRUE(TakeAssessment(assessed, "e-1", *ParseRfc3339("2024-03-14T17:00:00Z"), &investor));
  const SuitabilityPackPublished pack = Pack();
  EXPECT_EQ(LastDayOf(investor, pack), absl::CivilDay(2026, 3, 15));
  EXPECT_EQ(WordOf(JudgeSuitability(investor, Risk(1), {{&pack}}, *ParseRfc3339("2026-03-15T15:59:59Z"))), "fits");
  EXPECT_EQ(WordOf(JudgeSuitability(investor, Risk(1), {{&pack}}, *ParseRfc3339("2026-03-15T16:00:00Z"))),
            "assessment_expired");
}

}  // namespace
}  // namespace kefu::sdk
