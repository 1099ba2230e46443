#pragma once

// Replays for tests: a history, and what is to be seen of it by looking at every record.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "platform/log/position.h"
#include "projections/sdk/case_id.h"
#include "services/audit/audit_testing.h"

namespace kefu::audit {

using events::v1::Event;

inline constexpr int32_t kPartitions = 3;

inline v1::ReplayRequest Asked() {
  v1::ReplayRequest request;
  SetAccess(request.mutable_access());
  return request;
}

struct Answer {
  grpc::Status status;
  std::vector<v1::ReplayResponse> messages;

  std::vector<v1::RecordedEvent> Events() const {
    std::vector<v1::RecordedEvent> all;
    for (const auto& message : messages) all.insert(all.end(), message.events().begin(), message.events().end());
    return all;
  }
};

inline Answer Replay(AuditServer& server, const v1::ReplayRequest& request) {
  Answer answer;
  Patient context;
  const auto reader = server.stub->Replay(&context, request);
  for (v1::ReplayResponse message; reader->Read(&message);) answer.messages.push_back(message);
  answer.status = reader->Finish();
  return answer;
}

inline std::string Text(const std::vector<v1::RecordedEvent>& events) {
  std::string text;
  for (const auto& event : events) text += event.ShortDebugString() + "\n";
  return text;
}

// What the test knows of each record.
struct Known {
  v1::RecordedEvent recorded;
  std::optional<Event> event;
  // Whose journal it is in: of a copy both clients that a fact is about, where they live here.
  std::set<std::string> clients;
};

class Story {
 public:
  Story(AuditServer& server, uint64_t seed) : server_(server), random_(seed) {
    const testkit::HistoryOptions options{
        .seed = seed, .clients = 12, .events = 300, .repeats = 10, .undertakings = 10, .case_facts = 10};
    for (const auto& event : testkit::RandomHistory(options)) {
      server.Publish(event);
      if (Chance(4)) TakeBack(event);
      if (Chance(2)) Hold(event);
      if (Chance(3)) server.log().Put(Partition(Below(kPartitions)), Garbage());
      if (Chance(3)) Relate(event.client_id());
      if (Chance(2)) server.Publish(testkit::UnitTold(fmt::format("B-{}", Below(5))));
    }
    server.CatchUp();
    Remember();
  }

  const std::vector<Known>& known() const { return known_; }

  // By looking at all of it.
  std::vector<v1::RecordedEvent> Naive(const v1::ReplayRequest& request) const {
    std::vector<v1::RecordedEvent> shown;
    for (const Known& each : known_)
      if (Shows(request, each)) shown.push_back(each.recorded);
    return shown;
  }

  v1::ReplayRequest RandomRequest() {
    v1::ReplayRequest request = Asked();
    if (Chance(40)) request.set_client_id(SomeClient());
    if (Chance(20)) request.set_case_id(SomeCase());
    if (Chance(20)) request.set_staff_id(fmt::format("S-{}", Below(8)));
    for (int64_t kinds = Chance(30) ? 1 + Below(3) : 0; kinds > 0; --kinds) request.add_kinds(SomeKind());
    if (Chance(15)) *request.mutable_recorded_from() = SomeTime([](const Event& e) { return e.recorded_at(); });
    if (Chance(15)) *request.mutable_recorded_until() = SomeTime([](const Event& e) { return e.recorded_at(); });
    if (Chance(15)) *request.mutable_occurred_from() = SomeTime([](const Event& e) { return e.occurred_at(); });
    if (Chance(15)) *request.mutable_occurred_until() = SomeTime([](const Event& e) { return e.occurred_at(); });
    // What ends before it begins is refused, and is not what these are about.
    if (request.has_recorded_from() && request.has_recorded_until() &&
        FromProto(request.recorded_from()) > FromProto(request.recorded_until()))
      request.mutable_recorded_from()->Swap(request.mutable_recorded_until());
    if (request.has_occurred_from() && request.has_occurred_until() &&
        FromProto(request.occurred_from()) > FromProto(request.occurred_until()))
      request.mutable_occurred_from()->Swap(request.mutable_occurred_until());
    if (Chance(20)) request.set_from_position(SomePosition());
    if (Chance(20)) request.set_until_position(SomePosition());
    if (Chance(20)) request.set_partition(static_cast<int32_t>(Below(kPartitions)));
    return request;
  }

 private:
  int64_t Below(int64_t n) { return std::uniform_int_distribution<int64_t>(0, n - 1)(random_); }
  bool Chance(int percent) { return Below(100) < percent; }
  std::string Garbage() { return "\xff\xfe garbage " + std::to_string(Below(1000)); }

  void Relate(const std::string& client_id) {
    if (client_id.empty()) return;
    const std::string other = fmt::format("C-other-{}", Below(4));
    server_.Publish(testkit::Related(fmt::format("R-{}", ++relations_), events::v1::RELATION_KIND_HOUSEHOLD, client_id, other));
  }

  // Says of an event that it was otherwise, or never was. Whether that may be said is not what replays look at.
  void TakeBack(const Event& event) {
    if (event.client_id().empty()) return;
    server_.Publish(testkit::Draft().Client(event.client_id()).With([&](Event& taking) {
      if (Chance(50)) {
        taking.mutable_event_annulled()->set_annulled_event_id(event.event_id());
      } else {
        taking.mutable_event_corrected()->set_corrected_event_id(event.event_id());
        taking.mutable_event_corrected()->set_event(event.SerializeAsString());
      }
    }));
  }

  // Holds a case, and lifts that again.
  void Hold(const Event& event) {
    if (sdk::CaseIdOf(event).empty()) return;
    const std::string hold_id = fmt::format("H-{}", ++relations_);
    server_.Publish(testkit::Draft().Client(event.client_id()).With([&](Event& hold) {
      hold.mutable_legal_hold_placed()->set_hold_id(hold_id);
      hold.mutable_legal_hold_placed()->set_case_id(sdk::CaseIdOf(event));
    }));
    server_.Publish(testkit::Draft().Client(event.client_id()).With([&](Event& lift) {
      lift.mutable_legal_hold_lifted()->set_hold_id(hold_id);
    }));
  }

  // The case that an event names; the word "case_id" in its own text form.
  static std::string NamedCase(const Event& event) {
    if (event.has_event_corrected()) {
      Event corrected;
      return corrected.ParseFromString(event.event_corrected().event()) ? NamedCase(corrected) : "";
    }
    const auto* body = event.GetReflection()->GetOneofFieldDescriptor(
        event, Event::descriptor()->FindOneofByName("body"));
    if (body == nullptr) return "";
    for (const std::string& line : Lines(event.GetReflection()->GetMessage(event, body).DebugString()))
      if (line.starts_with("case_id: \"")) return line.substr(10, line.size() - 11);
    return "";
  }
  static std::vector<std::string> Lines(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }

  std::string CaseOf(const Event& event) const {
    const auto& annulled = event.event_annulled().annulled_event_id();
    const auto& lifted = event.legal_hold_lifted().hold_id();
    if (annulled.empty() && lifted.empty()) return NamedCase(event);
    for (const Known& earlier : known_) {
      if (!earlier.event.has_value() || earlier.event->client_id() != event.client_id()) continue;
      if (!annulled.empty() && earlier.event->event_id() == annulled) return NamedCase(*earlier.event);
      if (!lifted.empty() && earlier.event->legal_hold_placed().hold_id() == lifted) return NamedCase(*earlier.event);
    }
    return "";
  }

  void Remember() {
    for (int32_t p = 0; p < kPartitions; ++p) {
      const Partition partition(p);
      const int64_t end = server_.log().EndOffset(partition)->value();
      ends_.push_back(end);
      // Offsets of first deliveries to where they are in known_.
      std::map<int64_t, size_t> at;
      for (int64_t offset = 0; offset < end; ++offset) {
        Known known;
        known.recorded.set_partition(p);
        known.recorded.set_offset(offset);
        known.recorded.set_leaf_index(offset);
        known.recorded.set_record(*server_.log().ReadOne(partition, Offset(offset)));
        *known.recorded.mutable_verdict() = *server_.engine().VerdictAt(partition, Offset(offset));
        const auto outcome = known.recorded.verdict().outcome();
        if (outcome == events::v1::VERDICT_OUTCOME_APPLIED) known.recorded.mutable_verdict()->clear_revision();
        Event event;
        if (event::ParseRecorded(known.recorded.record(), &event).ok()) known.event = event;
        if (outcome == events::v1::VERDICT_OUTCOME_DUPLICATE) {
          known.clients = known_[at.at(known.recorded.verdict().first_offset())].clients;
        } else if (known.event.has_value()) {
          known.clients = ClientsOf(*known.event, partition, outcome == events::v1::VERDICT_OUTCOME_APPLIED);
        }
        at[offset] = known_.size();
        known_.push_back(std::move(known));
      }
    }
  }

  std::set<std::string> ClientsOf(const Event& event, Partition partition, bool applied) const {
    if (!event.client_id().empty()) return {event.client_id()};
    std::set<std::string> clients;
    if (!applied || !event.has_client_relation_started()) return clients;
    const auto& started = event.client_relation_started();
    for (const std::string& client_id : {started.client_id(), started.other_client_id()})
      if (server_.HomeOf(client_id) == partition) clients.insert(client_id);
    return clients;
  }

  bool Shows(const v1::ReplayRequest& request, const Known& known) const {
    const auto& recorded = known.recorded;
    if (request.has_partition() && request.partition() != recorded.partition()) return false;
    const auto position = [&](const std::string& text) {
      return log::Position::Decode(text, server_.log().identity().id, kPartitions)
          ->next_offsets[static_cast<size_t>(recorded.partition())];
    };
    if (!request.from_position().empty() && recorded.offset() < position(request.from_position())) return false;
    if (!request.until_position().empty() && recorded.offset() >= position(request.until_position())) return false;
    if (!request.client_id().empty() && !known.clients.contains(request.client_id())) return false;
    const bool looks_into = !request.case_id().empty() || !request.staff_id().empty() || request.kinds_size() > 0 ||
                            request.has_recorded_from() || request.has_recorded_until() || request.has_occurred_from() ||
                            request.has_occurred_until();
    if (!looks_into) return true;
    if (!known.event.has_value()) return false;
    const Event& event = *known.event;
    const auto* body = Event::GetReflection()->GetOneofFieldDescriptor(
        event, Event::descriptor()->FindOneofByName("body"));
    const auto is_kind = [&](const std::string& kind) { return body != nullptr && body->name() == kind; };
    return (request.case_id().empty() || CaseOf(event) == request.case_id()) &&
           (request.staff_id().empty() ||
            (event.actor().kind() == events::v1::ACTOR_KIND_STAFF && event.actor().id() == request.staff_id())) &&
           (request.kinds().empty() || std::any_of(request.kinds().begin(), request.kinds().end(), is_kind)) &&
           (!request.has_recorded_from() || FromProto(event.recorded_at()) >= FromProto(request.recorded_from())) &&
           (!request.has_recorded_until() || FromProto(event.recorded_at()) < FromProto(request.recorded_until())) &&
           (!request.has_occurred_from() || FromProto(event.occurred_at()) >= FromProto(request.occurred_from())) &&
           (!request.has_occurred_until() || FromProto(event.occurred_at()) < FromProto(request.occurred_until()));
  }

  const Event& SomeEvent() {
    while (true) {
      const Known& known = known_[static_cast<size_t>(Below(static_cast<int64_t>(known_.size())))];
      if (known.event.has_value()) return *known.event;
    }
  }
  // One that is known.
  std::string SomeClient() {
    while (true) {
      const Known& known = known_[static_cast<size_t>(Below(static_cast<int64_t>(known_.size())))];
      if (!known.clients.empty()) return *known.clients.begin();
    }
  }
  std::string SomeCase() {
    for (int i = 0; i < 100; ++i)
      if (const std::string id = NamedCase(SomeEvent()); !id.empty()) return id;
    return "K-none";
  }
  std::string SomeKind() {
    const Event& event = SomeEvent();
    const auto* body = Event::GetReflection()->GetOneofFieldDescriptor(
        event, Event::descriptor()->FindOneofByName("body"));
    return body == nullptr ? "case_closed" : body->name();
  }
  template <class Time>
  google::protobuf::Timestamp SomeTime(Time time) {
    return time(SomeEvent());
  }
  std::string SomePosition() {
    log::Position position{server_.log().identity().id, {}};
    for (const int64_t end : ends_) position.next_offsets.push_back(Below(end + 1));
    return position.Encode();
  }

  AuditServer& server_;
  std::mt19937_64 random_;
  int relations_ = 0;
  std::vector<Known> known_;
  std::vector<int64_t> ends_;
};

}  // namespace kefu::audit
