#include "platform/runtime/signals.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "platform/base/check.h"

namespace kefu::runtime {
namespace {

constexpr char kQuit = 0;

// What a signal handler may touch: lock-free atomics.
std::atomic<int> pipe_writer{-1};
std::atomic<int> signals_seen{0};

void OnSignal(int number) {
  if (signals_seen.fetch_add(1) > 0) _exit(128 + number);
  const int saved_errno = errno;
  const char byte = static_cast<char>(number);
  // A full pipe is impossible: only the first signal writes.
  [[maybe_unused]] const ssize_t written = write(pipe_writer.load(), &byte, 1);
  errno = saved_errno;
}

}  // namespace

void IgnoreBrokenPipes() {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

struct StopSignals::State {
  std::function<void()> on_stop;
  int pipe[2] = {-1, -1};
  struct sigaction old_term {};
  struct sigaction old_int {};
  std::thread thread;
};

StopSignals::StopSignals(std::function<void()> on_stop) : state_(std::make_unique<State>()) {
  KEFU_CHECK(pipe_writer.load() < 0, "a second StopSignals");
  state_->on_stop = std::move(on_stop);
  KEFU_CHECK(pipe2(state_->pipe, O_CLOEXEC) == 0, "errno {}", errno);
  signals_seen = 0;
  pipe_writer = state_->pipe[1];
  state_->thread = std::thread([state = state_.get()] {
    char byte = kQuit;
    while (read(state->pipe[0], &byte, 1) < 0 && errno == EINTR) {
    }
    if (byte != kQuit) state->on_stop();
  });
  struct sigaction action {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGTERM, &action, &state_->old_term);
  sigaction(SIGINT, &action, &state_->old_int);
}

StopSignals::~StopSignals() {
  sigaction(SIGTERM, &state_->old_term, nullptr);
  sigaction(SIGINT, &state_->old_int, nullptr);
  [[maybe_unused]] const ssize_t written = write(state_->pipe[1], &kQuit, 1);
  state_->thread.join();
  pipe_writer = -1;
  close(state_->pipe[0]);
  close(state_->pipe[1]);
}

}  // namespace kefu::runtime
