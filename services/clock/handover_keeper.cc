#include "services/clock/handover_keeper.h"

#include <absl/container/flat_hash_set.h>

#include <algorithm>

#include "platform/base/time.h"
#include "platform/event/broadcast.h"
#include "services/clock/book_rows.h"

namespace kefu::duties {

namespace {

using book::Order;
using events::v1::Event;

// What is held still after so many moves was refused. Twice, for in Kafka the view may be taken to have passed a
// batch a few records early.
constexpr int kMostTries = 2;

// The orders of one handover that may still have something to move.
class Orders {
 public:
  static StatusOr<Orders> Read(const engine::PartitionView& view, const std::string& handover_id, int64_t after) {
    Orders orders;
    RETURN_IF_ERROR(EachOfBook(view, book::Orders::kName, codec::Key(handover_id),
                               [&](std::string_view, std::string_view value) -> StatusOr<bool> {
                                 Order order;
                                 RETURN_IF_ERROR(ParseBookRow(view, value, &order));
                                 if (order.offset() > after) orders.Add(std::move(order));
                                 return true;
                               }));
    return orders;
  }

  bool empty() const { return all_.empty(); }
  int64_t newest() const { return all_.back().order.offset(); }

  // The first one for this client that `may` be tried; null: none.
  template <class May>
  const Order* For(const std::string& client_id, May may) const {
    for (const One& one : all_)
      if ((one.order.client_ids().empty() || one.clients.contains(client_id)) && may(one.order)) return &one.order;
    return nullptr;
  }

 private:
  struct One {
    Order order;
    absl::flat_hash_set<std::string> clients;
  };
  void Add(Order order) {
    One& one = all_.emplace_back();
    one.clients.insert(order.client_ids().begin(), order.client_ids().end());
    one.order = std::move(order);
  }
  std::vector<One> all_;
};

}  // namespace

HandoverKeeper::HandoverKeeper(const DutyContext& context, size_t max_batch)
    : Duty(context),
      max_batch_(max_batch),
      writer_(this->context(), std::string(kBookView)),
      standing_(admin::v1::DUTY_KIND_HANDOVERS, partitions()),
      progress_(static_cast<size_t>(partitions())) {}

std::vector<std::string> HandoverKeeper::views() const { return {std::string(kBookView)}; }

StatusOr<absl::Time> HandoverKeeper::Step() {
  Facts home_facts;
  Status first_fault;
  // Partition 0 last: what the others have settled goes into its batch.
  for (int32_t p = partitions() - 1; p >= 0; --p) {
    const Partition partition(p);
    const Status kept = Keep(partition, &home_facts);
    // One partition that cannot be read must not keep the others waiting.
    if (!kept.ok() && first_fault.ok()) first_fault = Annotate(kept, fmt::format("partition {}", partition));
    std::string trouble = kept.ok() ? writer_.Trouble(partition) : ToString(kept);
    for (const auto& [handover, progress] : progress_[static_cast<size_t>(p)])
      if (trouble.empty()) trouble = progress.trouble;
    standing_.Change(partition, [&](admin::v1::Duty& duty) {
      duty.set_written(writer_.Written(partition));
      duty.set_trouble(std::move(trouble));
    });
  }
  if (!first_fault.ok()) stated_.clear();
  RETURN_IF_ERROR(first_fault);
  return absl::InfiniteFuture();
}

StatusOr<std::vector<book::Handover>> HandoverKeeper::OpenHandovers(const engine::PartitionView& view) const {
  std::vector<book::Handover> open;
  RETURN_IF_ERROR(EachOfBook(view, book::OpenHandovers::kName, {},
                             [&](std::string_view, std::string_view place) -> StatusOr<bool> {
                               book::Handover handover;
                               ASSIGN_OR_RETURN(const bool found,
                                                ReadBookRow(view, book::Handovers::kName, place, &handover));
                               if (found) open.push_back(std::move(handover));
                               return true;
                             }));
  return open;
}

Status HandoverKeeper::Keep(Partition partition, Facts* home_facts) {
  // Something of it is on its way, and wakes the duty when it is through.
  if (!writer_.Ready(partition)) return OkStatus();
  auto& progress = progress_[static_cast<size_t>(partition.value())];
  // Nobody knows what of the last batch came to the log: all that is held is tried once more.
  if (writer_.LastFailed(partition)) progress.clear();
  const auto view = engine().At(partition);
  ASSIGN_OR_RETURN(const std::vector<book::Handover> open, OpenHandovers(*view));
  std::erase_if(progress, [&](const auto& known) {
    return std::none_of(open.begin(), open.end(),
                        [&](const book::Handover& handover) { return handover.handover_id() == known.first; });
  });
  Facts facts;
  for (const book::Handover& handover : open) RETURN_IF_ERROR(Move(*view, handover, &facts));
  standing_.Change(partition, [&](admin::v1::Duty& duty) { duty.set_waiting(static_cast<int64_t>(facts.size())); });
  RETURN_IF_ERROR(Settle(*view, open, home_facts));
  if (partition != event::kHomeOfBroadcasts) return writer_.Write(partition, facts);
  RETURN_IF_ERROR(Certify(*view, home_facts));
  std::move(home_facts->begin(), home_facts->end(), std::back_inserter(facts));
  return writer_.Write(partition, facts);
}

Status HandoverKeeper::Move(const engine::PartitionView& view, const book::Handover& handover, Facts* facts) {
  const std::string& leaver = handover.from_staff_id();
  Progress& progress = progress_[static_cast<size_t>(view.partition().value())][handover.handover_id()];
  ASSIGN_OR_RETURN(const Orders orders, Orders::Read(view, handover.handover_id(), progress.done_until));
  if (orders.empty()) return OkStatus();
  const size_t before = facts->size();
  size_t refused = 0;

  // `make` says what the order would state.
  const auto move = [&](const std::string& client_id, const auto& make) {
    bool tried = false;
    Event fact;
    const Order* order = orders.For(client_id, [&](const Order& each) {
      fact = make(each);
      const auto known = progress.tries.find(fact.event_id());
      tried |= known != progress.tries.end();
      return known == progress.tries.end() || known->second < kMostTries;
    });
    if (order == nullptr) {
      if (tried) ++refused;
      return;
    }
    ++progress.tries[fact.event_id()];
    facts->push_back(std::move(fact));
  };

  book::BookClient client;
  RETURN_IF_ERROR(EachOfBook(
      view, book::ClientsByBroker::kName, codec::Key(leaver),
      [&](std::string_view, std::string_view place) -> StatusOr<bool> {
        ASSIGN_OR_RETURN(const bool found, ReadBookRow(view, book::Clients::kName, place, &client));
        if (found) move(client.client_id(), [&](const Order& order) { return ClientMoved(order, client); });
        return facts->size() < max_batch_;
      }));
  book::BookItem item;
  if (facts->size() < max_batch_)
    RETURN_IF_ERROR(EachOfBook(
        view, book::ItemsByOwner::kName, codec::Key(leaver),
        [&](std::string_view, std::string_view place) -> StatusOr<bool> {
          ASSIGN_OR_RETURN(const bool found, ReadBookRow(view, book::Items::kName, place, &item));
          if (!found) return true;
          client.Clear();
          const std::string home = book::Clients::Key::Encode(item.client_id());
          RETURN_IF_ERROR(ReadBookRow(view, book::Clients::kName, home, &client).status());
          move(item.client_id(), [&](const Order& order) { return WorkMoved(order, item, client.branch_id()); });
          return facts->size() < max_batch_;
        }));
  if (facts->size() > before) progress.trouble.clear();
  if (facts->size() > before || facts->size() >= max_batch_) return OkStatus();

  // What these orders could move has moved; what they name and is held still was refused.
  progress.done_until = orders.newest();
  progress.tries.clear();
  progress.trouble = refused == 0 ? std::string()
                                  : fmt::format("handover {}: {} of {}'s clients and open work could not be moved, for "
                                                "admission refused it; name another successor",
                                                handover.handover_id(), refused, leaver);
  return OkStatus();
}

Status HandoverKeeper::Settle(const engine::PartitionView& view, const std::vector<book::Handover>& open,
                              Facts* home_facts) {
  // What is written there already shows when its batch is through.
  if (open.empty() || !writer_.Ready(event::kHomeOfBroadcasts)) return OkStatus();
  const auto home = engine().At(event::kHomeOfBroadcasts);
  book::Handover known;
  for (const book::Handover& handover : open) {
    if (home_facts->size() >= max_batch_) return OkStatus();
    ASSIGN_OR_RETURN(const bool found,
                     ReadBookRow(*home, book::Handovers::kName,
                                 book::Handovers::Key::Encode(handover.handover_id()), &known));
    const auto& settled = known.settled_partitions();
    if (!found || known.state() != query::v1::HANDOVER_STATE_OPEN ||
        std::find(settled.begin(), settled.end(), view.partition().value()) != settled.end())
      continue;
    ASSIGN_OR_RETURN(auto share, SettledShare(view, handover, partitions()));
    if (share.has_value()) State(*std::move(share), home_facts);
  }
  return OkStatus();
}

void HandoverKeeper::State(Event fact, Facts* home_facts) {
  if (++stated_[fact.event_id()] <= kMostTries) home_facts->push_back(std::move(fact));
}

Status HandoverKeeper::Certify(const engine::PartitionView& home, Facts* home_facts) {
  ASSIGN_OR_RETURN(const std::vector<book::Handover> open, OpenHandovers(home));
  if (open.empty() || writer_.LastFailed(event::kHomeOfBroadcasts)) stated_.clear();
  for (const book::Handover& handover : open) {
    if (handover.settled_partitions_size() < partitions()) continue;
    std::vector<events::v1::HandoverShareSettled> shares;
    absl::Time settled_at = absl::InfinitePast();
    RETURN_IF_ERROR(EachOfBook(home, book::Shares::kName, codec::Key(handover.handover_id()),
                               [&](std::string_view, std::string_view value) -> StatusOr<bool> {
                                 book::Share share;
                                 RETURN_IF_ERROR(ParseBookRow(home, value, &share));
                                 settled_at = std::max(settled_at, FromProto(share.settled_at()));
                                 shares.push_back(std::move(*share.mutable_share()));
                                 return true;
                               }));
    if (shares.size() != static_cast<size_t>(partitions()))
      return DataLoss("handover {} has {} shares of {} partitions; rebuild the view {}", handover.handover_id(),
                      shares.size(), partitions(), kBookView);
    State(Certificate(handover, shares, settled_at, partitions()), home_facts);
  }
  return OkStatus();
}

}  // namespace kefu::duties
