#include "services/cli/demo/contacts.h"

#include <algorithm>
#include <array>

#include "platform/base/time.h"
#include "services/cli/demo/people.h"

namespace kefu::cli {

namespace {

using namespace events::v1;

constexpr std::array<Weighted<Channel>, 10> kInbound = {{{34, CHANNEL_PHONE},
                                                         {22, CHANNEL_APP},
                                                         {14, CHANNEL_WECHAT},
                                                         {8, CHANNEL_WEB_CHAT},
                                                         {7, CHANNEL_EMAIL},
                                                         {5, CHANNEL_COUNTER},
                                                         {4, CHANNEL_IVR},
                                                         {3, CHANNEL_SELF_SERVICE},
                                                         {2, CHANNEL_VISIT},
                                                         {1, CHANNEL_LETTER}}};
constexpr std::array<Weighted<Channel>, 6> kOutbound = {{{52, CHANNEL_PHONE},
                                                         {18, CHANNEL_WECHAT},
                                                         {14, CHANNEL_EMAIL},
                                                         {9, CHANNEL_SMS},
                                                         {5, CHANNEL_VISIT},
                                                         {2, CHANNEL_LETTER}}};
constexpr std::array<Weighted<std::string_view>, 11> kTopics = {{{26, "trading"},
                                                                 {18, "market_query"},
                                                                 {12, "statement"},
                                                                 {9, "fees"},
                                                                 {8, "transfer"},
                                                                 {7, "ipo"},
                                                                 {6, "margin"},
                                                                 {5, "dividend"},
                                                                 {4, "password"},
                                                                 {3, "tax"},
                                                                 {2, "account"}}};
struct Errand {
  std::string_view topic;
  std::string_view purpose;
};
constexpr std::array<Weighted<Errand>, 5> kErrands = {{{40, {"product_advice", "marketing"}},
                                                       {25, {"market_query", "service"}},
                                                       {15, {"margin_call", "service"}},
                                                       {12, {"papers", "service"}},
                                                       {8, {"birthday", "marketing"}}}};
constexpr std::array<std::string_view, 6> kSummaries = {
    "客戶詢問委託狀態，已說明。", "Asked how dividends are taxed; explained and sent the leaflet.", "询问融资利率，已告知最新档次。",
    "客戶想了解債券型基金，約下週再談。", "Wants the statement by post from now on.", "说明新股申购流程，客户满意。"};
constexpr std::array<std::string_view, 5> kPromises = {"週五前寄出對帳單", "Send the fee schedule that holds for this account",
                                                       "三个工作日内答复转户进度", "下週一前回覆手續費折扣", "Call before the margin line ends"};
// Of call-backs that the client did not ask for.
constexpr std::array<std::string_view, 2> kQuestions = {"knows_risks", "own_decision"};
constexpr std::array<std::string_view, 4> kPraise = {"很快就接通，說明清楚。", "Friendly and to the point.", "经理很专业", "謝謝，問題解決了"};
constexpr std::array<std::string_view, 4> kBlame = {"等了二十分鐘才有人接。", "Nobody could tell me why.", "答复太慢，没有解决问题",
                                                    "每次都要重新說明一遍"};

bool IsAlone(Channel channel) { return channel == CHANNEL_IVR || channel == CHANNEL_SELF_SERVICE; }
bool IsSpoken(Channel channel) {
  return channel == CHANNEL_PHONE || channel == CHANNEL_COUNTER || channel == CHANNEL_VISIT;
}
bool IsAloneOrWritten(Channel channel) {
  return IsAlone(channel) || channel == CHANNEL_APP || channel == CHANNEL_EMAIL;
}

// Moves an approach of the firm to a channel and a time that the client allows; false if there is none.
bool FitToManners(const History& history, int64_t seconds, Channel* channel, absl::Time* at) {
  const Manners& manners = history.manners;
  if (!manners.AllowsChannel(*channel, *at)) {
    const auto& wanted = manners.At(*at);
    *channel = manners.AllowsChannel(wanted.preferred_channel(), *at)
                   ? wanted.preferred_channel()
                   : static_cast<Channel>(wanted.allowed_channels(0));
  }
  // It is the beginning that must not be in quiet hours. At the end of them another configuration may hold.
  for (int tries = 0; tries < 3; ++tries) {
    const absl::Time begins = IsSpoken(*channel) ? *at - absl::Seconds(seconds) : *at;
    const absl::Duration quiet = manners.QuietAfter(begins, *at);
    if (quiet == absl::ZeroDuration()) return manners.AllowsChannel(*channel, *at);
    *at += quiet + absl::Minutes(2);
  }
  return false;
}

void AddPromise(DemoRandom& random, History& history, const Met& met, const std::string& case_id) {
  const std::string id = history.NewId("P");
  const absl::CivilDay due = history.office().workdays.Add(BranchDay(met.at), random.Between(1, 4));
  const int64_t end = random.Below(1000);
  const int64_t late_days = random.Between(1, 3);
  const int64_t minute = random.Between(560, 1000);
  auto& made = *history.Add(met.at + absl::Minutes(1), "crm", met.staff).mutable_promise_made();
  made.set_promise_id(id);
  made.set_text(std::string(random.Pick(kPromises)));
  made.set_contact_id(met.id);
  made.set_case_id(case_id);
  made.set_owner_id(met.staff);
  *made.mutable_due_at() = ToProto(AtBranch(due, 1050));
  if (end < 60) {
    auto& released = *history.Add(AtBranch(due, 600), "crm", met.staff).mutable_promise_released();
    released.set_promise_id(id);
    SetCode("kefu.cause", "client_waived", released.mutable_cause());
  } else if (end < 880) {
    // One in seven is kept late.
    const absl::CivilDay kept_on = end < 180 ? history.office().workdays.Add(due, late_days) : due;
    const Met told = AddContact(random, history,
                                {.at = AtBranch(kept_on, minute),
                                 .channel = CHANNEL_PHONE,
                                 .direction = DIRECTION_OUTBOUND,
                                 .topic = "promise",
                                 .case_id = case_id,
                                 .staff = met.staff});
    const absl::Time kept_at = told.id.empty() ? AtBranch(kept_on, minute) : told.at + absl::Minutes(1);
    auto& kept = *history.Add(kept_at, "crm", met.staff).mutable_promise_kept();
    kept.set_promise_id(id);
    kept.set_contact_id(told.id);
  }
}

}  // namespace

Met AddContact(DemoRandom& random, History& history, const Approach& approach) {
  // Drawn whether used or not, so that what comes later does not hang on it.
  const int64_t talk = random.Between(25, 900);
  const int64_t visit = random.Between(900, 4'500);
  const bool reached = random.Chance(720);
  const int64_t ending = random.Below(1000);
  const int64_t words = random.Below(1000);
  const bool with_broker = random.Chance(300);
  const std::string agent = MakeAgent(random);
  const bool accompanied = random.Chance(400);

  Channel channel = approach.channel;
  absl::Time at = approach.at;
  const bool outbound = approach.direction == DIRECTION_OUTBOUND;
  const int64_t seconds = channel == CHANNEL_VISIT ? visit : talk;
  const bool by_law = approach.purpose == "legal";
  if (outbound && !by_law) {
    if (!FitToManners(history, seconds, &channel, &at)) return {};
    if (!history.manners.AllowsPurpose(approach.purpose, at)) return {};
  }

  Met met{.at = at, .answered = !outbound || channel != CHANNEL_PHONE || reached};
  met.staff = !approach.staff.empty()     ? approach.staff
              : IsAlone(channel)          ? ""
              : outbound || with_broker   ? history.broker
                                          : agent;
  const std::string_view source = channel == CHANNEL_PHONE || channel == CHANNEL_IVR ? "cti"
                                  : IsSpoken(channel) || outbound                    ? "crm"
                                                                                     : "app";
  Event& event = history.Add(at, source, outbound ? met.staff : "");
  auto& contact = *event.mutable_contact_recorded();
  met.id = "t-" + event.event_id().substr(5);
  contact.set_contact_id(met.id);
  contact.set_channel(channel);
  contact.set_direction(approach.direction);
  SetCode("kefu.topic", approach.topic, contact.mutable_topic());
  SetCode("kefu.outcome",
          !met.answered  ? "no_answer"
          : ending < 120 ? "promised_callback"
          : ending < 190 ? "forwarded"
                         : "answered",
          contact.mutable_outcome());
  if (met.answered && (IsSpoken(channel) || IsAlone(channel))) {
    contact.mutable_duration()->set_seconds(seconds);
    *contact.mutable_started_at() = ToProto(at - absl::Seconds(seconds));
  }
  contact.set_staff_id(met.staff);
  contact.set_case_id(approach.case_id);
  contact.set_call_back_id(approach.call_back_id);
  if (outbound) contact.set_purpose(std::string(approach.purpose));
  if (met.answered && !met.staff.empty() && words < 200)
    contact.set_summary(std::string(kSummaries[static_cast<size_t>(words) % kSummaries.size()]));
  if (met.answered && channel == CHANNEL_PHONE && !met.staff.empty() && words < 60)
    SetEvidence(met.id + ".ogg", "audio/ogg", contact.add_evidence());
  if (channel == CHANNEL_VISIT && accompanied && !history.companion.role().empty())
    *contact.add_attendees() = history.companion;
  return met;
}

void AddDailyContact(DemoRandom& random, History& history, absl::CivilDay day, bool inbound) {
  const bool workday = history.office().workdays.IsOpen(day);
  Channel channel = inbound ? Draw(random, kInbound) : Draw(random, kOutbound);
  // On days off only machines answer.
  if (!workday && !IsAloneOrWritten(channel)) channel = CHANNEL_APP;
  // Two thirds of the talk is while the market is open.
  const bool any_hour = inbound && IsAloneOrWritten(channel);
  const bool in_session = random.Chance(660);
  const int64_t minute = any_hour     ? random.Between(420, 1350)
                         : in_session ? random.Between(540, 810)
                                      : random.Between(811, 1040);
  Approach approach{.at = AtBranch(day, minute) + absl::Seconds(random.Below(60)),
                    .channel = channel,
                    .direction = inbound ? DIRECTION_INBOUND : DIRECTION_OUTBOUND};
  const std::string_view topic = Draw(random, kTopics);
  Errand errand = Draw(random, kErrands);
  // Who does not want advertising is still told about the market.
  if (!history.manners.AllowsPurpose(errand.purpose, approach.at)) errand = {"market_query", "service"};
  approach.topic = inbound ? topic : errand.topic;
  if (!inbound) approach.purpose = errand.purpose;
  const Met met = AddContact(random, history, approach);
  const int64_t then = random.Below(1000);
  if (met.id.empty() || met.staff.empty() || !met.answered || !workday) return;
  if (then < 45) AddPromise(random, history, met, "");
  if (then >= 45 && then < 110) AddRating(random, history, met.at + absl::Minutes(20), met.id, "");
  if (then >= 110 && then < 160) AddCallBack(random, history, met.at + absl::Minutes(2), "asked_for", met.id, "");
}

void AddCallBack(DemoRandom& random, History& history, absl::Time at, std::string_view programme,
                 const std::string& contact_id, const std::string& case_id) {
  const bool asked_for = programme == "asked_for";
  const Workdays& workdays = history.office().workdays;
  const std::string id = history.NewId("CB");
  const absl::CivilDay due = workdays.Add(BranchDay(at), asked_for ? 1 : random.Between(3, 8));
  const int64_t end = random.Below(1000);
  const int64_t days_from_due = random.Between(1, 3);
  const int64_t minute = random.Between(600, 1000);
  const bool finding = random.Chance(history.fate.FadesAt(due) ? 400 : 60);
  const std::string caller = asked_for ? history.broker : MakeAgent(random);

  auto& planned = *history.Add(at, "crm", asked_for ? history.broker : "S-01").mutable_call_back_planned();
  planned.set_call_back_id(id);
  SetCode("kefu.callback", programme, planned.mutable_programme());
  planned.set_contact_id(contact_id);
  planned.set_case_id(case_id);
  if (asked_for) planned.set_owner_id(history.broker);
  if (!asked_for) planned.set_team("call-back");
  *planned.mutable_due_at() = ToProto(AtBranch(due, 1050));
  if (!asked_for)
    for (const auto question : kQuestions) SetCode("kefu.question", question, planned.add_questions());
  // One in ten is still to be done, one in ten was done late.
  if (end >= 900) return;
  const absl::CivilDay called_on = end >= 800 ? workdays.Add(due, days_from_due) : due;
  const auto cancel = [&](std::string_view cause) {
    auto& cancelled = *history.Add(AtBranch(called_on, minute), "crm", caller).mutable_call_back_cancelled();
    cancelled.set_call_back_id(id);
    SetCode("kefu.cause", cause, cancelled.mutable_cause());
  };
  if (end < 40 || history.fate.HasLeft(called_on)) return cancel("client_declined");
  const Met met = AddContact(random, history,
                             {.at = AtBranch(called_on, minute),
                              .channel = CHANNEL_PHONE,
                              .direction = DIRECTION_OUTBOUND,
                              .topic = "call_back",
                              .case_id = case_id,
                              .call_back_id = id,
                              .staff = caller});
  if (met.id.empty()) return cancel("channel_not_allowed");
  // Who did not answer is called until the sample ends: the call-back stays open.
  if (!met.answered) return;
  auto& done = *history.Add(met.at + absl::Minutes(1), "crm", caller).mutable_call_back_done();
  done.set_call_back_id(id);
  done.set_contact_id(met.id);
  done.set_caller_id(caller);
  done.set_caller_is_independent(!asked_for);
  for (const auto question : kQuestions) {
    if (asked_for) break;
    auto& answer = *done.add_answers();
    SetCode("kefu.question", question, answer.mutable_question());
    const bool bad = finding && question == kQuestions[0];
    answer.set_answer(bad ? "客戶表示業務員沒有說明風險" : "是");
    answer.set_is_finding(bad);
  }
  SetCode("kefu.outcome", "answered", done.mutable_outcome());
}

void AddRating(DemoRandom& random, History& history, absl::Time at, const std::string& contact_id,
               const std::string& case_id) {
  static constexpr std::array<Weighted<int>, 5> kContent = {{{46, 5}, {32, 4}, {13, 3}, {6, 2}, {3, 1}}};
  static constexpr std::array<Weighted<int>, 5> kDisappointed = {{{5, 5}, {12, 4}, {24, 3}, {29, 2}, {30, 1}}};
  const bool disappointed = history.fate.FadesAt(BranchDay(at)) || random.Chance(case_id.empty() ? 40 : 220);
  const int score = disappointed ? Draw(random, kDisappointed) : Draw(random, kContent);
  const bool nps = random.Chance(150);
  const bool comments = random.Chance(350);
  const std::string_view comment = score >= 4 ? random.Pick(kPraise) : random.Pick(kBlame);
  auto& rated = *history.Add(at, "survey", "").mutable_satisfaction_rated();
  rated.set_scale(nps ? SATISFACTION_SCALE_NPS : SATISFACTION_SCALE_CSAT);
  rated.set_score(nps ? 2 * score : score);
  rated.set_contact_id(contact_id);
  rated.set_case_id(case_id);
  if (comments) rated.set_comment(std::string(comment));
}

}  // namespace kefu::cli
