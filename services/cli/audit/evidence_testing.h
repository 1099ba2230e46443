#pragma once

// A small log with a complaint in it, for tests: its records, checkpoint and proofs, as a server would send them.

#include <fmt/format.h>

#include <functional>
#include <string>
#include <vector>

#include "kefu/audit/v1/audit.pb.h"
#include "kefu/events/v1/event.pb.h"
#include "platform/base/time.h"
#include "platform/event/record.h"
#include "platform/merkle/merkle_testing.h"

namespace kefu::cli {

inline google::protobuf::Timestamp At(int minutes) {
  google::protobuf::Timestamp time;
  // 2026-03-02 01:00 UTC.
  time.set_seconds(1'772'413'200 + 60 * minutes);
  return time;
}

// What is between the records of a bundle's log.
class SampleLog {
 public:
  explicit SampleLog(int32_t partition = 0, int32_t partitions = 1) : partition_(partition), partitions_(partitions) {}

  // Records an event of client C-1 by staff S-07, `edit` filling the rest.
  events::v1::Verdict& Add(const std::function<void(events::v1::Event&)>& edit) {
    const int number = static_cast<int>(records_.size());
    events::v1::Event event;
    event.set_event_id(fmt::format("e-{}", number));
    event.set_client_id("C-1");
    *event.mutable_occurred_at() = At(number);
    event.set_source("crm");
    event.set_branch_id("0001");
    event.mutable_actor()->set_kind(events::v1::ACTOR_KIND_STAFF);
    event.mutable_actor()->set_id("S-07");
    edit(event);
    return AddBytes(event::RecordedBytes(event, FromProto(At(number)) + absl::Seconds(1)));
  }
  events::v1::Verdict& AddBytes(std::string record) {
    records_.push_back(std::move(record));
    verdicts_.emplace_back().set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
    return verdicts_.back();
  }

  const std::vector<std::string>& records() const { return records_; }

  audit::v1::ExportHead Head(bool whole = true) const {
    audit::v1::ExportHead head;
    head.set_log_id("log-1");
    head.set_partitions(partitions_);
    head.set_verifier_key("kefu+00000000+AQ==");
    auto& newest = *head.mutable_newest();
    newest.set_name(fmt::format("checkpoints/{}", records_.size()));
    *newest.mutable_recorded_time() = At(100);
    newest.set_position("P-1");
    newest.mutable_signed_()->set_note("the note over all\n");
    auto& part = *newest.mutable_signed_()->add_partitions();
    part.set_partition(partition_);
    part.set_size(static_cast<int64_t>(records_.size()));
    part.set_next_offset(part.size());
    part.set_note("the partition's note\n");
    if (!records_.empty()) {
      auto& cover = *head.add_covers();
      cover.set_partition(partition_);
      cover.set_until_offset(part.size());
      cover.set_whole(whole);
    }
    head.set_client_id("C-1");
    head.set_record_count(part.size());
    *head.mutable_made_at() = At(101);
    return head;
  }

  audit::v1::ExportRecord Record(size_t number) const {
    std::vector<merkle::Hash> leaves;
    for (const std::string& record : records_) leaves.push_back(merkle::LeafHash(record));
    audit::v1::ExportRecord exported;
    auto& event = *exported.mutable_event();
    event.set_partition(partition_);
    event.set_offset(static_cast<int64_t>(number));
    event.set_leaf_index(event.offset());
    event.set_record(records_[number]);
    *event.mutable_verdict() = verdicts_[number];
    auto& proof = *exported.mutable_proof();
    proof.set_partition(partition_);
    proof.set_offset(event.offset());
    proof.set_leaf_index(event.offset());
    proof.set_tree_size(static_cast<int64_t>(leaves.size()));
    proof.set_leaf_hash(std::string(merkle::BytesOf(leaves[number])));
    for (const merkle::Hash& hash : merkle::PlainInclusion(leaves, number, 0, leaves.size()))
      proof.add_path(std::string(merkle::BytesOf(hash)));
    return exported;
  }

 private:
  const int32_t partition_;
  const int32_t partitions_;
  std::vector<std::string> records_;
  std::vector<events::v1::Verdict> verdicts_;
};

// A complaint with everything that a case file shows. `text` stands where people wrote something.
inline SampleLog ComplaintLog(const std::string& text = "委託未成交") {
  SampleLog log;
  log.Add([&](auto& event) {
    event.mutable_client_registered()->set_display_name("王小明 " + text);
    event.mutable_client_registered()->add_phones("+886912345678");
  });
  log.Add([&](auto& event) {
    auto& contact = *event.mutable_contact_recorded();
    contact.set_contact_id("T-1");
    contact.set_channel(events::v1::CHANNEL_PHONE);
    contact.set_direction(events::v1::DIRECTION_INBOUND);
    contact.set_staff_id("S-07");
    contact.set_case_id("K-1");
    contact.set_summary(text);
    contact.mutable_duration()->set_seconds(185);
  });
  log.Add([&](auto& event) {
    auto& complaint = *event.mutable_complaint_received();
    complaint.set_case_id("K-1");
    complaint.set_form(events::v1::COMPLAINT_FORM_ORAL);
    complaint.mutable_opening()->set_channel(events::v1::CHANNEL_PHONE);
    complaint.mutable_opening()->set_subject(text);
    complaint.mutable_opening()->set_description("line one\nsecond line " + text);
    complaint.mutable_opening()->set_contact_id("T-1");
    complaint.mutable_disputed_amount()->set_minor_units(1'234'500);
    complaint.mutable_disputed_amount()->set_currency("TWD");
    complaint.mutable_opening()->mutable_category()->set_scheme("kefu.category");
    complaint.mutable_opening()->mutable_category()->set_value("trading");
    complaint.add_associated_staff_ids("S-09");
  });
  log.Add([](auto& event) {
    auto& clock = *event.mutable_clock_started();
    clock.set_case_id("K-1");
    clock.set_clock_id("cn.csrc/answer");
    *clock.mutable_started_at() = At(2);
    *clock.mutable_due_at() = At(60);
    clock.set_confirmed(true);
  });
  log.Add([](auto& event) { event.mutable_case_acknowledged()->set_case_id("K-1"); });
  log.Add([](auto& event) {
    event.mutable_case_assigned()->set_case_id("K-1");
    event.mutable_case_assigned()->set_assignee_id("S-09");
    event.mutable_case_assigned()->set_team("desk-3");
  });
  auto& refused = log.Add([&](auto& event) {
    event.mutable_case_closed()->set_case_id("K-1");
    event.mutable_case_closed()->mutable_cause()->set_value(text);
  });
  refused.set_outcome(events::v1::VERDICT_OUTCOME_REFUSED);
  refused.set_rule("case_not_resolved");
  log.Add([](auto& event) {
    event.mutable_work_reassigned()->set_kind(events::v1::WORK_KIND_CASE);
    event.mutable_work_reassigned()->set_work_id("K-1");
    event.mutable_work_reassigned()->set_from_staff_id("S-09");
    event.mutable_work_reassigned()->set_to_staff_id("S-11");
    event.mutable_work_reassigned()->set_handover_id("H-1");
  });
  log.Add([&](auto& event) {
    event.mutable_case_escalated()->set_case_id("K-1");
    event.mutable_case_escalated()->set_escalated_to("legal " + text);
  });
  log.Add([&](auto& event) {
    auto& promise = *event.mutable_promise_made();
    promise.set_promise_id("P-1");
    promise.set_case_id("K-1");
    promise.set_text(text);
    promise.set_owner_id("S-11");
  });
  log.Add([&](auto& event) {
    event.mutable_case_resolved()->set_case_id("K-1");
    event.mutable_case_resolved()->set_text(text);
    event.mutable_case_resolved()->set_outcome(events::v1::CASE_OUTCOME_PARTLY);
    event.mutable_case_resolved()->mutable_redress()->set_minor_units(50'000);
    event.mutable_case_resolved()->mutable_redress()->set_currency("TWD");
  });
  log.Add([](auto& event) {
    event.mutable_clock_breached()->set_case_id("K-1");
    event.mutable_clock_breached()->set_clock_id("cn.csrc/answer");
  });
  log.Add([&](auto& event) {
    auto& corrected = *event.mutable_event_corrected();
    corrected.set_corrected_event_id("e-10");
    corrected.set_reason(text);
    events::v1::Event right;
    right.set_event_id("e-10");
    right.set_client_id("C-1");
    *right.mutable_occurred_at() = At(10);
    right.mutable_case_resolved()->set_case_id("K-1");
    right.mutable_case_resolved()->set_text("amended: " + text);
    corrected.set_event(right.SerializeAsString());
  });
  log.Add([&](auto& event) {
    auto& made = *event.mutable_recommendation_made();
    made.set_recommendation_id("R-1");
    made.set_product_id("fund-7");
    made.set_rationale(text);
  });
  log.Add([](auto& event) { event.mutable_client_assigned_to_broker()->set_staff_id("S-11"); });
  log.AddBytes(std::string("\xff\xff not an event", 15)).set_outcome(events::v1::VERDICT_OUTCOME_REFUSED);
  return log;
}

}  // namespace kefu::cli
