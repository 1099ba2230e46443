#pragma once

// Events in words: what happened, by whom, and everything that was said.

#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kefu/events/v1/calendar.pb.h"
#include "kefu/events/v1/event.pb.h"

namespace kefu::cli {

// The parts that say something, with `between` between them.
std::string Joined(const std::vector<std::string>& parts, std::string_view between);

// A zone whose offsets are data.
struct Zone {
  events::v1::ZoneOffsets offsets;
  // "2026-03-02 09:00:00 +08:00"; empty for the zero time.
  std::string Text(const google::protobuf::Timestamp& time) const;
};
// "2026-03-02 01:00:00 UTC".
std::string UtcText(const google::protobuf::Timestamp& time);

// By staff number.
using StaffNames = std::map<std::string, std::string>;

// "Complaint received 收到投訴" for "complaint_received"; of a kind without such words: "Some kind".
std::string KindText(std::string_view kind);
// The body's field name, such as "complaint_received"; empty without a body that is known.
std::string KindOf(const events::v1::Event& event);
// The body; null without one that is known.
const google::protobuf::Message* BodyOf(const events::v1::Event& event);

// "applied", "refused: the case is not open (case_not_open)", "repeated delivery of 12".
std::string VerdictWords(const events::v1::Verdict& verdict);
// "S-07 王芳" where the name is known.
std::string StaffText(const std::string& staff_id, const StaffNames& names);
// The numbers of members of staff that `event` names: who did it, and in its body at any depth.
void AddStaff(const events::v1::Event& event, std::set<std::string>* staff_ids);
// "staff S-07 王芳, desk-2".
std::string ActorText(const events::v1::Event& event, const StaffNames& names);

// All that a message says, a line each field: "disputed amount: 12,345.00 TWD"; what lies deeper has its way before it:
// "person, employment, occupation: engineer". Of an event inside (a correction) its body. `skip`: fields at the top that
// are not said.
std::vector<std::string> DetailLines(const google::protobuf::Message& message, const Zone& zone, const StaffNames& names,
                                 const std::vector<std::string_view>& skip = {});

}  // namespace kefu::cli
