#include "platform/runtime/signals.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <future>

namespace kefu::runtime {
namespace {

TEST(StopSignals, TheFirstSignalAsksToStop) {
  std::promise<void> asked;
  StopSignals signals([&] { asked.set_value(); });
  raise(SIGTERM);
  asked.get_future().wait();
}

TEST(StopSignals, NothingIsCalledWithoutASignal) {
  bool asked = false;
  {
    StopSignals signals([&] { asked = true; });
  }
  EXPECT_FALSE(asked);
}

TEST(StopSignals, ASecondSignalEndsTheProcessAtOnce) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        std::promise<void> never;
        StopSignals signals([&] { never.get_future().wait(); });
        raise(SIGTERM);
        raise(SIGINT);
      },
      ::testing::ExitedWithCode(128 + SIGINT), "");
}

TEST(StopSignals, WritingToAClosedPipeIsAnErrorAndNotTheEnd) {
  IgnoreBrokenPipes();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  EXPECT_EQ(write(ends[1], "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  close(ends[1]);
}

}  // namespace
}  // namespace kefu::runtime
