#include <fmt/format.h>

#include <array>

#include "platform/base/time.h"
#include "services/cli/demo/history.h"
#include "services/cli/demo/people.h"

namespace kefu::cli {
namespace {

using events::v1::CaseOpening;
using events::v1::Channel;
using events::v1::Event;

struct Matter {
  std::string_view category;
  std::string_view subcategory;
  std::string_view subject;
};

constexpr std::array<Weighted<Matter>, 8> kComplaints = {
    {{20, {"fees", "commission", "手續費與約定不符"}},
     {15, {"trading", "order_not_executed", "委託未成交"}},
     {12, {"trading", "system_outage", "App 無法下單"}},
     {12, {"service", "no_callback", "Nobody called back"}},
     {10, {"statement", "wrong_amount", "對帳單金額錯誤"}},
     {8, {"advice", "unsuitable_product", "推薦的產品不適合"}},
     {5, {"transfer", "late_payment", "出金延遲"}},
     {3, {"fees", "margin_interest", "Margin interest was charged twice"}}}};

constexpr std::array<Weighted<Matter>, 8> kRequests = {
    {{20, {"account", "change_address", "變更通訊地址"}},
     {18, {"statement", "copy", "補寄對帳單"}},
     {14, {"account", "reset_password", "重設密碼"}},
     {12, {"trading", "raise_limit", "提高交易額度"}},
     {10, {"transfer", "securities_transfer", "匯撥股票"}},
     {8, {"margin", "open_margin_account", "開立信用帳戶"}},
     {6, {"account", "add_authorised_person", "Add an authorised person"}},
     {4, {"tax", "dividend_certificate", "股利憑單"}}}};

constexpr std::array<Weighted<Channel>, 6> kWaysIn = {{{45, events::v1::CHANNEL_PHONE},
                                                       {18, events::v1::CHANNEL_APP},
                                                       {14, events::v1::CHANNEL_WECHAT},
                                                       {10, events::v1::CHANNEL_EMAIL},
                                                       {8, events::v1::CHANNEL_COUNTER},
                                                       {5, events::v1::CHANNEL_WEB_CHAT}}};

// The clock of one case: runs on in office hours only.
class CaseClock {
 public:
  CaseClock(DemoRandom& random, absl::CivilDay day) : random_(random), day_(day), minute_(random.Between(515, 960)) {
    if (!IsWorkday(day_)) day_ = AddWorkdays(day_, 1);
  }
  absl::CivilDay day() const { return day_; }
  absl::Time now() const { return AtBranch(day_, minute_); }
  absl::Time After(int64_t least_minutes, int64_t most_minutes) {
    minute_ += random_.Between(least_minutes, most_minutes);
    while (minute_ > 1050) {
      // What is left over goes on the next working morning.
      minute_ = 510 + (minute_ - 1050) % 540;
      day_ = AddWorkdays(day_, 1);
    }
    return now();
  }
  absl::Time Days(int64_t least, int64_t most) {
    day_ = AddWorkdays(day_, random_.Between(least, most));
    return After(0, 90);
  }

 private:
  DemoRandom& random_;
  absl::CivilDay day_;
  int64_t minute_;
};

// Writes the steps of one case.
class CaseLife {
 public:
  CaseLife(DemoRandom& random, History& history, absl::CivilDay day, std::string case_id, bool complaint)
      : random_(random),
        history_(history),
        clock_(random, day),
        case_id_(std::move(case_id)),
        complaint_(complaint),
        agent_(MakeAgent(random)) {}

  void Write() {
    Open();
    if (complaint_ ? random_.Chance(960) : random_.Chance(250)) Acknowledge();
    Assign(agent_, complaint_ ? "complaints" : "service-desk");
    if (random_.Chance(complaint_ ? 60 : 50)) return Withdraw();
    Start();
    if (random_.Chance(complaint_ ? 550 : 280)) WaitAndResume();
    if (random_.Chance(complaint_ ? 160 : 25)) Escalate();
    if (random_.Chance(400)) Note();
    if (random_.Chance(100)) Reclassify();
    if (complaint_ && random_.Chance(550)) Propose();
    Resolve();
    if (random_.Chance(complaint_ ? 90 : 35)) ReopenAndResolve();
    if (random_.Chance(900)) Close();
  }

 private:
  template <class Body>
  Body& Step(absl::Time at, Body* (Event::*body)()) {
    Body& made = *(history_.Add(at, "case-desk", agent_).*body)();
    made.set_case_id(case_id_);
    return made;
  }

  void Open() {
    const Matter matter = complaint_ ? Draw(random_, kComplaints) : Draw(random_, kRequests);
    // One complaint in twenty comes by way of the regulator's line, not by a contact of the branch.
    const bool passed_on = complaint_ && random_.Chance(50);
    channel_ = passed_on ? events::v1::CHANNEL_REGULATOR : Draw(random_, kWaysIn);
    const std::string contact = passed_on ? ""
                                          : AddContact(random_, history_, clock_.now(), channel_,
                                                       events::v1::DIRECTION_INBOUND, matter.category, case_id_);
    Event& event = history_.Add(clock_.After(1, 20), "case-desk", agent_);
    CaseOpening* opening = nullptr;
    if (complaint_) {
      auto& complaint = *event.mutable_complaint_received();
      complaint.set_case_id(case_id_);
      complaint.set_form(channel_ == events::v1::CHANNEL_EMAIL ? events::v1::COMPLAINT_FORM_WRITTEN
                                                               : events::v1::COMPLAINT_FORM_ORAL);
      if (random_.Chance(400)) SetMoney(random_.Between(5, 900) * 10'000, complaint.mutable_disputed_amount());
      if (random_.Chance(200)) complaint.add_associated_staff_ids(MakeBroker(random_));
      opening = complaint.mutable_opening();
    } else {
      event.mutable_service_request_opened()->set_case_id(case_id_);
      opening = event.mutable_service_request_opened()->mutable_opening();
    }
    opening->set_channel(channel_);
    SetCode("kefu.topic", matter.category, opening->mutable_category());
    SetCode("kefu.topic", matter.subcategory, opening->mutable_subcategory());
    opening->set_priority(DrawPriority());
    opening->set_subject(std::string(matter.subject));
    opening->set_contact_id(contact);
    opening->set_team(complaint_ ? "complaints" : "service-desk");
    *opening->mutable_due_at() = ToProto(AtBranch(AddWorkdays(clock_.day(), complaint_ ? 15 : 3), 1050));
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
  void WaitAndResume() {
    static constexpr std::array<Weighted<events::v1::WaitingOn>, 4> kOn = {{{60, events::v1::WAITING_ON_CLIENT},
                                                                            {20, events::v1::WAITING_ON_INTERNAL},
                                                                            {12, events::v1::WAITING_ON_EXCHANGE},
                                                                            {8, events::v1::WAITING_ON_EVIDENCE}}};
    const auto on = Draw(random_, kOn);
    Step(clock_.After(20, 300), &Event::mutable_case_wait_started).set_waiting_on(on);
    const absl::Time back = clock_.Days(1, 4);
    if (on == events::v1::WAITING_ON_CLIENT)
      AddContact(random_, history_, back, events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND, "papers", case_id_);
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
  void Reclassify() {
    Step(clock_.After(5, 200), &Event::mutable_case_reclassified).set_priority(events::v1::CASE_PRIORITY_HIGH);
  }
  void Propose() {
    auto& proposed = Step(clock_.Days(0, 4), &Event::mutable_case_resolution_proposed);
    proposed.set_text("退還差額並更正紀錄");
    if (random_.Chance(500)) SetMoney(random_.Between(1, 200) * 1'000, proposed.mutable_redress());
    AddContact(random_, history_, clock_.After(10, 200), events::v1::CHANNEL_PHONE, events::v1::DIRECTION_OUTBOUND,
               "complaint_follow_up", case_id_);
  }
  void Resolve() {
    static constexpr std::array<Weighted<events::v1::CaseOutcome>, 3> kComplaintEnds = {
        {{50, events::v1::CASE_OUTCOME_FULFILLED},
         {25, events::v1::CASE_OUTCOME_PARTLY},
         {25, events::v1::CASE_OUTCOME_DECLINED}}};
    auto& resolved = Step(complaint_ ? clock_.Days(1, 9) : clock_.Days(0, 3), &Event::mutable_case_resolved);
    resolved.set_outcome(complaint_            ? Draw(random_, kComplaintEnds)
                         : random_.Chance(930) ? events::v1::CASE_OUTCOME_FULFILLED
                                               : events::v1::CASE_OUTCOME_DECLINED);
    if (complaint_)
      SetCode("kefu.cause", random_.Chance(600) ? "process" : "misunderstanding", resolved.mutable_root_cause());
    if (complaint_ && random_.Chance(300)) SetMoney(random_.Between(1, 200) * 1'000, resolved.mutable_redress());
    resolved.set_resolver_id(agent_);
  }
  void ReopenAndResolve() {
    AddContact(random_, history_, clock_.Days(1, 6), events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND,
               "complaint_follow_up", case_id_);
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

  static void SetMoney(int64_t minor_units, events::v1::Money* money) {
    money->set_minor_units(minor_units);
    money->set_currency("TWD");
  }

  DemoRandom& random_;
  History& history_;
  CaseClock clock_;
  const std::string case_id_;
  const bool complaint_;
  std::string agent_;
  Channel channel_ = events::v1::CHANNEL_PHONE;
};

}  // namespace

void AddComplaint(DemoRandom& random, History& history, absl::CivilDay day, int64_t number) {
  CaseLife(random, history, day, fmt::format("K-{}-{}", history.client_id().substr(2), number), true).Write();
}

void AddRequest(DemoRandom& random, History& history, absl::CivilDay day, int64_t number) {
  CaseLife(random, history, day, fmt::format("R-{}-{}", history.client_id().substr(2), number), false).Write();
}

}  // namespace kefu::cli
