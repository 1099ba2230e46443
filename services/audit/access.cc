#include "services/audit/access.h"

#include <google/protobuf/message.h>

#include <algorithm>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/reason.h"
#include "platform/base/uuid.h"
#include "platform/event/broadcast.h"
#include "platform/event/record.h"
#include "platform/event/validate.h"
#include "platform/runtime/json.h"

namespace kefu::audit {
namespace {

constexpr size_t kMostReasonCharacters = 500;
constexpr size_t kMostActorCharacters = 64;
// With the rest of the event it stays below what a text of an event may have.
constexpr size_t kMostQueryBytes = 48 << 10;
constexpr std::string_view kSource = "kefud.audit";

// Characters of a text that is UTF-8 (protobuf has seen to that): all bytes but those that continue one.
size_t CharactersOf(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return (static_cast<uint8_t>(byte) & 0xc0) != 0x80; }));
}

bool IsBlank(std::string_view text) { return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos; }

events::v1::Event AccessedEvent(std::string_view call, const v1::Access& access, std::string query, absl::Time now) {
  events::v1::Event event;
  event.set_event_id(NewUuid());
  *event.mutable_occurred_at() = ToProto(now);
  event.set_source(std::string(kSource));
  event.mutable_actor()->set_kind(events::v1::ACTOR_KIND_STAFF);
  event.mutable_actor()->set_id(access.actor_id());
  auto* accessed = event.mutable_audit_accessed();
  accessed->set_call(std::string(call));
  accessed->set_reason(access.reason());
  accessed->set_query(std::move(query));
  return event;
}

Status NotRecorded(const Status& why) {
  return WithReason(Unavailable("who looks cannot be recorded on the log, so nothing is answered: {}; try again",
                                ToString(why)),
                    "AUDIT_NOT_RECORDED");
}

class LogAccessRecorder final : public AccessRecorder {
 public:
  LogAccessRecorder(log::EventLog& log, Clock* clock) : log_(log), clock_(clock) {}

  void Record(std::string_view call, const v1::Access& access, const google::protobuf::Message& request,
              std::function<void(Status)> done) override {
    if (Status fit = CheckAccess(access); !fit.ok()) return done(std::move(fit));
    auto query = QueryOf(request);
    if (!query.ok()) return done(query.status());
    const absl::Time now = clock_->Now();
    const events::v1::Event event = AccessedEvent(call, access, *std::move(query), now);
    event::EventLimits limits;
    limits.reserved_allowed = true;
    if (const Status fit = event::Validate(event, now, limits); !fit.ok()) return done(NotRecorded(fit));
    log_.Append(event::kHomeOfLogFacts, {{std::string(), event::RecordedBytes(event, now)}},
                [done = std::move(done)](StatusOr<Offset> at) { done(at.ok() ? OkStatus() : NotRecorded(at.status())); });
  }

 private:
  log::EventLog& log_;
  Clock* const clock_;
};

}  // namespace

Status CheckAccess(const v1::Access& access) {
  if (IsBlank(access.reason()))
    return WithReason(InvalidArgument("it must be said why: access.reason is empty, and it is recorded"), "REASON_MISSING",
                      "access.reason");
  if (CharactersOf(access.reason()) > kMostReasonCharacters)
    return WithReason(InvalidArgument("access.reason has {} characters; at most {} are recorded",
                                      CharactersOf(access.reason()), kMostReasonCharacters),
                      "REASON_TOO_LONG", "access.reason");
  const std::string& actor = access.actor_id();
  if (actor.empty() || actor.size() > kMostActorCharacters ||
      !std::all_of(actor.begin(), actor.end(), [](char c) { return c > ' ' && c <= '~'; }))
    return WithReason(InvalidArgument("access.actor_id must say who asks: 1 to {} visible ASCII characters",
                                      kMostActorCharacters),
                      "ACTOR_INVALID", "access.actor_id");
  return OkStatus();
}

StatusOr<std::string> QueryOf(const google::protobuf::Message& request) {
  const std::unique_ptr<google::protobuf::Message> asked(request.New());
  asked->CopyFrom(request);
  if (const auto* access = asked->GetDescriptor()->FindFieldByName("access"))
    asked->GetReflection()->ClearField(asked.get(), access);
  auto json = runtime::ToJson(*asked);
  if (!json.ok())
    return WithReason(Annotate(json.status(), "what is asked could not be recorded"), "QUERY_INVALID");
  if (json->size() > kMostQueryBytes)
    return WithReason(InvalidArgument("the request has {} bytes as JSON; at most {} can be recorded", json->size(),
                                      kMostQueryBytes),
                      "QUERY_TOO_LONG");
  return json;
}

std::unique_ptr<AccessRecorder> MakeAccessRecorder(log::EventLog& log, Clock* clock) {
  return std::make_unique<LogAccessRecorder>(log, clock);
}

}  // namespace kefu::audit
