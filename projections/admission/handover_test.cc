// From the opening of a handover on nothing is given to the leaver, in any partition, whatever is tried and in whatever
// order copies come; and so no client ever has a broker who left.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "projections/admission/handover_testing.h"

namespace kefu::admission {
namespace {

constexpr int kEvents = 1'500;

TEST(HandoverProperty, FromItsOpeningOnNothingIsGivenToTheLeaver) {
  std::map<std::string, int> verdicts;
  int64_t held = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Branch branch(seed, {});
    for (int i = 0; i < kEvents; ++i) {
      branch.Happen(branch.dice.Next(i));
      branch.CopySome();
    }
    EXPECT_TRUE(branch.gained.empty()) << *branch.gained.begin();
    held += branch.held;
    for (int i = 0; i < kPartitions; ++i)
      for (const auto& [verdict, count] : branch.place(i).verdicts()) verdicts[verdict] += count;
  }
  // Else it would show nothing.
  EXPECT_GT(held, 1'000);
  for (const char* verdict :
       {"applied", "staff_leaving", "staff_left", "handover_not_settled", "client_not_in_handover"})
    EXPECT_GT(verdicts[verdict], 100) << verdict;
}

// Where admission does not know who leaves, leavers are given things: the test would see it.
TEST(HandoverProperty, ControlWithoutTheRuleLeaversGain) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    Branch branch(seed, {true, true, true});
    for (int i = 0; i < kEvents; ++i) {
      branch.Happen(branch.dice.Next(i));
      branch.CopySome();
    }
    EXPECT_FALSE(branch.gained.empty()) << "seed " << seed;
  }
}

// What the server does for handovers: moves clients one by one, states a share when a partition holds nothing of the
// leaver, and the certificate when all shares are there. It is honest about what it sees.
class Duty {
 public:
  explicit Duty(Branch& branch) : branch_(branch) {}

  void Learn(const Event& applied) {
    if (applied.body_case() == Event::kHandoverOpened)
      open_[applied.handover_opened().handover_id()].leaver = applied.handover_opened().from_staff_id();
    else if (applied.body_case() == Event::kHandoverCancelled)
      open_.erase(applied.handover_cancelled().handover_id());
  }
  // One step for each open handover in one partition.
  void Step(int number) {
    const int place = branch_.dice.Below(kPartitions);
    std::vector<std::string> done;
    for (auto& [id, handover] : open_) {
      if (!branch_.place(place).Knows(id)) continue;
      const std::string key = fmt::format("{}-{}", id, number);
      const auto clients = branch_.place(place).ClientsOf(handover.leaver);
      Event event;
      if (!clients.empty()) {
        event.set_client_id(clients.front());
        event.mutable_client_assigned_to_broker()->set_staff_id(branch_.dice.Staff());
        event.mutable_client_assigned_to_broker()->set_role(events::v1::BROKER_ROLE_PRIMARY);
        event.mutable_client_assigned_to_broker()->set_handover_id(id);
      } else if (!handover.shares.contains(place)) {
        event.mutable_handover_share_settled()->set_handover_id(id);
        event.mutable_handover_share_settled()->set_partition(place);
        handover.shares.insert(place);
      } else if (handover.shares.size() == kPartitions) {
        event.mutable_handover_completed()->set_handover_id(id);
        done.push_back(id);
      } else {
        continue;
      }
      Finish("duty-" + key, testkit::Beginning() + absl::Minutes(number), event);
      const bool applied = branch_.Happen(event);
      if (applied && event.has_handover_completed()) left.insert(handover.leaver);
    }
    for (const std::string& id : done) open_.erase(id);
  }

  std::set<std::string> left;

 private:
  struct Handover {
    std::string leaver;
    std::set<int> shares;
  };
  Branch& branch_;
  std::map<std::string, Handover> open_;
};

// Clients whose broker has left, at any position.
struct Orphans {
  std::set<std::string> found;
  size_t left = 0;
};

Orphans PlayWithDuty(uint64_t seed, std::array<bool, kPartitions> hides_openings) {
  Branch branch(seed, hides_openings);
  branch.dice.handovers = 100;
  Duty duty(branch);
  Orphans orphans;
  for (int i = 0; i < kEvents; ++i) {
    const Event event = branch.dice.Next(i);
    // These two are the duty's.
    if (!event.has_handover_share_settled() && !event.has_handover_completed() && branch.Happen(event))
      duty.Learn(event);
    if (branch.dice.Below(40) == 0) {
      int part = 0;
      for (Event& hired : Hired(fmt::format("S-{}", branch.dice.staff++))) {
        Finish(fmt::format("hire-{}-{}", i, part++), testkit::Beginning(), hired);
        branch.Happen(hired);
      }
    }
    duty.Step(i);
    branch.CopySome();
    for (int place = 0; place < kPartitions; ++place)
      for (const std::string& staff_id : duty.left)
        for (const std::string& client : branch.place(place).ClientsOf(staff_id))
          orphans.found.insert(client + " of " + staff_id);
  }
  orphans.left = duty.left.size();
  return orphans;
}

TEST(HandoverProperty, NoClientEverHasABrokerWhoLeft) {
  size_t left = 0;
  for (uint64_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const Orphans orphans = PlayWithDuty(seed, {});
    EXPECT_TRUE(orphans.found.empty()) << *orphans.found.begin();
    left += orphans.left;
  }
  EXPECT_GT(left, 100u);
}

// Where two partitions go on giving clients to leavers, a settled share does not stay settled.
TEST(HandoverProperty, ControlWithoutTheRuleThereAreOrphans) {
  size_t histories = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) histories += !PlayWithDuty(seed, {false, true, true}).found.empty();
  EXPECT_GT(histories, 5u);
}

}  // namespace
}  // namespace kefu::admission
