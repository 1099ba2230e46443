#include "platform/base/uuid.h"
#include "platform/log/contract_test.h"
#include "platform/testkit/memory_log.h"

namespace kefu::log {
namespace {

// A log in memory has nothing to close: reopening keeps it as it is.
class MemoryUnderTest : public LogUnderTest {
 public:
  explicit MemoryUnderTest(int32_t partitions) : log_(partitions, NewUuid()) {}
  EventLog& log() override { return log_; }
  void Reopen() override {}
  void ReopenWithQueue(int64_t queue_bytes) override { log_.LimitAppends(queue_bytes); }

 private:
  testkit::MemoryLog log_;
};

INSTANTIATE_TEST_SUITE_P(Memory, EventLogContract,
                         testing::Values(LogKind{"memory",
                                                 [](int32_t partitions) -> std::unique_ptr<LogUnderTest> {
                                                   return std::make_unique<MemoryUnderTest>(partitions);
                                                 }}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace kefu::log
