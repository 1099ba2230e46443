#include "platform/log/embedded/head_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

namespace kefu::log {

namespace {

constexpr size_t kSlotBytes = 64 << 10;
constexpr auto kWriteEvery = std::chrono::seconds(1);

std::optional<Head> ReadSlot(int file, int slot) {
  std::string bytes(kSlotBytes, '\0');
  if (pread(file, bytes.data(), bytes.size(), static_cast<off_t>(slot * kSlotBytes)) !=
      static_cast<ssize_t>(bytes.size()))
    return std::nullopt;
  return Head::Decode(bytes);
}

}  // namespace

StatusOr<std::unique_ptr<HeadFile>> HeadFile::Open(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return Unavailable("cannot open {}: {}", path, std::strerror(errno));
  const off_t size = lseek(file, 0, SEEK_END);
  const std::optional<Head> first = ReadSlot(file, 0);
  const std::optional<Head> second = ReadSlot(file, 1);
  std::optional<Head> last = first;
  if (second && (!first || second->sequence > first->sequence)) last = second;
  if (size > 0 && !last) {
    close(file);
    return DataLoss("{}, which notes where the log ends, is damaged; it cannot be told whether the log is whole", path);
  }
  return std::unique_ptr<HeadFile>(new HeadFile(file, std::move(last)));
}

HeadFile::HeadFile(int file, std::optional<Head> last) : file_(file), last_(std::move(last)) {
  if (last_) head_ = *last_;
  thread_ = std::thread([this] { Run(); });
}

HeadFile::~HeadFile() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  IgnoreStatus(Write(), "the log itself is durable; only its watchman falls asleep a little early");
  close(file_);
}

void HeadFile::Note(int32_t topic, Partition partition, Offset end) {
  const std::lock_guard lock(mutex_);
  head_.ends[{topic, partition.value()}] = end.value();
  changed_ = true;
}

Status HeadFile::Write() {
  const std::lock_guard write_lock(write_mutex_);
  std::string slot;
  int64_t sequence;
  {
    const std::lock_guard lock(mutex_);
    if (!changed_) return OkStatus();
    sequence = ++head_.sequence;
    slot = head_.Encode(kSlotBytes);
    changed_ = false;
  }
  const auto at = static_cast<off_t>((sequence % 2) * kSlotBytes);
  if (pwrite(file_, slot.data(), slot.size(), at) == static_cast<ssize_t>(slot.size()) && fdatasync(file_) == 0)
    return OkStatus();
  const std::lock_guard lock(mutex_);
  changed_ = true;
  return Unavailable("cannot note where the log ends: {}", std::strerror(errno));
}

void HeadFile::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, kWriteEvery, [&] { return stopping_; });
    if (!changed_) continue;
    lock.unlock();
    IgnoreStatus(Write(), "tried again in a second");
    lock.lock();
  }
}

}  // namespace kefu::log
