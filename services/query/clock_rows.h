#pragma once

// What queries about clocks read, and how a clock looks in answers.

#include <absl/time/time.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "kefu/query/v1/clock.pb.h"
#include "platform/base/status.h"
#include "projections/clock/clock.h"
#include "projections/engine/engine.h"

namespace kefu::query {

// `as_of`: what "overdue" is judged at.
query::v1::Clock ShowClock(const clock::CaseClocks& row, const clock::CaseClock& clock, absl::Time as_of);

// kDataLoss if the bytes are no row of the clock view.
Status ParseClocks(std::string_view stored, const engine::PartitionView& partition, clock::CaseClocks* row);

// Policies and calendars that one partition knows, read as they are asked for and kept. One thread.
class PublishedPolicies {
 public:
  // `partition` must outlive it.
  explicit PublishedPolicies(const engine::PartitionView& partition) : partition_(partition) {}

  // Null: not known. What it gives lives as long as this.
  const events::v1::PolicyPackPublished* Pack(const std::string& pack_id, int32_t version);
  const events::v1::CalendarPublished* Calendar(const std::string& calendar_id, int32_t version);
  // 0: none.
  int32_t NewestCalendar(const std::string& calendar_id);
  // The first fault met while reading.
  const Status& fault() const { return fault_; }

 private:
  template <class Table, class Message>
  const Message* Read(std::map<std::pair<std::string, int32_t>, std::unique_ptr<Message>>& kept, const std::string& id,
                      int32_t version);

  const engine::PartitionView& partition_;
  std::map<std::pair<std::string, int32_t>, std::unique_ptr<events::v1::PolicyPackPublished>> packs_;
  std::map<std::pair<std::string, int32_t>, std::unique_ptr<events::v1::CalendarPublished>> calendars_;
  std::unique_ptr<clock::PublishedList> calendar_list_;
  Status fault_;
};

}  // namespace kefu::query
