#include "platform/base/files.h"
#include "platform/log/contract_test.h"
#include "platform/log/embedded/embedded_log.h"

namespace kefu::log {
namespace {

class EmbeddedUnderTest : public LogUnderTest {
 public:
  explicit EmbeddedUnderTest(int32_t partitions) : partitions_(partitions) { Open({}); }
  EventLog& log() override { return log_->Topic("events"); }
  void Reopen() override { Open({}); }
  void ReopenWithQueue(int64_t queue_bytes) override {
    EmbeddedOptions options;
    options.queue_bytes = queue_bytes;
    Open(options);
  }

 private:
  void Open(EmbeddedOptions options) {
    log_.reset();
    options.directory = directory_.path();
    options.reserve_bytes = 0;
    auto opened = EmbeddedLog::Open(options, {{"other", 1}, {"events", partitions_}});
    ASSERT_TRUE(opened.ok()) << ToString(opened.status());
    log_ = std::move(*opened);
  }

  const TempDirectory directory_;
  const int32_t partitions_;
  std::unique_ptr<EmbeddedLog> log_;
};

INSTANTIATE_TEST_SUITE_P(Embedded, EventLogContract,
                         testing::Values(LogKind{"embedded",
                                                 [](int32_t partitions) -> std::unique_ptr<LogUnderTest> {
                                                   return std::make_unique<EmbeddedUnderTest>(partitions);
                                                 }}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace kefu::log
