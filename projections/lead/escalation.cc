#include "projections/lead/escalation.h"

#include <fmt/format.h>

#include <algorithm>

#include "platform/base/hash.h"
#include "platform/base/time.h"

namespace kefu::lead {
namespace {

constexpr const char* kKeeper = "kefud.lead";
constexpr size_t kMostIdBytes = 64;

// As it may stand in an event's id.
std::string Shown(const std::string& lead_id) {
  const bool visible = std::all_of(lead_id.begin(), lead_id.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (visible && lead_id.size() <= kMostIdBytes) return lead_id;
  const Hash128 hash = FastHash128(lead_id);
  return fmt::format("#{:016x}{:016x}", hash.high, hash.low);
}

}  // namespace

std::string EscalationIdOf(const query::v1::Lead& row) {
  return fmt::format("lead/escalated/{}/{}", Shown(row.lead_id()), absl::ToUnixMicros(FromProto(row.due_at())));
}

events::v1::Event EscalationOf(const query::v1::Lead& row) {
  events::v1::Event fact;
  fact.set_event_id(EscalationIdOf(row));
  fact.set_client_id(row.client_id());
  fact.set_source(kKeeper);
  fact.mutable_actor()->set_kind(events::v1::ACTOR_KIND_SYSTEM);
  fact.mutable_actor()->set_id(kKeeper);
  fact.set_branch_id(row.branch_id());
  *fact.mutable_occurred_at() = row.due_at();
  fact.set_causation_id(row.raised_by_event_id());
  auto& body = *fact.mutable_lead_escalated();
  body.set_lead_id(row.lead_id());
  *body.mutable_due_at() = row.due_at();
  body.set_was_accepted(row.state() == query::v1::LEAD_STATE_ACCEPTED);
  return fact;
}

}  // namespace kefu::lead
