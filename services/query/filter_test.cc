#include "services/query/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "kefu/query/v1/case.pb.h"
#include "kefu/query/v1/client.pb.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "services/query/filter_fields.h"

namespace kefu::query {
namespace {

using query::v1::Case;
using testing::HasSubstr;

Case Sample() {
  Case row;
  row.set_case_id("K-1");
  row.set_status(events::v1::CASE_STATUS_WAITING);
  row.set_kind(events::v1::CASE_KIND_COMPLAINT);
  row.set_assignee_id("S-7");
  row.mutable_category()->set_scheme("kefu.topic");
  row.mutable_category()->set_value("fees");
  row.set_subject("Charged \"twice\" for one trade");
  row.set_escalation_level(2);
  *row.mutable_due_at() = ToProto(absl::FromUnixSeconds(1'767'225'600));  // 2026-01-01T00:00:00Z
  return row;
}

bool Matches(std::string_view text, const Case& row = Sample()) {
  const auto filter = Filter::Parse(text, CaseFields());
  EXPECT_TRUE(filter.ok()) << text << ": " << ToString(filter.status());
  return filter.ok() && filter->Matches(row);
}

Status Refusal(std::string_view text) {
  const auto filter = Filter::Parse(text, CaseFields());
  EXPECT_EQ(filter.status().code(), StatusCode::kInvalidArgument) << text;
  EXPECT_EQ(FieldOf(filter.status()), "filter") << text;
  return filter.status();
}

TEST(Filter, AnEmptyFilterTakesEveryRow) {
  EXPECT_TRUE(Matches(""));
  EXPECT_TRUE(Matches("  \t\n "));
}

TEST(Filter, ComparesEachTypeInItsOwnOrder) {
  EXPECT_TRUE(Matches("status = CASE_STATUS_WAITING"));
  EXPECT_TRUE(Matches("status=WAITING"));
  EXPECT_TRUE(Matches("status != OPEN"));
  EXPECT_TRUE(Matches("open = true"));
  EXPECT_TRUE(Matches("escalation_level >= 2 escalation_level < 3"));
  EXPECT_FALSE(Matches("escalation_level > -5 AND escalation_level <= 1"));
  EXPECT_TRUE(Matches("due_time < \"2026-01-01T08:00:01+08:00\""));
  EXPECT_TRUE(Matches("due_time = 2026-01-01T00:00:00Z"));
  EXPECT_FALSE(Matches("due_time > \"2026-01-01T00:00:00Z\""));
  EXPECT_TRUE(Matches("category = fees AND category.scheme = 'kefu.topic'"));
}

TEST(Filter, OrBindsTighterThanAnd) {
  // Read the other way round this would be (false AND …) OR true.
  EXPECT_FALSE(Matches("status = OPEN AND assignee_id = \"x\" OR kind = COMPLAINT"));
  EXPECT_TRUE(Matches("status = WAITING status = OPEN OR kind = COMPLAINT"));
  EXPECT_TRUE(Matches("(status = OPEN AND assignee_id = x) OR kind = COMPLAINT"));
}

TEST(Filter, NotAndMinusInvertOneTerm) {
  EXPECT_TRUE(Matches("NOT status = OPEN"));
  EXPECT_TRUE(Matches("-status = OPEN kind = COMPLAINT"));
  EXPECT_FALSE(Matches("-(status = OPEN OR kind = COMPLAINT)"));
}

TEST(Filter, QuotesKeepSpacesAndEscapes) {
  EXPECT_TRUE(Matches(R"(subject = "Charged \"twice\" for one trade")"));
  EXPECT_TRUE(Matches(R"(subject : 'CHARGED "TWICE"')"));
}

TEST(Filter, AStarAtTheEndIsAPrefixAndAnEscapedStarIsNot) {
  EXPECT_TRUE(Matches("subject = \"Charged*\""));
  EXPECT_TRUE(Matches("case_id = K*"));
  EXPECT_FALSE(Matches("subject != \"Charged*\""));
  EXPECT_FALSE(Matches(R"(subject = "Charged\*")"));
}

TEST(Filter, AStarAloneAsksWhetherAnythingIsThere) {
  EXPECT_TRUE(Matches("due_time:*"));
  EXPECT_FALSE(Matches("team:*"));
  EXPECT_TRUE(Matches("close_time != *"));
}

TEST(Filter, AnAbsentTimeOrBoolComparesFalse) {
  EXPECT_FALSE(Matches("close_time < \"2030-01-01T00:00:00Z\""));
  EXPECT_FALSE(Matches("in_time = false"));
  EXPECT_TRUE(Matches("NOT in_time = false"));
}

TEST(Filter, ABareWordSearchesTheTexts) {
  EXPECT_TRUE(Matches("twice"));
  EXPECT_TRUE(Matches("TRADE AND K-1"));
  EXPECT_FALSE(Matches("\"twice for\""));
}

TEST(Filter, AListIsAskedForAnElement) {
  query::v1::Client client;
  client.add_phones("+886912345678");
  const auto matches = [&](std::string_view text) {
    const auto filter = Filter::Parse(text, ClientFields());
    EXPECT_TRUE(filter.ok()) << ToString(filter.status());
    return filter.ok() && filter->Matches(client);
  };
  EXPECT_TRUE(matches("phones:\"+886912345678\""));
  EXPECT_TRUE(matches("phones:\"+886*\""));
  EXPECT_FALSE(matches("phones:\"+88691234567\""));
  EXPECT_TRUE(matches("phones:*"));
}

TEST(Filter, RefusesWithThePlaceAndTheNearestName) {
  const Status unknown = Refusal("statsu = OPEN");
  EXPECT_EQ(ReasonOf(unknown), "FILTER_FIELD_UNKNOWN");
  EXPECT_THAT(std::string(MessageOf(unknown)), HasSubstr("\"status\""));
  EXPECT_THAT(std::string(MessageOf(Refusal("status = CASE_STATUS_OPENED"))), HasSubstr("\"CASE_STATUS_OPEN\""));
  for (const char* broken : {"a = (",
                             "status =",
                             "status = OPEN AND",
                             "(status = OPEN",
                             "status = OPEN)",
                             "NOT",
                             "-",
                             "= 3",
                             "\"status\" = OPEN",
                             "status < OPEN",
                             "due_time = yesterday",
                             "escalation_level = 2.5",
                             "escalation_level = \"two\"",
                             "in_time = yes",
                             "subject = \"*charged\"",
                             "subject = \"open",
                             R"(subject = "\q")",
                             "regex(subject, \"a\")",
                             "escalation_level = 2*",
                             "status = OPEN,",
                             "open > true",
                             "AND",
                             "NOT NOT open = true",
                             "due_time < *"})
    EXPECT_EQ(ReasonOf(Refusal(broken)), "FILTER_INVALID") << broken;
}

TEST(Filter, RefusesWhatIsTooLongTooDeepOrTooMuch) {
  EXPECT_EQ(ReasonOf(Refusal("subject = \"" + std::string(kMaxFilterBytes, 'x') + "\"")), "FILTER_INVALID");
  EXPECT_TRUE(Matches(std::string(kMaxFilterDepth - 1, '(') + "open = true" + std::string(kMaxFilterDepth - 1, ')')));
  EXPECT_EQ(ReasonOf(Refusal(std::string(kMaxFilterDepth, '(') + "open = true" + std::string(kMaxFilterDepth, ')'))),
            "FILTER_INVALID");
  std::string terms = "open = true";
  for (int i = 1; i < kMaxFilterTerms; ++i) terms += " open = true";
  EXPECT_TRUE(Matches(terms));
  EXPECT_EQ(ReasonOf(Refusal(terms + " open = true")), "FILTER_INVALID");
}

TEST(Filter, WritingItDifferentlyGivesTheSameNormalForm) {
  const auto normal = [](std::string_view text) { return Filter::Parse(text, CaseFields())->normal_form(); };
  EXPECT_EQ(normal("status=OPEN  AND (due_time<\"2026-01-01T08:00:00+08:00\")"),
            normal("status = CASE_STATUS_OPEN due_time < '2026-01-01T00:00:00Z'"));
  EXPECT_NE(normal("subject = \"a*\""), normal(R"(subject = "a\*")"));
  EXPECT_NE(normal("open = true OR open = false"), normal("open = true AND open = false"));
  EXPECT_EQ(normal(""), "");
}

TEST(Filter, KnowsWhichValuesAFieldMustHave) {
  const auto values = [](std::string_view text, std::string_view field) {
    std::vector<int64_t> numbers;
    for (const FilterLiteral& literal : Filter::Parse(text, CaseFields())->MustBeOneOf(field))
      numbers.push_back(literal.number);
    return numbers;
  };
  EXPECT_THAT(values("kind = COMPLAINT status = OPEN OR status = WAITING OR status = OPEN", "status"),
              testing::ElementsAre(1, 4));
  EXPECT_THAT(values("status = OPEN OR kind = COMPLAINT", "status"), testing::IsEmpty());
  EXPECT_THAT(values("NOT status = OPEN", "status"), testing::IsEmpty());
  EXPECT_THAT(values("status != OPEN", "status"), testing::IsEmpty());
}

TEST(Filter, KnowsWhichElementAListMustHave) {
  const auto texts = [](std::string_view text) {
    std::vector<std::string> found;
    for (const FilterLiteral& literal : Filter::Parse(text, CaseFields())->MustBeOneOf("external_number"))
      found.push_back(literal.text);
    return found;
  };
  EXPECT_THAT(texts("external_number:a OR external_number:b"), testing::ElementsAre("a", "b"));
  EXPECT_THAT(texts("open = true external_number:a"), testing::ElementsAre("a"));
  EXPECT_THAT(texts("external_number:a*"), testing::IsEmpty());
  EXPECT_THAT(texts("external_number:*"), testing::IsEmpty());
  EXPECT_THAT(Filter::Parse("subject:a", CaseFields())->MustBeOneOf("subject"), testing::IsEmpty()) << "contains";
}

TEST(Filter, KnowsWhatTimeAFieldMustBeBefore) {
  const auto before = [](std::string_view text) {
    return Filter::Parse(text, CaseFields())->MustBeBefore("due_time");
  };
  const absl::Time one = absl::FromUnixSeconds(1), two = absl::FromUnixSeconds(2);
  EXPECT_EQ(before("due_time < 1970-01-01T00:00:01Z"), one);
  EXPECT_GT(before("due_time <= 1970-01-01T00:00:01Z"), one);
  EXPECT_LT(before("due_time <= 1970-01-01T00:00:01Z"), two);
  EXPECT_EQ(before("due_time < 1970-01-01T00:00:02Z open = true due_time < 1970-01-01T00:00:01Z"), one);
  for (const char* open : {"", "due_time > 1970-01-01T00:00:01Z", "NOT due_time < 1970-01-01T00:00:01Z",
                           "due_time < 1970-01-01T00:00:01Z OR open = true", "open_time < 1970-01-01T00:00:01Z"})
    EXPECT_EQ(before(open), absl::InfiniteFuture()) << open;
}

// --- property: random filters against an evaluation that shares nothing with the parser ---

struct Random {
  std::mt19937_64 engine;
  int Below(int n) { return static_cast<int>(engine() % static_cast<uint64_t>(n)); }
};

Case RandomCase(Random& random) {
  Case row;
  row.set_case_id(std::string(1, static_cast<char>('a' + random.Below(3))) + std::to_string(random.Below(3)));
  row.set_status(static_cast<events::v1::CaseStatus>(random.Below(9)));
  row.set_escalation_level(random.Below(4));
  if (random.Below(2)) row.set_in_time(random.Below(2));
  if (random.Below(2)) *row.mutable_due_at() = ToProto(absl::FromUnixSeconds(random.Below(4)));
  return row;
}

using Truth = std::function<bool(const Case&)>;
struct Made {
  std::string text;
  Truth truth;
};

constexpr const char* kOrders[] = {"=", "!=", "<", "<=", ">", ">="};
template <class T>
bool Compare(int order, const T& a, const T& b) {
  const bool results[] = {a == b, a != b, a<b, a <= b, a> b, a >= b};
  return results[order];
}

Made RandomLeaf(Random& random) {
  const int value = random.Below(4);
  const int order = random.Below(6);
  switch (random.Below(6)) {
    case 0:
      return {fmt::format("escalation_level {} {}", kOrders[order], value),
              [=](const Case& row) { return Compare<int64_t>(order, row.escalation_level(), value); }};
    case 1: {
      const std::string id = std::string(1, static_cast<char>('a' + random.Below(3))) + std::to_string(value);
      return {fmt::format("case_id {} \"{}\"", kOrders[order], id),
              [=](const Case& row) { return Compare<std::string>(order, row.case_id(), id); }};
    }
    case 2: {
      const auto status = static_cast<events::v1::CaseStatus>(random.Below(9));
      const bool equal = random.Below(2);
      return {fmt::format("status{}{}", equal ? "=" : "!=", events::v1::CaseStatus_Name(status)),
              [=](const Case& row) { return (row.status() == status) == equal; }};
    }
    case 3:
      return {fmt::format("due_time{}1970-01-01T00:00:0{}Z", kOrders[order], value), [=](const Case& row) {
                return row.has_due_at() && Compare<int64_t>(order, row.due_at().seconds(), value);
              }};
    case 4:
      return {fmt::format("in_time:{}", value % 2 ? "true" : "false"),
              [=](const Case& row) { return row.has_in_time() && row.in_time() == (value % 2 == 1); }};
    default: {
      const std::string start(1, static_cast<char>('a' + random.Below(3)));
      return {fmt::format("case_id = {}*", start), [=](const Case& row) { return row.case_id()[0] == start[0]; }};
    }
  }
}

Made RandomFilter(Random& random, int depth) {
  const int shape = depth == 0 ? 0 : random.Below(4);
  if (shape == 0) return RandomLeaf(random);
  const Made a = RandomFilter(random, depth - 1);
  if (shape == 1)
    return {(random.Below(2) ? "NOT (" : "-(") + a.text + ")", [=](const Case& row) { return !a.truth(row); }};
  const Made b = RandomFilter(random, depth - 1);
  if (shape == 2)
    return {"(" + a.text + ")" + (random.Below(2) ? " AND " : " ") + "(" + b.text + ")",
            [=](const Case& row) { return a.truth(row) && b.truth(row); }};
  return {"(" + a.text + ") OR (" + b.text + ")", [=](const Case& row) { return a.truth(row) || b.truth(row); }};
}

TEST(FilterProperty, AgreesWithBruteForceOnRandomRows) {
  const char* given = std::getenv("KEFU_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  Random random{std::mt19937_64(seed)};
  std::vector<Case> rows;
  for (int i = 0; i < 100; ++i) rows.push_back(RandomCase(random));
  for (int i = 0; i < 500; ++i) {
    const Made made = RandomFilter(random, 4);
    const auto filter = Filter::Parse(made.text, CaseFields());
    ASSERT_TRUE(filter.ok()) << made.text << ": " << ToString(filter.status());
    const auto again = Filter::Parse(filter->normal_form(), CaseFields());
    ASSERT_TRUE(again.ok()) << filter->normal_form();
    ASSERT_EQ(again->normal_form(), filter->normal_form());
    for (const Case& row : rows) {
      ASSERT_EQ(filter->Matches(row), made.truth(row)) << made.text << "\n" << row.ShortDebugString();
      ASSERT_EQ(again->Matches(row), made.truth(row)) << filter->normal_form();
    }
  }
}

}  // namespace
}  // namespace kefu::query
