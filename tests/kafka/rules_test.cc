// Every rule through a real broker: the same verdicts as in memory and through the embedded log.

#include "platform/log/kafka/kafka_log.h"
#include "platform/testkit/kafka_broker.h"
#include "projections/engine/rules_log_testing.h"

namespace kefu {
namespace {

TEST(Rules, ThroughABrokerAreThoseOfMemory) {
  const auto stories = RuleStories();
  auto cluster = testkit::KafkaCluster::Start();
  if (absl::IsFailedPrecondition(cluster.status())) GTEST_SKIP() << ToString(cluster.status());
  ASSERT_TRUE(cluster.ok()) << ToString(cluster.status());
  const log::KafkaOptions options{.bootstrap_servers = (*cluster)->bootstrap(), .topic = "events"};
  const Status made = log::EnsureKafkaTopic(options, static_cast<int32_t>(stories.size()), 1);
  ASSERT_TRUE(made.ok()) << ToString(made);
  auto log = log::OpenKafkaLog(options);
  ASSERT_TRUE(log.ok()) << ToString(log.status());
  ExpectVerdictsAsTold(**log, stories);
}

}  // namespace
}  // namespace kefu
