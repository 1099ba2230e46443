#pragma once

// What every log must do. A kind of log is held to it by
//
//   INSTANTIATE_TEST_SUITE_P(Embedded, EventLogContract, testing::Values(LogKind{"embedded", &MakeEmbedded}));
//
// in a test that links platform_log_contract.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "platform/log/log.h"

namespace kefu::log {

// A log that a test has for itself.
class LogUnderTest {
 public:
  virtual ~LogUnderTest() = default;
  virtual EventLog& log() = 0;
  // Closes it and opens it again, as after a restart. Readers must be gone.
  virtual void Reopen() = 0;
  // The same log with room for only `queue_bytes` of waiting appends; reopens it.
  virtual void ReopenWithQueue(int64_t queue_bytes) = 0;
};

struct LogKind {
  std::string name;
  // A new, empty log.
  std::function<std::unique_ptr<LogUnderTest>(int32_t partitions)> make;
};

class EventLogContract : public testing::TestWithParam<LogKind> {};

}  // namespace kefu::log
