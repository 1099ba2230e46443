#include "services/clock/handover_facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "platform/base/hash.h"
#include "platform/base/time.h"
#include "services/clock/book_rows.h"

namespace kefu::duties {
namespace {

using book::HandoverItem;
using events::v1::Event;
using events::v1::HandoverCounts;

constexpr std::string_view kSource = "kefud.handover";
constexpr size_t kLongestEventId = 128;

// Readable, or where the parts are too long a hash of them.
std::string IdOf(std::string_view what, std::string_view parts) {
  std::string id = fmt::format("handover/{}/{}", what, parts);
  if (id.size() <= kLongestEventId) return id;
  return fmt::format("handover/{}/{}", what, Hex(Sha256(parts)));
}

Event Begin(std::string id, absl::Time occurred_at) {
  Event event;
  event.set_event_id(std::move(id));
  *event.mutable_occurred_at() = ToProto(occurred_at);
  event.set_source(std::string(kSource));
  event.mutable_actor()->set_kind(events::v1::ACTOR_KIND_SYSTEM);
  event.mutable_actor()->set_id(std::string(kSource));
  return event;
}

Event Broadcast(std::string id, absl::Time occurred_at, int32_t partitions) {
  Event event = Begin(std::move(id), occurred_at);
  event.mutable_broadcast()->set_partitions(partitions);
  return event;
}

Event Moved(std::string_view what, const book::Order& order, std::string_view id, const std::string& client_id,
            std::string_view branch_id) {
  // With the order: where a successor may not serve, and another one is named, that is another fact.
  Event event = Begin(IdOf(what, fmt::format("{}/{}/{}", order.handover_id(), order.offset(), id)),
                      FromProto(order.named_at()));
  event.set_client_id(client_id);
  event.set_branch_id(std::string(branch_id));
  event.set_causation_id(order.event_id());
  return event;
}

void Update(std::string_view bytes, Sha256Stream* digest) {
  const auto size = static_cast<uint32_t>(bytes.size());
  const char length[4] = {static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8),
                          static_cast<char>(size)};
  digest->Update({length, sizeof(length)});
  digest->Update(bytes);
}

std::string Text(const Sha256Digest& digest) {
  return std::string(reinterpret_cast<const char*>(digest.data()), digest.size());
}

void Add(const HandoverCounts& more, HandoverCounts* counts) {
  const auto* reflection = HandoverCounts::GetReflection();
  const auto* fields = HandoverCounts::descriptor();
  for (int i = 0; i < fields->field_count(); ++i) {
    const auto* field = fields->field(i);
    reflection->SetInt64(counts, field, reflection->GetInt64(*counts, field) + reflection->GetInt64(more, field));
  }
}

}  // namespace

Event ClientMoved(const book::Order& order, const book::BookClient& client) {
  Event event = Moved("client", order, client.client_id(), client.client_id(), client.branch_id());
  auto& assigned = *event.mutable_client_assigned_to_broker();
  assigned.set_staff_id(order.to_staff_id());
  assigned.set_role(events::v1::BROKER_ROLE_PRIMARY);
  assigned.mutable_cause()->set_scheme("kefu.assignment");
  assigned.mutable_cause()->set_value("handover");
  assigned.set_handover_id(order.handover_id());
  return event;
}

Event WorkMoved(const book::Order& order, const book::BookItem& item, std::string_view branch_id) {
  Event event = Moved("work", order, fmt::format("{}/{}", static_cast<int>(item.kind()), item.work_id()),
                      item.client_id(), branch_id);
  auto& work = *event.mutable_work_reassigned();
  work.set_kind(item.kind());
  work.set_work_id(item.work_id());
  work.set_from_staff_id(order.from_staff_id());
  work.set_to_staff_id(order.to_staff_id());
  work.set_handover_id(order.handover_id());
  return event;
}

StatusOr<std::optional<Event>> SettledShare(const engine::PartitionView& view, const book::Handover& handover,
                                            int32_t partitions) {
  book::Workload held;
  ASSIGN_OR_RETURN(const bool holds, ReadBookRow(view, book::Owners::kName,
                                                 book::Owners::Key::Encode(handover.from_staff_id()), &held));
  if ((holds && !book::HoldsNothing(held)) || handover.not_informed() != 0) return std::optional<Event>();

  Sha256Stream digest;
  absl::Time settled_at = FromProto(handover.opened_at());
  HandoverItem item;
  RETURN_IF_ERROR(EachOfBook(view, book::HandoverItems::kName, codec::Key(handover.handover_id()),
                             [&](std::string_view key, std::string_view value) -> StatusOr<bool> {
                               RETURN_IF_ERROR(ParseBookRow(view, value, &item));
                               Update(key, &digest);
                               Update(value, &digest);
                               if (item.has_moved_at()) settled_at = std::max(settled_at, FromProto(item.moved_at()));
                               if (item.has_informed_at())
                                 settled_at = std::max(settled_at, FromProto(item.informed_at()));
                               return true;
                             }));
  events::v1::HandoverShareSettled share;
  share.set_handover_id(handover.handover_id());
  share.set_partition(view.partition().value());
  *share.mutable_counts() = handover.moved();
  share.set_digest(Text(digest.Finish()));
  share.set_next_offset(view.next_offset(kBookView).value());
  Event event = Broadcast(IdOf("share", fmt::format("{}/{}", handover.handover_id(), view.partition().value())),
                          settled_at, partitions);
  *event.mutable_handover_share_settled() = std::move(share);
  return std::optional<Event>(std::move(event));
}

Event Certificate(const book::Handover& handover, const std::vector<events::v1::HandoverShareSettled>& shares,
                  absl::Time settled_at, int32_t partitions) {
  Event event = Broadcast(IdOf("completed", handover.handover_id()), settled_at, partitions);
  auto& completed = *event.mutable_handover_completed();
  completed.set_handover_id(handover.handover_id());
  completed.set_from_staff_id(handover.from_staff_id());
  completed.mutable_counts();
  Sha256Stream digest;
  for (const auto& share : shares) {
    Add(share.counts(), completed.mutable_counts());
    digest.Update(share.digest());
  }
  completed.set_digest(Text(digest.Finish()));
  return event;
}

}  // namespace kefu::duties
