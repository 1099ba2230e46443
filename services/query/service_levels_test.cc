#include "services/query/service_levels.h"

#include <gtest/gtest.h>

#include "platform/base/time.h"

namespace kefu::query {
namespace {

using events::v1::ServiceLevelsPublished;

ServiceLevelsPublished Pack(const std::string& id, std::vector<std::pair<std::string, int32_t>> levels) {
  ServiceLevelsPublished pack;
  pack.set_pack_id(id);
  pack.set_version(1);
  for (const auto& [tier, days] : levels) {
    auto* level = pack.add_levels();
    level->set_tier(tier);
    level->set_contact_every_days(days);
  }
  return pack;
}

TEST(ServiceLevels, ATierHasItsOwnPromiseOrThatOfEveryOther) {
  const ServiceLevels levels({Pack("a", {{"gold", 30}, {"", 180}, {"silent", 0}})});
  EXPECT_EQ(levels.DaysOf("gold"), 30);
  EXPECT_EQ(levels.DaysOf("standard"), 180);
  EXPECT_EQ(levels.DaysOf(""), 180);
  EXPECT_EQ(levels.DaysOf("silent"), 0) << "it is named, and promised nothing";
  EXPECT_EQ(levels.StrictestDays(), 30);
  EXPECT_EQ(ServiceLevels().DaysOf("gold"), 0);
  EXPECT_EQ(ServiceLevels({Pack("a", {{"gold", 30}})}).DaysOf("standard"), 0) << "nobody promised it anything";
}

TEST(ServiceLevels, OfSeveralPacksTheStrictestBinds) {
  const ServiceLevels levels(
      {Pack("a", {{"gold", 30}}), Pack("b", {{"", 20}, {"gold", 0}}), Pack("c", {{"gold", 10}})});
  EXPECT_EQ(levels.DaysOf("gold"), 10);
  EXPECT_EQ(levels.DaysOf("standard"), 20);
  EXPECT_EQ(levels.Names(), (std::vector<std::string>{"a/1", "b/1", "c/1"}));
}

TEST(ServiceLevels, APromiseIsKeptOnItsLastMomentAndMissedAfterIt) {
  const ServiceLevels levels({Pack("a", {{"gold", 30}})});
  const absl::Time served = absl::FromUnixSeconds(1'000'000);
  query::v1::BookClient client;
  client.set_tier("gold");
  client.set_broker_id("S-1");
  *client.mutable_last_served_at() = ToProto(served);
  const absl::Time last = served + absl::Hours(24 * 30);
  levels.Judge(last, &client);
  EXPECT_FALSE(client.neglected());
  EXPECT_EQ(FromProto(client.promised_by()), last);
  levels.Judge(last + absl::Microseconds(1), &client);
  EXPECT_TRUE(client.neglected());
  EXPECT_EQ(levels.NeglectedBefore(last), served);
  client.set_closed(true);
  levels.Judge(last + absl::Hours(1), &client);
  EXPECT_FALSE(client.neglected()) << "who left the firm is not neglected";
  client.set_closed(false);
  client.set_tier("standard");
  levels.Judge(last + absl::Hours(1), &client);
  EXPECT_FALSE(client.neglected());
  EXPECT_FALSE(client.has_promised_by());
}

}  // namespace
}  // namespace kefu::query
