#pragma once

#include <functional>
#include <memory>

namespace kefu::runtime {

// SIGPIPE and SIGXFSZ become errors of the call that caused them, instead of the end of the process. Once, at the
// start of main.
void IgnoreBrokenPipes();

// While it lives, the first SIGTERM or SIGINT calls `on_stop` on a thread of this object; a second one ends the
// process at once with 128 + its number, for an operator who does not want to wait.
//
// Operation: the handler writes to a pipe; the thread reads it, so `on_stop` may do anything.
// Limitations: one at a time in a process. The destructor waits for a running `on_stop`.
class StopSignals {
 public:
  explicit StopSignals(std::function<void()> on_stop);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kefu::runtime
