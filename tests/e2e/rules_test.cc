// Every rule through the embedded log: the same verdicts as in memory. tests/kafka has the same with a broker.

#include "platform/log/embedded/embedded_log.h"
#include "projections/engine/rules_log_testing.h"

namespace kefu {
namespace {

TEST(Rules, ThroughTheEmbeddedLogAreThoseOfMemory) {
  const auto stories = RuleStories();
  const TempDirectory directory;
  log::EmbeddedOptions options;
  options.directory = directory.path();
  options.reserve_bytes = 0;
  auto opened = log::EmbeddedLog::Open(options, {{"events", static_cast<int32_t>(stories.size())}});
  ASSERT_TRUE(opened.ok()) << ToString(opened.status());
  ExpectVerdictsAsTold((*opened)->Topic("events"), stories);
}

}  // namespace
}  // namespace kefu
