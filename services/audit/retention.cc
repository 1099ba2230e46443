#include "services/audit/retention.h"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "platform/log/position.h"
#include "projections/journal/entry.h"
#include "projections/journal/journal.h"
#include "projections/retention/retention.h"
#include "services/audit/case_life.h"

namespace kefu::audit {
namespace {

using events::v1::Event;
using journal::JournalView;
using retention::RetentionView;

// Whose retention is asked for.
struct Whose {
  std::string client_id;
  // Empty: all of the client.
  std::string case_id;
};

StatusOr<Whose> ReadName(std::string_view name) {
  constexpr std::string_view kClients = "clients/", kCases = "/cases/";
  Whose whose;
  if (name.starts_with(kClients)) {
    const std::string_view rest = name.substr(kClients.size());
    const size_t cases = rest.find(kCases);
    whose.client_id = std::string(rest.substr(0, cases));
    const bool of_case = cases != std::string_view::npos;
    if (of_case) whose.case_id = std::string(rest.substr(cases + kCases.size()));
    const bool whole = whose.client_id.find('/') == std::string::npos && whose.case_id.find('/') == std::string::npos;
    if (whole && !whose.client_id.empty() && whose.client_id != "-" && of_case == !whose.case_id.empty()) return whose;
  }
  return WithReason(InvalidArgument("name \"{}\" is neither \"clients/{{client}}\" nor \"clients/{{client}}/cases/{{case}}\"",
                                    name.substr(0, 80)),
                    "NAME_INVALID", "name");
}

std::string KindOf(const Event& event) {
  const auto* body =
      event.GetReflection()->GetOneofFieldDescriptor(event, Event::descriptor()->FindOneofByName("body"));
  return body == nullptr ? std::string() : body->name();
}

// Every entry of the client's journal, in order.
Status EachEvent(const engine::PartitionView& partition, const std::string& client_id,
                 const std::function<Status(const Event& event, bool applied)>& take) {
  const std::string prefix = codec::Key(client_id);
  ASSIGN_OR_RETURN(const auto cursor, partition.Scan(JournalView::kName, journal::Entries::kName, prefix,
                                                     codec::PrefixEnd(prefix)));
  Event event;
  for (int64_t events = 1; cursor->Valid(); cursor->Next(), ++events) {
    if (events > kMostRetained)
      return WithReason(FailedPrecondition("client \"{}\" has more than {} events; AuditService.Replay tells them all",
                                           client_id, kMostRetained),
                        "RETENTION_TOO_LARGE", "name");
    const auto entry = journal::DecodeEntry(cursor->value());
    if (!entry.has_value() || !event.ParseFromArray(entry->event.data(), static_cast<int>(entry->event.size())))
      return DataLoss("an entry of the journal of client \"{}\" cannot be read; rebuild the view", client_id);
    RETURN_IF_ERROR(take(event, entry->applied()));
  }
  return cursor->status();
}

template <class Row>
Status Parse(std::string_view stored, Row* row) {
  if (row->ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return OkStatus();
  return DataLoss("a row of the view \"{}\" cannot be read; rebuild it", RetentionView::kName);
}

StatusOr<std::vector<retention::Hold>> HoldsOf(const engine::PartitionView& partition, const Whose& whose) {
  const std::string prefix = codec::Key(whose.client_id);
  ASSIGN_OR_RETURN(const auto cursor, partition.Scan(RetentionView::kName, retention::Holds::kName, prefix,
                                                     codec::PrefixEnd(prefix)));
  std::vector<retention::Hold> holds;
  for (; cursor->Valid(); cursor->Next()) {
    retention::Hold hold;
    RETURN_IF_ERROR(Parse(cursor->value(), &hold));
    // A case is held by what holds it, and by what holds all of the client.
    const bool holds_it = whose.case_id.empty() || hold.case_id().empty() || hold.case_id() == whose.case_id;
    if (holds_it) holds.push_back(std::move(hold));
  }
  RETURN_IF_ERROR(cursor->status());
  std::stable_sort(holds.begin(), holds.end(),
                   [](const auto& a, const auto& b) { return !a.has_lifted_at() && b.has_lifted_at(); });
  return holds;
}

v1::LegalHold Shown(const retention::Hold& hold) {
  v1::LegalHold shown;
  shown.set_hold_id(hold.hold_id());
  shown.set_case_id(hold.case_id());
  shown.set_reason(hold.reason());
  *shown.mutable_placed_time() = hold.placed_at();
  shown.set_placed_by(hold.placed_by());
  shown.set_event_id(hold.event_id());
  if (hold.has_lifted_at()) *shown.mutable_lifted_time() = hold.lifted_at();
  shown.set_lifted_by(hold.lifted_by());
  shown.set_lift_reason(hold.lift_reason());
  return shown;
}

// The day after as many years as it must be kept.
std::string KeptUntil(absl::Time occurred, int32_t years) {
  const absl::CivilDay day = absl::ToCivilDay(occurred, absl::UTCTimeZone());
  return absl::FormatCivilTime(absl::CivilDay(day.year() + years, day.month(), day.day() + 1));
}

// An open hold, and how an event is known to be held by it.
struct OpenHold {
  std::string hold_id;
  // Null: it holds all.
  std::unique_ptr<CaseLife> held;
};

struct Kind {
  int64_t events = 0;
  absl::Time first = absl::InfiniteFuture(), last = absl::InfinitePast();
  std::set<std::string> held_by;

  void Add(absl::Time occurred) {
    ++events;
    first = std::min(first, occurred);
    last = std::max(last, occurred);
  }
};

class Kinds {
 public:
  Kinds(const engine::PartitionView& partition, const Whose& whose, const std::vector<retention::Hold>& holds)
      : partition_(partition), whose_(whose) {
    if (!whose.case_id.empty()) asked_ = std::make_unique<CaseLife>(whose.case_id);
    for (const retention::Hold& hold : holds) {
      if (hold.has_lifted_at()) continue;
      open_.push_back({hold.hold_id(), hold.case_id().empty() || !whose.case_id.empty()
                                           ? nullptr
                                           : std::make_unique<CaseLife>(hold.case_id())});
    }
  }

  StatusOr<std::map<std::string, Kind>> Read() {
    const bool by_case = asked_ != nullptr || std::any_of(open_.begin(), open_.end(),
                                                          [](const OpenHold& hold) { return hold.held != nullptr; });
    if (by_case) {
      RETURN_IF_ERROR(EachEvent(partition_, whose_.client_id, [&](const Event& event, bool) {
        if (asked_ != nullptr) asked_->Learn(event);
        for (const OpenHold& hold : open_)
          if (hold.held != nullptr) hold.held->Learn(event);
        return OkStatus();
      }));
    }
    RETURN_IF_ERROR(EachEvent(partition_, whose_.client_id, [&](const Event& event, bool applied) {
      Take(event, applied);
      return OkStatus();
    }));
    return std::move(kinds_);
  }

 private:
  void Take(const Event& event, bool applied) {
    if (asked_ != nullptr && !asked_->Takes(event)) return;
    Kind& kind = kinds_[KindOf(event)];
    kind.Add(FromProto(event.occurred_at()));
    for (const OpenHold& hold : open_)
      if (hold.held == nullptr || hold.held->Takes(event)) kind.held_by.insert(hold.hold_id);
    Event corrected;
    if (!applied || !event.has_event_corrected() || !corrected.ParseFromString(event.event_corrected().event())) return;
    const auto of = kinds_.find(KindOf(corrected));
    if (of != kinds_.end()) of->second.last = std::max(of->second.last, FromProto(corrected.occurred_at()));
  }

  const engine::PartitionView& partition_;
  const Whose& whose_;
  // Null: all of the client is asked for.
  std::unique_ptr<CaseLife> asked_;
  std::vector<OpenHold> open_;
  std::map<std::string, Kind> kinds_;
};

v1::KeptKind Shown(const std::string& name, const Kind& kind, const events::v1::RetentionPublished& published) {
  v1::KeptKind shown;
  shown.set_kind(name);
  shown.set_events(kind.events);
  *shown.mutable_first_occurred_time() = ToProto(kind.first);
  *shown.mutable_last_occurred_time() = ToProto(kind.last);
  for (const std::string& hold : kind.held_by) shown.add_held_by(hold);
  const auto* rule = retention::ClassOf(published, name);
  if (rule == nullptr) return shown;
  shown.set_class_id(rule->class_id());
  shown.set_years(rule->years());
  shown.set_source(rule->source());
  shown.set_kept_until(KeptUntil(kind.last, rule->years()));
  shown.set_first_kept_until(KeptUntil(kind.first, rule->years()));
  return shown;
}

}  // namespace

Status GetRetention(const engine::Engine& engine, const v1::GetRetentionRequest& request,
                    v1::GetRetentionResponse* response) {
  ASSIGN_OR_RETURN(const Whose whose, ReadName(request.name()));
  const Partition home(PartitionForKey(whose.client_id, engine.partitions()));
  const auto partition = engine.At(home);
  ASSIGN_OR_RETURN(const auto holds, HoldsOf(*partition, whose));
  store::PinnedValue stored;
  retention::Retention newest;
  ASSIGN_OR_RETURN(const bool published, partition->Get(RetentionView::kName, retention::Published::kName,
                                                        codec::Key(retention::kPublishedKey), &stored));
  if (published) RETURN_IF_ERROR(Parse(stored.view(), &newest));
  Kinds reading(*partition, whose, holds);
  ASSIGN_OR_RETURN(const auto kinds, reading.Read());
  if (kinds.empty() && whose.case_id.empty())
    return WithReason(NotFound("nothing was recorded of client \"{}\"", whose.client_id), "CLIENT_NOT_FOUND", "name");
  if (kinds.empty())
    return WithReason(NotFound("nothing was recorded of case \"{}\" of client \"{}\"", whose.case_id, whose.client_id),
                      "CASE_NOT_FOUND", "name");
  for (const auto& [name, kind] : kinds) *response->add_kinds() = Shown(name, kind, newest.published());
  for (const retention::Hold& hold : holds) *response->add_holds() = Shown(hold);
  response->set_version(newest.published().version());
  log::Position position{engine.log_identity().id, std::vector<int64_t>(static_cast<size_t>(engine.partitions()))};
  position.next_offsets[static_cast<size_t>(home.value())] =
      std::min(partition->next_offset(JournalView::kName), partition->next_offset(RetentionView::kName)).value();
  response->set_position(position.Encode());
  return OkStatus();
}

}  // namespace kefu::audit
