#pragma once

// What the verbs about reference data have in common: reading files, publishing, and saying how far the copies are.

#include <absl/time/time.h>

#include <functional>
#include <string>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "kefu/query/v1/reference.pb.h"
#include "services/cli/verb.h"

namespace kefu::cli {

// One kind of reference data as verbs name it.
struct ReferenceNoun {
  query::v1::ReferenceKind kind;
  // "a calendar"
  const char* one;
  // The body of Event that publishes it: "calendar_published".
  const char* body;
  // An id for examples: "cn.business".
  const char* example;
};

extern const ReferenceNoun kUnitNoun;
extern const ReferenceNoun kCalendarNoun;
extern const ReferenceNoun kPolicyNoun;
extern const ReferenceNoun kCodesNoun;

// "calendar" for REFERENCE_KIND_CALENDAR.
std::string KindWord(query::v1::ReferenceKind kind);
// "references/calendar/cn.business/3"; the newest version if `version` is empty.
std::string ReferenceName(query::v1::ReferenceKind kind, const std::string& id, const std::string& version);
// "all", or "not in 1, 3, 4 yet".
std::string ReachText(const query::v1::Reference& reference);
// The event's body in full, as JSON over several lines: what `publish` reads.
StatusOr<std::string> BodyJson(const events::v1::Event& event);

struct PublishReferenceFlags {
  std::vector<std::string> files;
  std::string actor;
  // How long to wait for the copies.
  std::string wait = "5s";
};
void AddPublishReferenceFlags(CLI::App& verb, PublishReferenceFlags& flags, bool with_files = true);

// Reads `path` ("-": standard input): one body of this kind as protobuf JSON, or a list of them. kInvalidArgument says
// which file, which item of the list and what is wrong.
StatusOr<std::vector<events::v1::Event>> ReadBodies(const std::string& path, const ReferenceNoun& noun);

// Called for each event before it is sent: fills in what a file may leave out.
using CompleteBody = std::function<Status(Tool& tool, events::v1::Event* event)>;

// Sends each event by the normal door, waits for the verdict and for the copies, and says both. Goes on after a
// refusal, and fails in the end if there was one.
Status PublishReferences(Tool& tool, const PublishReferenceFlags& flags, std::vector<events::v1::Event> events,
                         const CompleteBody& complete = nullptr);

// Sets the version of a body that has none to the next one.
Status SetNextVersion(Tool& tool, events::v1::Event* event);

}  // namespace kefu::cli
