#pragma once

// Policies, calendars and what clocks look like, written short, for tests.

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "platform/calendar/calendar_testing.h"
#include "platform/testkit/events.h"
#include "projections/clock/clock.h"
#include "projections/clock/facts.h"

namespace kefu::clock {

// Local time at UTC+8 of the tests' calendar: "2026-03-02 10:00".
inline absl::Time At(std::string_view local) {
  return calendar::Utc(fmt::format("{}T{}:00+08:00", local.substr(0, 10), local.substr(11)));
}
inline std::string LocalText(const google::protobuf::Timestamp& time) {
  const auto local = absl::ToCivilSecond(FromProto(time) + absl::Hours(8), absl::UTCTimeZone());
  return fmt::format("{:02}-{:02} {:02}:{:02}", local.month(), local.day(), local.hour(), local.minute());
}

inline events::v1::DueTime DueIn(int amount, events::v1::DueUnit unit,
                                 events::v1::DueEnd ends = events::v1::DUE_END_UNSPECIFIED) {
  events::v1::DueTime due;
  due.set_amount(amount);
  due.set_unit(unit);
  due.set_ends(ends);
  due.set_calendar_id("cn.test");
  return due;
}
inline events::v1::DueTime Minutes(int amount) { return DueIn(amount, events::v1::DUE_UNIT_MINUTES); }
inline events::v1::DueTime OpenMinutes(int amount) { return DueIn(amount, events::v1::DUE_UNIT_OPEN_MINUTES); }
inline events::v1::DueTime BusinessDays(int amount) {
  return DueIn(amount, events::v1::DUE_UNIT_BUSINESS_DAYS, events::v1::DUE_END_CLOSE);
}

// A pack being written.
class PackDraft {
 public:
  explicit PackDraft(std::string_view id, int version = 1) {
    pack_.set_pack_id(std::string(id));
    pack_.set_version(version);
    *pack_.mutable_effective_from() = ToProto(At("2026-01-01 00:00"));
  }
  PackDraft& From(std::string_view local) {
    *pack_.mutable_effective_from() = ToProto(At(local));
    return *this;
  }
  PackDraft& Retired() {
    pack_.set_retired(true);
    return *this;
  }
  // Runs from the reception, until `stops`.
  PackDraft& Clock(std::string_view id, events::v1::DueTime due, std::initializer_list<events::v1::CaseMoment> stops) {
    auto* rule = pack_.add_clocks();
    rule->set_clock_id(std::string(id));
    rule->set_starts_at(events::v1::CASE_MOMENT_RECEIVED);
    *rule->mutable_due() = due;
    for (const auto stop : stops) rule->add_stops_at(stop);
    rule->set_confirmed(true);
    return *this;
  }
  // Changes the clock added last.
  template <class Change>
  PackDraft& With(Change change) {
    change(*pack_.mutable_clocks(pack_.clocks_size() - 1));
    return *this;
  }
  PackDraft& StartsAt(events::v1::CaseMoment moment) {
    return With([&](auto& rule) { rule.set_starts_at(moment); });
  }
  PackDraft& Pauses(std::initializer_list<events::v1::WaitingOn> on, int limit = 0) {
    return With([&](auto& rule) {
      auto* pause = rule.add_pauses();
      for (const auto each : on) pause->add_waiting_on(each);
      pause->set_limit(limit);
    });
  }
  PackDraft& Restarts() {
    return With([](auto& rule) { rule.set_restarts_on_reopen(true); });
  }
  const events::v1::PolicyPackPublished& pack() const { return pack_; }

 private:
  events::v1::PolicyPackPublished pack_;
};

// As the door of a log of one partition would have it.
inline testkit::Draft Published(const events::v1::CalendarPublished& calendar) {
  return testkit::Draft().Client("").At(At("2026-01-01 00:00")).With([&](events::v1::Event& event) {
    *event.mutable_calendar_published() = calendar;
    event.mutable_broadcast()->set_partitions(1);
  });
}
inline testkit::Draft Published(const PackDraft& draft) {
  return testkit::Draft().Client("").At(At("2026-01-01 00:00")).With([&](events::v1::Event& event) {
    *event.mutable_policy_pack_published() = draft.pack();
    event.mutable_broadcast()->set_partitions(1);
  });
}
inline testkit::Draft Told(const events::v1::Event& fact) {
  return testkit::Draft().With([&](events::v1::Event& event) { event = fact; });
}

inline const char* StateWord(query::v1::ClockState state) {
  static constexpr const char* kWords[] = {"?", "running", "paused", "met", "breached", "dropped"};
  return kWords[state];
}

// "firm/ack#0 running due 03-02 10:00", "firm/ack#0 met 03-02 09:30 late".
inline std::vector<std::string> Lines(const CaseClocks& row) {
  std::vector<std::string> lines;
  for (const CaseClock& clock : row.clocks()) {
    std::string line = fmt::format("{}#{} {}", clock.clock_id(), clock.run(), StateWord(clock.state()));
    if (clock.has_settled_at()) {
      line += " " + LocalText(clock.settled_at());
    } else {
      line += clock.has_due_at() ? " due " + LocalText(clock.due_at()) : " without due time";
    }
    if (clock.late()) line += " late";
    if (clock.has_limit_at()) line += " limit " + LocalText(clock.limit_at());
    if (clock.retracted()) line += " retracted";
    lines.push_back(std::move(line));
  }
  return lines;
}

// "started firm/ack#0", in the order in which they are to be told.
inline std::vector<std::string> PendingIds(const CaseClocks& row) {
  std::vector<std::string> ids;
  for (const auto& note : row.pending()) ids.push_back(note.event_id());
  return ids;
}

// One of deploy/policies.
template <class Message>
Message ReadPolicyFile(const std::string& name) {
  std::ifstream file("deploy/policies/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name << ": run from the top of the checkout";
  std::stringstream text;
  text << file.rdbuf();
  Message message;
  const auto parsed = google::protobuf::util::JsonStringToMessage(text.str(), &message);
  EXPECT_TRUE(parsed.ok()) << name << ": " << parsed.ToString();
  return message;
}

}  // namespace kefu::clock
