// No client is ever without a broker (N5): random histories of hires, leaves, transfers, closings, merges and late news,
// in a firm of several partitions, where copies and what the server states arrive whenever they do.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <random>
#include <set>

#include "platform/base/hash.h"
#include "platform/base/time.h"
#include "platform/event/record.h"
#include "platform/testkit/book_events.h"
#include "platform/testkit/client_events.h"
#include "platform/testkit/view_run.h"
#include "projections/book/book.h"

namespace kefu::book {
namespace {

using events::v1::Event;
using events::v1::Verdict;
using testing::IsEmpty;
using testkit::Draft;

constexpr int32_t kPartitions = 2;
constexpr int kClients = 10;
constexpr int kStaff = 5;

struct Firm {
  int histories = 0;
  int events = 200;
  // The control: as if admission let leavers be given something.
  bool without_staff_leaving = false;
};

// What became of the histories of a firm.
struct Outcome {
  std::string first_orphan;
  int64_t orphans = 0;
  int64_t completed = 0;
  int64_t moved = 0;
  int64_t refused_leaving = 0;
};

class History {
 public:
  History(uint64_t seed, const Firm& firm) : random_(seed), firm_(firm) {
    for (int32_t p = 0; p < kPartitions; ++p) partitions_.emplace_back(sdk::Describe<BookView>());
    Tell(testkit::Firm([](Event& event) {
      event.mutable_unit_published()->set_unit_id("U-1");
      event.mutable_unit_published()->set_name("unit");
      event.mutable_unit_published()->set_level(events::v1::UNIT_LEVEL_BRANCH);
    }));
  }

  Outcome Run() {
    for (int i = 0; i < firm_.events && outcome_.first_orphan.empty(); ++i) Step();
    return outcome_;
  }

 private:
  struct Copy {
    Event event;
    int64_t first_offset;
  };
  struct Place {
    explicit Place(const sdk::Projection& view) : run(view) {}
    testkit::ViewRun run;
    int64_t next_offset = 0;
    std::deque<Copy> copies;
  };

  uint64_t Below(uint64_t n) { return random_() % n; }
  std::string SomeClient() { return fmt::format("C-{}", Below(kClients)); }
  std::string SomeStaff() { return fmt::format("S-{}", Below(kStaff)); }
  // Mostly one that is open.
  std::string SomeHandover() {
    std::vector<std::string> open;
    auto home = RowsOf(0);
    for (const std::string& id : handovers_)
      if (const Handover* row = home.Find<Handovers>(id);
          row != nullptr && row->state() == query::v1::HANDOVER_STATE_OPEN)
        open.push_back(id);
    if (!open.empty() && Below(8) != 0) return open[Below(open.size())];
    return handovers_.empty() ? "H-none" : handovers_[Below(handovers_.size())];
  }

  BookView::Rows RowsOf(int32_t p) { return BookView::Rows(partitions_[static_cast<size_t>(p)].run.view()); }
  static int32_t HomeOf(const std::string& client_id) { return PartitionForKey(client_id, kPartitions); }

  void Step() {
    switch (Below(24)) {
      case 0:
      case 1:
        return Hire();
      case 2:
      case 3:
        return Tell(testkit::Registered("Wang").Client(SomeClient()));
      case 4:
      case 5:
      case 6:
        return Tell(testkit::Assigns(SomeClient(), SomeStaff()));
      case 7:
        if (Below(3) != 0) return;
        return Tell(testkit::StatusChanged(events::v1::CLIENT_STATUS_CLOSED).Client(SomeClient()));
      case 8: {
        const std::string handover = fmt::format("H-{}", handovers_.size());
        handovers_.push_back(handover);
        return Tell(testkit::HandoverOpens(handover, SomeStaff()));
      }
      case 9:
      case 10:
        return Name();
      case 11:
        return Tell(testkit::Informs(SomeClient(), SomeHandover()));
      case 12:
        return Below(4) == 0 ? Tell(testkit::HandoverCancels(SomeHandover())) : InformWaiting();
      case 13:
        return Work();
      case 14:
        return Merge();
      case 15:
      case 16:
      case 17:
        return Duty(static_cast<int32_t>(Below(kPartitions)));
      case 18:
      case 19:
      case 20:
        return DeliverStated();
      default:
        return DeliverCopies(static_cast<int32_t>(Below(kPartitions)));
    }
  }

  void Hire() {
    const std::string staff = SomeStaff();
    Tell(testkit::StaffTold(staff));
    Tell(testkit::QualifiedTold(staff));
  }
  void Name() {
    std::vector<std::string> clients;
    if (Below(3) == 0)
      for (uint64_t i = 1 + Below(3); i > 0; --i) clients.push_back(SomeClient());
    Tell(testkit::SuccessorNamed(SomeHandover(), SomeStaff(), clients));
  }
  void Work() {
    const std::string id = fmt::format("K-{}", Below(6));
    const std::string client = fmt::format("C-{}", id.back() % kClients);
    switch (Below(5)) {
      case 0:
        return Tell(testkit::Opened(id).Client(client));
      case 1:
        return Tell(testkit::Assigned(id, SomeStaff()).Client(client));
      case 2:
        return Tell(testkit::Resolved(id).Client(client));
      case 3:
        return Tell(testkit::Reopened(id).Client(client));
      default:
        return Tell(testkit::Promised(fmt::format("P-{}", number_), {}, SomeStaff()).Client(client));
    }
  }
  void Merge() {
    if (merges_.empty() || Below(3) != 0) {
      merges_.push_back(fmt::format("e-{}", number_ + 1));
      return Tell(testkit::Merged(SomeClient(), SomeClient()));
    }
    Tell(testkit::Split(merges_[Below(merges_.size())]));
  }
  // Someone tells all clients that moved and were not told.
  void InformWaiting() {
    for (int i = 0; i < kClients; ++i) {
      const std::string client = fmt::format("C-{}", i);
      auto rows = RowsOf(HomeOf(client));
      const BookClient* row = rows.Find<Clients>(client);
      if (row != nullptr && !row->handover_id().empty() && !row->has_informed_at())
        Tell(testkit::Informs(client, row->handover_id()));
    }
  }

  // News may be told at any time after they happened.
  void Tell(Draft draft) {
    const int minute = static_cast<int>(1 + number_);
    draft.AtMinute(minute - static_cast<int>(Below(4) == 0 ? Below(static_cast<uint64_t>(minute)) : 0));
    Record(testkit::Finish(draft, ++number_));
  }
  void Record(Event event) {
    if (event.client_id().empty()) {
      event.mutable_broadcast()->set_partitions(kPartitions);
      const int64_t offset = partitions_[0].next_offset;
      if (Deliver(0, event).outcome() != events::v1::VERDICT_OUTCOME_APPLIED) return;
      event.mutable_broadcast()->set_is_copy(true);
      event.mutable_broadcast()->set_first_offset(offset);
      for (size_t p = 1; p < partitions_.size(); ++p) partitions_[p].copies.push_back({event, offset});
      return;
    }
    Deliver(HomeOf(event.client_id()), event);
  }

  Verdict Deliver(int32_t p, const Event& event) {
    Place& place = partitions_[static_cast<size_t>(p)];
    const absl::Time recorded_at = testkit::Beginning() + absl::Minutes(++recorded_);
    const Offset offset(place.next_offset++);
    testkit::Delivery delivery{event, event::RecordedBytes(event, recorded_at), offset, recorded_at, Partition(p)};
    *delivery.event.mutable_recorded_at() = ToProto(recorded_at);
    Verdict verdict = place.run.Judge(delivery);
    if (verdict.rule() == "staff_leaving") {
      ++outcome_.refused_leaving;
      if (firm_.without_staff_leaving && event.has_client_assigned_to_broker()) {
        verdict.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
        verdict.clear_rule();
      }
    }
    place.run.Fold(delivery, verdict);
    if (verdict.outcome() == events::v1::VERDICT_OUTCOME_APPLIED) {
      outcome_.completed += event.has_handover_completed() && !event.broadcast().is_copy();
      outcome_.moved += !event.client_assigned_to_broker().handover_id().empty();
    }
    Look(event);
    return verdict;
  }

  // As partition 0 knows the staff: nobody knows sooner who has left.
  void Look(const Event& last) {
    auto home = RowsOf(0);
    for (int i = 0; i < kClients; ++i) {
      const std::string client = fmt::format("C-{}", i);
      auto rows = RowsOf(HomeOf(client));
      const BookClient* row = rows.Find<Clients>(client);
      if (row == nullptr || row->broker_id().empty() || row->closed()) continue;
      const StaffMember* staff = home.Find<Staff>(row->broker_id());
      if (staff != nullptr && staff->status() != query::v1::STAFF_STATUS_LEFT) continue;
      ++outcome_.orphans;
      if (outcome_.first_orphan.empty())
        outcome_.first_orphan = fmt::format("{} of {} after event {} {}", client, row->broker_id(), last.event_id(),
                                            last.ShortDebugString());
    }
  }

  void DeliverCopies(int32_t p) {
    auto& copies = partitions_[static_cast<size_t>(p)].copies;
    for (uint64_t i = 1 + Below(8); i > 0 && !copies.empty(); --i) {
      const Event event = copies.front().event;
      copies.pop_front();
      Deliver(p, event);
    }
  }
  void DeliverStated() {
    for (uint64_t i = 1 + Below(8); i > 0 && !stated_.empty(); --i) {
      const Event event = stated_.front();
      stated_.pop_front();
      Record(event);
    }
  }

  // The handover duty in its plainest form. It states what it sees; that arrives later.
  void Duty(int32_t p) {
    auto rows = RowsOf(p);
    auto home = RowsOf(0);
    for (const std::string& id : handovers_) {
      const Handover* handover = rows.Find<Handovers>(id);
      if (handover == nullptr || handover->state() != query::v1::HANDOVER_STATE_OPEN) continue;
      Move(id, handover->from_staff_id(), rows);
      const Handover* known = home.Find<Handovers>(id);
      if (rows.Find<Owners>(handover->from_staff_id()) == nullptr && handover->not_informed() == 0) {
        Event share = Stated(fmt::format("share/{}/{}", id, p));
        share.mutable_handover_share_settled()->set_handover_id(id);
        share.mutable_handover_share_settled()->set_partition(p);
        share.mutable_handover_share_settled()->mutable_counts();
        stated_.push_back(std::move(share));
      }
      if (known->settled_partitions_size() < kPartitions) continue;
      Event completed = Stated("completed/" + id);
      completed.mutable_handover_completed()->set_handover_id(id);
      completed.mutable_handover_completed()->set_from_staff_id(handover->from_staff_id());
      completed.mutable_handover_completed()->mutable_counts();
      stated_.push_back(std::move(completed));
    }
  }
  void Move(const std::string& id, const std::string& leaver, BookView::Rows& rows) {
    const OrderList* orders = rows.Find<OrderLists>(id);
    if (orders == nullptr) return;
    const std::vector<int64_t> offsets(orders->offsets().begin(), orders->offsets().end());
    for (const int64_t offset : offsets) {
      const Order* order = rows.Find<Orders>(id, Offset(offset));
      if (order == nullptr) continue;
      const auto& named = order->client_ids();
      const auto covers = [&](const std::string& client) {
        return named.empty() || std::find(named.begin(), named.end(), client) != named.end();
      };
      for (int i = 0; i < kClients; ++i) {
        const std::string client = fmt::format("C-{}", i);
        const BookClient* row = rows.Find<Clients>(client);
        if (row == nullptr || row->closed() || row->broker_id() != leaver || !covers(client)) continue;
        Event event = Stated(fmt::format("move/{}/{}/{}", id, offset, client));
        event.set_client_id(client);
        auto& assigned = *event.mutable_client_assigned_to_broker();
        assigned.set_staff_id(order->to_staff_id());
        assigned.set_role(events::v1::BROKER_ROLE_PRIMARY);
        assigned.set_handover_id(id);
        stated_.push_back(std::move(event));
      }
      for (int64_t number = 0; number <= number_; ++number) {
        for (const auto& [kind, prefix] : {std::pair(events::v1::WORK_KIND_CASE, "K"),
                                           std::pair(events::v1::WORK_KIND_PROMISE, "P")}) {
          const std::string work = fmt::format("{}-{}", prefix, number);
          const BookItem* item = rows.Find<Items>(static_cast<int32_t>(kind), work);
          if (item == nullptr || item->ended() || item->owner_id() != leaver || !covers(item->client_id())) continue;
          Event event = Stated(fmt::format("move/{}/{}/{}", id, offset, work));
          event.set_client_id(item->client_id());
          auto& reassigned = *event.mutable_work_reassigned();
          reassigned.set_kind(kind);
          reassigned.set_work_id(work);
          reassigned.set_from_staff_id(leaver);
          reassigned.set_to_staff_id(order->to_staff_id());
          reassigned.set_handover_id(id);
          stated_.push_back(std::move(event));
        }
      }
    }
  }
  static Event Stated(std::string id) {
    Event event;
    event.set_event_id(std::move(id));
    event.set_source("test");
    *event.mutable_occurred_at() = ToProto(testkit::Beginning());
    return event;
  }

  std::mt19937_64 random_;
  const Firm firm_;
  std::deque<Place> partitions_;
  std::deque<Event> stated_;
  std::vector<std::string> handovers_;
  std::vector<std::string> merges_;
  int64_t number_ = 0;
  int64_t recorded_ = 0;
  Outcome outcome_;
};

uint64_t Seed() {
  const char* given = std::getenv("KEFU_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

Outcome Live(const Firm& firm, uint64_t seed) {
  Outcome all;
  for (int i = 0; i < firm.histories; ++i) {
    const Outcome one = History(seed + static_cast<uint64_t>(i), firm).Run();
    if (all.first_orphan.empty() && !one.first_orphan.empty())
      all.first_orphan = fmt::format("KEFU_SEED={}: {}", seed + static_cast<uint64_t>(i), one.first_orphan);
    all.orphans += one.orphans;
    all.completed += one.completed;
    all.moved += one.moved;
    all.refused_leaving += one.refused_leaving;
  }
  return all;
}

// KEFU_HISTORIES gives another number, for a release.
int Histories() {
  const char* given = std::getenv("KEFU_HISTORIES");
  return given != nullptr ? std::atoi(given) : 2'000;
}

TEST(Orphans, NoClientIsWithoutABrokerAfterAnyEvent) {
  const Outcome outcome = Live({.histories = Histories()}, Seed());
  RecordProperty("completed", std::to_string(outcome.completed));
  RecordProperty("moved", std::to_string(outcome.moved));
  RecordProperty("refused", std::to_string(outcome.refused_leaving));
  EXPECT_THAT(outcome.first_orphan, IsEmpty());
  // It was put to the test: brokers left, clients moved, leavers were offered more. In 2,000 histories that was so about
  // 1,900, 500 and 8,800 times; no seed comes near a fifth of it.
  EXPECT_GT(outcome.completed, Histories() / 5);
  EXPECT_GT(outcome.moved, Histories() / 20);
  EXPECT_GT(outcome.refused_leaving, Histories());
}

// The control: where leavers may still be given clients, some are left without a broker.
TEST(Orphans, WithoutTheRuleAboutLeaversSomeAreFound) {
  const Outcome outcome = Live({.histories = 300, .without_staff_leaving = true}, Seed());
  EXPECT_GT(outcome.orphans, 0);
}

}  // namespace
}  // namespace kefu::book
