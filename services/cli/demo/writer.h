#pragma once

// Events that are told beside a client's own story, numbered apart from it.

#include <absl/time/time.h>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/time.h"
#include "services/cli/demo/branch.h"
#include "services/cli/demo/office.h"

namespace kefu::cli {

// `what` is part of the ids: each writer of one sample has another.
class Writer {
 public:
  Writer(const DemoOptions& options, std::string_view what) : options_(options), what_(what) {}

  events::v1::Event& Add(absl::Time at, std::string_view source) {
    events::v1::Event& event = events_.emplace_back();
    event.set_event_id(fmt::format("demo-{}-{}-{:05}", options_.seed, what_, ++number_));
    *event.mutable_occurred_at() = ToProto(at);
    event.set_source(std::string(source));
    event.mutable_actor()->set_kind(events::v1::ACTOR_KIND_STAFF);
    event.mutable_actor()->set_id("M-02");
    event.set_branch_id("0001");
    event.set_imported(true);
    return event;
  }

  std::vector<events::v1::Event> Take() { return std::move(events_); }

 private:
  const DemoOptions& options_;
  const std::string what_;
  int64_t number_ = 0;
  std::vector<events::v1::Event> events_;
};

// A moment of the sample, by thousandths of it, in office hours.
inline absl::Time Moment(const DemoOptions& options, int64_t per_mille, int64_t minute) {
  return AtBranch(options.from + options.days * per_mille / 1000, minute);
}

}  // namespace kefu::cli
