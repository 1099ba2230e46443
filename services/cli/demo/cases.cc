#include "services/cli/demo/cases.h"

#include <fmt/format.h>

#include <array>

#include "platform/base/time.h"
#include "services/cli/demo/contacts.h"
#include "services/cli/demo/matters.h"
#include "services/cli/demo/people.h"

namespace kefu::cli {
namespace {

using events::v1::CaseOpening;
using events::v1::Channel;
using events::v1::Event;

constexpr std::array<Weighted<Channel>, 6> kWaysIn = {{{45, events::v1::CHANNEL_PHONE},
                                                       {18, events::v1::CHANNEL_APP},
                                                       {14, events::v1::CHANNEL_WECHAT},
                                                       {10, events::v1::CHANNEL_EMAIL},
                                                       {8, events::v1::CHANNEL_COUNTER},
                                                       {5, events::v1::CHANNEL_WEB_CHAT}}};

// Where the securities regulator's hot line numbers what it passes on.
constexpr std::string_view kHotLine = "cn.csrc.12386";

// The clock of one case: runs on in office hours only.
class CaseClock {
 public:
  CaseClock(DemoRandom& random, const Workdays& workdays, absl::CivilDay day)
      : random_(random), workdays_(workdays), day_(day), minute_(random.Between(515, 960)) {
    if (!workdays_.IsOpen(day_)) day_ = workdays_.Add(day_, 1);
  }
  absl::CivilDay day() const { return day_; }
  absl::Time now() const { return AtBranch(day_, minute_); }
  absl::CivilDay WorkdaysAhead(int64_t count) const { return workdays_.Add(day_, count); }
  absl::Time After(int64_t least_minutes, int64_t most_minutes) {
    minute_ += random_.Between(least_minutes, most_minutes);
    while (minute_ > 1050) {
      // What is left over goes on the next working morning.
      minute_ = 510 + (minute_ - 1050) % 540;
      day_ = workdays_.Add(day_, 1);
    }
    return now();
  }
  absl::Time Days(int64_t least, int64_t most) {
    day_ = workdays_.Add(day_, random_.Between(least, most));
    return After(0, 90);
  }
  // Not before `at`.
  void CatchUp(absl::Time at) {
    if (at <= now()) return;
    day_ = BranchDay(at);
    minute_ = BranchMinute(at) + 1;
  }

 private:
  DemoRandom& random_;
  const Workdays& workdays_;
  absl::CivilDay day_;
  int64_t minute_;
};

// Writes the steps of one case.
class CaseLife {
 public:
  CaseLife(DemoRandom& random, History& history, absl::CivilDay day, bool complaint)
      : random_(random),
        history_(history),
        clock_(random, history.office().workdays, day),
        case_id_(history.NewId(complaint ? "K" : "R")),
        complaint_(complaint),
        agent_(MakeAgent(random)),
        matter_(complaint ? DrawComplaint(random) : DrawRequest(random)) {}

  void IsAboutOutage(absl::CivilDay day) {
    matter_ = OutageMatter();
    matter_id_ = fmt::format("M-{}-outage", absl::FormatCivilTime(day));
    // Some are only later found to belong to it.
    joins_later_ = random_.Chance(250);
  }

  void Write() {
    if (IsForgotten()) return Open(/*live=*/true);
    Open(/*live=*/false);
    if (complaint_ ? random_.Chance(960) : random_.Chance(250)) Acknowledge();
    Assign(agent_, complaint_ ? "complaints" : "service-desk");
    if (random_.Chance(complaint_ ? 60 : 50)) return Withdraw();
    Start();
    if (random_.Chance(complaint_ ? 700 : 200)) SetNextAction();
    if (joins_later_) Step(clock_.After(5, 90), &Event::mutable_case_matter_set).set_matter_id(matter_id_);
    if (complaint_ && !referred_ && random_.Chance(50)) Refer();
    if (random_.Chance(complaint_ ? 550 : 280)) WaitAndResume();
    if (random_.Chance(complaint_ ? 160 : 25)) Escalate();
    if (random_.Chance(400)) Note();
    if (random_.Chance(120)) Work();
    if (random_.Chance(100)) Reclassify();
    if (complaint_ && random_.Chance(250)) Respond(events::v1::CASE_RESPONSE_KIND_HOLDING);
    if (complaint_ && random_.Chance(550)) Propose();
    Resolve();
    const bool again = random_.Chance(complaint_ ? 90 : 35);
    if (again) ReopenAndResolve();
    if (random_.Chance(complaint_ ? 500 : 250)) AddRating(random_, history_, clock_.After(30, 400), "", case_id_);
    if (complaint_ && random_.Chance(200)) AddCallBack(random_, history_, clock_.After(10, 60), "complaint", "", case_id_);
    if (random_.Chance(900)) Close();
  }

 private:
  template <class Body>
  Body& Step(absl::Time at, Body* (Event::*body)()) {
    Body& made = *(history_.Add(at, "case-desk", agent_).*body)();
    made.set_case_id(case_id_);
    return made;
  }

  // A few complaints of the last days are lying in a queue. They are not told as the past: their clocks run, and the
  // server says so when they are missed.
  bool IsForgotten() {
    const bool forgotten = random_.Chance(220);
    return complaint_ && forgotten && history_.end() - clock_.now() < absl::Hours(24 * 14);
  }

  void Open(bool live) {
    // One complaint in twenty comes by way of the regulator's line, not by a contact of the branch.
    referred_ = complaint_ && random_.Chance(50);
    channel_ = referred_ ? events::v1::CHANNEL_REGULATOR : Draw(random_, kWaysIn);
    Met met;
    if (!referred_)
      met = AddContact(random_, history_,
                       {.at = clock_.now(), .channel = channel_, .topic = matter_.category, .case_id = case_id_});
    Event& event = history_.Add(clock_.After(1, 20), "case-desk", agent_);
    event.set_imported(!live);
    const auto priority = DrawPriority();
    const bool has_amount = random_.Chance(400);
    const int64_t amount = random_.Between(5, 900) * 10'000;
    const bool names_staff = random_.Chance(200);
    const bool alleges = random_.Chance(15);
    CaseOpening* opening = nullptr;
    if (complaint_) {
      auto& complaint = *event.mutable_complaint_received();
      complaint.set_case_id(case_id_);
      const bool written = channel_ == events::v1::CHANNEL_EMAIL || channel_ == events::v1::CHANNEL_REGULATOR;
      complaint.set_form(written ? events::v1::COMPLAINT_FORM_WRITTEN : events::v1::COMPLAINT_FORM_ORAL);
      if (has_amount) SetMoney(history_, amount, complaint.mutable_disputed_amount());
      if (names_staff) complaint.add_associated_staff_ids(history_.broker);
      complaint.set_alleges_theft_or_forgery(alleges);
      if (!joins_later_) complaint.set_matter_id(matter_id_);
      if (referred_) SetReference(complaint.mutable_external());
      opening = complaint.mutable_opening();
    } else {
      auto& request = *event.mutable_service_request_opened();
      request.set_case_id(case_id_);
      if (matter_.subcategory == "raise_limit") SetMoney(history_, amount * 10, request.mutable_amount());
      opening = request.mutable_opening();
    }
    opening->set_channel(channel_);
    SetCode("kefu.topic", matter_.category, opening->mutable_category());
    SetCode("kefu.topic", matter_.subcategory, opening->mutable_subcategory());
    opening->set_priority(priority);
    opening->set_subject(std::string(matter_.subject));
    opening->set_description(std::string(matter_.words));
    opening->set_product_id(std::string(matter_.product));
    opening->set_contact_id(met.id);
    opening->set_team(complaint_ ? "complaints" : "service-desk");
    // Of complaints the policies say when they are due.
    if (!complaint_) *opening->mutable_due_at() = ToProto(AtBranch(clock_.WorkdaysAhead(3), 1050));
  }

  void Acknowledge() {
    Step(clock_.After(5, 400), &Event::mutable_case_acknowledged)
        .set_channel(channel_ == events::v1::CHANNEL_REGULATOR ? events::v1::CHANNEL_LETTER : channel_);
  }
  void Assign(const std::string& staff, std::string_view team) {
    auto& assigned = Step(clock_.After(1, 120), &Event::mutable_case_assigned);
    assigned.set_assignee_id(staff);
    assigned.set_team(std::string(team));
  }
  void Start() { Step(clock_.After(5, 300), &Event::mutable_case_started); }
  void SetNextAction() {
    static constexpr std::array<std::string_view, 4> kActions = {"call_client", "send_answer", "ask_exchange",
                                                                 "check_records"};
    const std::string_view action = random_.Pick(kActions);
    const int64_t days = random_.Between(1, 4);
    auto& next = Step(clock_.After(1, 30), &Event::mutable_case_next_action_set);
    SetCode("kefu.action", action, next.mutable_action());
    next.set_owner_id(agent_);
    *next.mutable_due_at() = ToProto(AtBranch(clock_.WorkdaysAhead(days), 1050));
  }
  void SetReference(events::v1::ExternalReference* external) {
    external->set_scheme(std::string(kHotLine));
    external->set_number(fmt::format("12386-{}", case_id_.substr(2)));
    *external->mutable_forwarded_at() = ToProto(clock_.now() - absl::Hours(20));
    *external->mutable_due_at() = ToProto(AtBranch(clock_.WorkdaysAhead(10), 1050));
  }
  void Refer() {
    referred_ = true;
    const absl::Time at = clock_.Days(1, 3);
    SetReference(Step(at, &Event::mutable_case_referred).mutable_external());
  }
  void WaitAndResume() {
    static constexpr std::array<Weighted<events::v1::WaitingOn>, 4> kOn = {{{60, events::v1::WAITING_ON_CLIENT},
                                                                            {20, events::v1::WAITING_ON_INTERNAL},
                                                                            {12, events::v1::WAITING_ON_EXCHANGE},
                                                                            {8, events::v1::WAITING_ON_EVIDENCE}}};
    const auto on = Draw(random_, kOn);
    auto& waits = Step(clock_.After(20, 300), &Event::mutable_case_wait_started);
    waits.set_waiting_on(on);
    *waits.mutable_until() = ToProto(AtBranch(clock_.WorkdaysAhead(5), 1050));
    const absl::Time back = clock_.Days(1, 4);
    if (on == events::v1::WAITING_ON_CLIENT)
      AddContact(random_, history_,
                 {.at = back, .channel = events::v1::CHANNEL_PHONE, .topic = "papers", .case_id = case_id_});
    Step(clock_.After(1, 60), &Event::mutable_case_resumed);
  }
  void Escalate() {
    auto& escalated = Step(clock_.After(30, 600), &Event::mutable_case_escalated);
    escalated.set_escalated_to(complaint_ ? "compliance" : "head-office");
    SetCode("kefu.cause", "amount", escalated.mutable_cause());
    agent_ = "M-01";
    Assign(agent_, "compliance");
  }
  void Note() { Step(clock_.After(10, 500), &Event::mutable_case_note_added).set_text("已聯絡客戶，補充資料如附件。"); }
  void Work() {
    auto& work = Step(clock_.After(10, 300), &Event::mutable_case_work_recorded);
    SetCode("kefu.activity", "check_records", work.mutable_activity());
    work.set_phase(events::v1::WORK_PHASE_COMPLETED);
    work.set_staff_id(agent_);
    *work.mutable_started_at() = ToProto(clock_.now() - absl::Minutes(9));
  }
  void Reclassify() {
    Step(clock_.After(5, 200), &Event::mutable_case_reclassified).set_priority(events::v1::CASE_PRIORITY_HIGH);
  }
  void Respond(events::v1::CaseResponseKind kind) {
    const bool final = kind == events::v1::CASE_RESPONSE_KIND_FINAL;
    const absl::Time at = final ? clock_.After(5, 90) : clock_.Days(1, 3);
    auto& response = Step(at, &Event::mutable_case_response_sent);
    response.set_kind(kind);
    response.set_channel(channel_ == events::v1::CHANNEL_EMAIL ? events::v1::CHANNEL_EMAIL
                                                               : events::v1::CHANNEL_LETTER);
    SetCode("kefu.response_item", "reasons", response.add_items());
    if (kind != events::v1::CASE_RESPONSE_KIND_HOLDING)
      SetCode("kefu.response_item", "referral_rights", response.add_items());
    response.set_template_id(final ? "complaint-final" : "complaint-note");
    response.set_template_version("2025-01");
    if (!final) {
      SetCode("kefu.response_item", "expected_by", response.add_items());
      *response.mutable_expected_by() = ToProto(AtBranch(clock_.WorkdaysAhead(10), 1050));
    }
    SetEvidence(fmt::format("{}-{}.pdf", case_id_, final ? "final" : "note"), "application/pdf",
                response.add_evidence());
    // The letter is a contact as well; what the law demands may be sent to everyone.
    AddContact(random_, history_,
               {.at = clock_.After(1, 5),
                .channel = events::v1::CHANNEL_LETTER,
                .direction = events::v1::DIRECTION_OUTBOUND,
                .topic = "complaint_answer",
                .purpose = "legal",
                .case_id = case_id_,
                .staff = agent_});
  }
  void Propose() {
    const absl::Time at = clock_.Days(0, 4);
    const bool pays = random_.Chance(500);
    const int64_t amount = random_.Between(1, 200) * 1'000;
    auto& proposed = Step(at, &Event::mutable_case_resolution_proposed);
    proposed.set_text("退還差額並更正紀錄");
    if (pays) SetMoney(history_, amount, proposed.mutable_redress());
    const Met met = AddContact(random_, history_,
                               {.at = clock_.After(10, 200),
                                .channel = events::v1::CHANNEL_PHONE,
                                .direction = events::v1::DIRECTION_OUTBOUND,
                                .topic = "complaint_follow_up",
                                .case_id = case_id_,
                                .staff = agent_});
    if (!met.id.empty()) clock_.CatchUp(met.at);
  }
  void Resolve() {
    static constexpr std::array<Weighted<events::v1::CaseOutcome>, 3> kComplaintEnds = {
        {{50, events::v1::CASE_OUTCOME_FULFILLED},
         {25, events::v1::CASE_OUTCOME_PARTLY},
         {25, events::v1::CASE_OUTCOME_DECLINED}}};
    static constexpr std::array<Weighted<std::string_view>, 4> kCauses = {
        {{45, "process"}, {25, "system"}, {20, "misunderstanding"}, {10, "staff"}}};
    const absl::Time at = complaint_ ? clock_.Days(1, 9) : clock_.Days(0, 3);
    const auto outcome = complaint_            ? Draw(random_, kComplaintEnds)
                         : random_.Chance(930) ? events::v1::CASE_OUTCOME_FULFILLED
                                               : events::v1::CASE_OUTCOME_DECLINED;
    const std::string_view cause = matter_.subcategory == "system_outage" ? "system" : Draw(random_, kCauses);
    const bool pays = random_.Chance(450);
    const int64_t amount = random_.Between(1, 200) * 1'000;
    auto& resolved = Step(at, &Event::mutable_case_resolved);
    resolved.set_outcome(outcome);
    resolved.set_resolver_id(agent_);
    if (!complaint_) return;
    SetCode("kefu.cause", cause, resolved.mutable_root_cause());
    if (pays && outcome != events::v1::CASE_OUTCOME_DECLINED) SetMoney(history_, amount, resolved.mutable_redress());
    const int64_t answer = random_.Below(1000);
    if (answer < 800) Respond(events::v1::CASE_RESPONSE_KIND_FINAL);
    if (answer >= 800 && answer < 900) Respond(events::v1::CASE_RESPONSE_KIND_SUMMARY);
  }
  void ReopenAndResolve() {
    AddContact(random_, history_,
               {.at = clock_.Days(1, 6),
                .channel = events::v1::CHANNEL_PHONE,
                .topic = "complaint_follow_up",
                .case_id = case_id_});
    SetCode("kefu.cause", "client_not_satisfied",
            Step(clock_.After(1, 20), &Event::mutable_case_reopened).mutable_cause());
    Start();
    Resolve();
  }
  void Close() { Step(clock_.Days(1, 5), &Event::mutable_case_closed); }
  void Withdraw() {
    SetCode("kefu.cause", "settled_otherwise", Step(clock_.Days(0, 3), &Event::mutable_case_withdrawn).mutable_cause());
  }

  events::v1::CasePriority DrawPriority() {
    static constexpr std::array<Weighted<events::v1::CasePriority>, 4> kPriorities = {
        {{3, events::v1::CASE_PRIORITY_CRITICAL},
         {17, events::v1::CASE_PRIORITY_HIGH},
         {60, events::v1::CASE_PRIORITY_MODERATE},
         {20, events::v1::CASE_PRIORITY_LOW}}};
    return Draw(random_, kPriorities);
  }

  DemoRandom& random_;
  History& history_;
  CaseClock clock_;
  const std::string case_id_;
  const bool complaint_;
  std::string agent_;
  Matter matter_;
  std::string matter_id_;
  bool joins_later_ = false;
  // A regulator's number came with it.
  bool referred_ = false;
  Channel channel_ = events::v1::CHANNEL_PHONE;
};

}  // namespace

void AddComplaint(DemoRandom& random, History& history, absl::CivilDay day) {
  CaseLife(random, history, day, true).Write();
}

void AddRequest(DemoRandom& random, History& history, absl::CivilDay day) {
  CaseLife(random, history, day, false).Write();
}

void AddOutageComplaint(DemoRandom& random, History& history, absl::CivilDay day) {
  CaseLife life(random, history, day, true);
  life.IsAboutOutage(day);
  life.Write();
}

}  // namespace kefu::cli
