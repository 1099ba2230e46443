#include "projections/kept/kept_views.h"

#include <absl/time/clock.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "platform/base/hash.h"
#include "platform/store/copy.h"
#include "projections/kept/thinning.h"

namespace kefu::kept {
namespace {

constexpr char kRecord[] = "kept";
constexpr std::string_view kHalfMade = "new-";
constexpr absl::Duration kPause = absl::Seconds(1);
// So many times as long as keeping took, nothing is kept: folding, which shares the disk and the processor, goes on.
constexpr int kShare = 20;

std::string NameOf(int64_t number) { return fmt::format("{:012}", number); }

// Absent where the name is none of ours.
std::optional<int64_t> NumberOf(const std::string& name) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || NameOf(number) != name) return std::nullopt;
  return number;
}

int64_t FreeBytes(const std::string& folder) {
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  return error ? INT64_MAX : static_cast<int64_t>(space.available);
}

}  // namespace

KeptViews::Kept::~Kept() {
  std::error_code ignored;
  if (dropped) std::filesystem::remove_all(folder, ignored);
}

KeptViews::KeptViews(KeptOptions options, engine::Engine& engine, engine::Copier& copier)
    : options_(std::move(options)), engine_(engine), copier_(copier) {}

KeptViews::~KeptViews() { Stop(); }

StatusOr<std::unique_ptr<KeptViews>> KeptViews::Open(KeptOptions options, engine::Engine& engine) {
  engine::Copier* const copier = engine::CopierOf(engine);
  if (copier == nullptr) return FailedPrecondition("these views are not folded from a log: there is nothing to keep");
  if (!options.free_bytes) options.free_bytes = &FreeBytes;
  std::unique_ptr<KeptViews> kept(new KeptViews(std::move(options), engine, *copier));
  RETURN_IF_ERROR(kept->ReadAll());
  return kept;
}

Status KeptViews::ReadAll() {
  std::error_code error;
  std::filesystem::create_directories(options_.directory, error);
  if (error) return Unavailable("cannot make {}: {}", options_.directory, error.message());
  for (const auto& entry : std::filesystem::directory_iterator(options_.directory, error)) {
    const std::string folder = entry.path().string();
    const auto number = NumberOf(entry.path().filename().string());
    if (number) next_number_ = std::max(next_number_, *number + 1);
    StatusOr<KeptRecord> record = number ? ReadOne(folder, *number) : DataLoss("it was not finished");
    if (record.ok()) {
      auto kept = std::make_shared<Kept>();
      kept->record = *std::move(record);
      kept->folder = folder;
      kept_.push_back(std::move(kept));
      continue;
    }
    spdlog::warn("kept views in {} are dropped: {}", folder, MessageOf(record.status()));
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  if (error) return Unavailable("cannot read {}: {}", options_.directory, error.message());
  std::sort(kept_.begin(), kept_.end(),
            [](const auto& a, const auto& b) { return a->record.number < b->record.number; });
  return OkStatus();
}

// Sizes and hashes are compared when it is used.
StatusOr<KeptRecord> KeptViews::ReadOne(const std::string& folder, int64_t number) const {
  ASSIGN_OR_RETURN(const std::string bytes, ReadWhole(folder + "/" + kRecord));
  ASSIGN_OR_RETURN(KeptRecord record, KeptRecord::Decode(bytes));
  if (record.log_id != engine_.log_identity().id) return DataLoss("they are of the log \"{}\"", record.log_id);
  if (record.number != number || record.partitions.size() != static_cast<size_t>(engine_.partitions()))
    return DataLoss("their record is of others");
  return record;
}

void KeptViews::Start() {
  thread_ = std::thread([this] { Run(); });
}

void KeptViews::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void KeptViews::Run() {
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, absl::ToChronoNanoseconds(kPause), [&] { return stopping_; })) {
    lock.unlock();
    Look(absl::Now());
    lock.lock();
  }
}

void KeptViews::Look(absl::Time now) {
  DropUseless();
  MakeRoom();
  int64_t last = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!kept_.empty()) last = kept_.back()->record.Events();
  }
  int64_t events = 0;
  for (const int64_t next : engine_.CurrentPosition().next_offsets) events += next;
  {
    const std::lock_guard keeping(keeping_);
    if (events - last < options_.every_events || now < not_before_) return;
  }
  const absl::Time begin = absl::Now();
  const Status kept = Keep();
  const std::lock_guard keeping(keeping_);
  not_before_ = now + kShare * (absl::Now() - begin);
  const std::string why = kept.ok() ? std::string() : std::string(MessageOf(kept));
  // Once, however long it lasts; a view that is being built is nothing to worry about.
  if (!kept.ok() && why != said_)
    spdlog::log(kept.code() == StatusCode::kFailedPrecondition ? spdlog::level::info : spdlog::level::warn,
                "views are not kept for the past now: {}", why);
  said_ = why;
}

Status KeptViews::Keep() {
  const std::lock_guard keeping(keeping_);
  if (!HasRoom())
    return ResourceExhausted("{}: less than {} MiB are free", options_.directory, options_.reserve_bytes >> 20);
  int64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = next_number_++;
  }
  const std::string half_made = fmt::format("{}/{}{}", options_.directory, kHalfMade, NameOf(number));
  auto record = Copy(half_made, number);
  auto kept = std::make_shared<Kept>();
  kept->folder = options_.directory + "/" + NameOf(number);
  std::error_code error;
  if (record.ok()) std::filesystem::rename(half_made, kept->folder, error);
  if (!record.ok() || error) {
    std::error_code ignored;
    std::filesystem::remove_all(half_made, ignored);
    if (!record.ok()) return record.status();
    return Unavailable("cannot rename {}: {}", half_made, error.message());
  }
  IgnoreStatus(SyncFolder(options_.directory), "a name that a power cut takes is half made, and goes at the next start");
  kept->record = *std::move(record);
  {
    const std::lock_guard lock(mutex_);
    kept_.push_back(std::move(kept));
  }
  Thin();
  return OkStatus();
}

// All of it is on disk when this returns.
StatusOr<KeptRecord> KeptViews::Copy(const std::string& folder, int64_t number) {
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  std::filesystem::create_directories(folder, error);
  if (error) return Unavailable("cannot make {}: {}", folder, error.message());
  KeptRecord record{number, engine_.log_identity().id, {}};
  const KnownFiles known = KnownOnes();
  for (int32_t p = 0; p < engine_.partitions(); ++p) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return Cancelled("the server is ending");
    }
    const std::string of_partition = engine::StoreFolder(folder, Partition(p));
    ASSIGN_OR_RETURN(engine::StoreCopy copy, copier_.CopyStore(Partition(p), of_partition));
    ASSIGN_OR_RETURN(auto files, HashFolder(of_partition, known));
    record.partitions.push_back(
        {copy.place.next, copy.place.effective_time, std::move(copy.tables), std::move(files)});
  }
  RETURN_IF_ERROR(WriteDurably(folder + "/" + kRecord, record.Encode()));
  RETURN_IF_ERROR(SyncFolder(folder));
  return record;
}

KnownFiles KeptViews::KnownOnes() const {
  std::vector<std::shared_ptr<Kept>> all;
  {
    const std::lock_guard lock(mutex_);
    all = kept_;
  }
  KnownFiles known;
  for (const auto& kept : all)
    for (size_t p = 0; p < kept->record.partitions.size(); ++p)
      Remember(kept->FolderOf(Partition(static_cast<int32_t>(p))), kept->record.partitions[p].files, &known);
  return known;
}

bool KeptViews::Serves(const KeptRecord& record) const {
  for (size_t p = 0; p < record.partitions.size(); ++p)
    if (record.partitions[p].tables != copier_.TablesServing(Partition(static_cast<int32_t>(p)))) return false;
  return true;
}

bool KeptViews::OfThisProgram(const std::vector<std::string>& tables) const {
  return std::all_of(engine_.projections().begin(), engine_.projections().end(), [&](const auto* view) {
    return std::any_of(tables.begin(), tables.end(), [&](const std::string& table) {
      const auto name = engine::TableName::Decode(table);
      return name && name->view == view->name && name->version == view->version;
    });
  });
}

void KeptViews::DropUseless() {
  std::vector<int64_t> useless;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& kept : kept_)
      if (!Serves(kept->record)) useless.push_back(kept->record.number);
  }
  for (const int64_t number : useless) Drop(number, "other builds of views serve now");
}

bool KeptViews::HasRoom() const { return options_.free_bytes(options_.directory) >= options_.reserve_bytes; }

// One a look: what it gives back may be seen a little later.
void KeptViews::MakeRoom() {
  if (HasRoom()) return;
  int64_t oldest = 0;
  {
    const std::lock_guard lock(mutex_);
    if (kept_.empty()) return;
    oldest = kept_.front()->record.number;
  }
  Drop(oldest, "the disk runs full");
}

void KeptViews::Thin() {
  while (true) {
    int64_t number = 0;
    {
      const std::lock_guard lock(mutex_);
      std::vector<int64_t> places;
      for (const auto& kept : kept_) places.push_back(kept->record.Events());
      const auto goes = WhichGoes(places, static_cast<size_t>(std::max(1, options_.most)),
                                  std::max<int64_t>(1, options_.every_events));
      if (!goes) return;
      number = kept_[*goes]->record.number;
    }
    Drop(number, "");
  }
}

// An empty `why`: in the order of things.
void KeptViews::Drop(int64_t number, std::string_view why) {
  std::shared_ptr<Kept> kept;
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(kept_.begin(), kept_.end(),
                                    [&](const auto& each) { return each->record.number == number; });
    if (found == kept_.end()) return;
    kept = std::move(*found);
    kept_.erase(found);
    kept->dropped = true;
  }
  if (!why.empty()) spdlog::warn("kept views in {} are dropped: {}", kept->folder, why);
}

std::optional<KeptPlace> KeptViews::Newest(Partition partition,
                                           const std::function<bool(const KeptPlace&)>& fits) const {
  const std::vector<std::string> serving = copier_.TablesServing(partition);
  if (!OfThisProgram(serving)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  for (auto kept = kept_.rbegin(); kept != kept_.rend(); ++kept) {
    const KeptPartition& of_partition = (*kept)->record.partitions[static_cast<size_t>(partition.value())];
    const KeptPlace place{(*kept)->record.number, of_partition.next, of_partition.effective_time};
    if (of_partition.tables == serving && place.next.value() > 0 && fits(place)) return place;
  }
  return std::nullopt;
}

Status KeptViews::CheckAgainst(log::EventLog& log, Partition partition, const engine::Place& place) {
  const Offset last(place.next.value() - 1);
  const StatusOr<std::string> record = log.ReadOne(partition, last);
  if (record.status().code() == StatusCode::kNotFound || record.status().code() == StatusCode::kOutOfRange)
    return DataLoss("the log has no offset {}", last);
  RETURN_IF_ERROR(record.status());
  if (FastHash128(*record) != place.last_record)
    return DataLoss("offset {} of the log is not the record they were folded from", last);
  return OkStatus();
}

Status KeptViews::CopyInto(const KeptPlace& place, Partition partition, log::EventLog& log,
                           const std::string& directory) {
  std::shared_ptr<Kept> kept;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& each : kept_)
      if (each->record.number == place.number) kept = each;
  }
  if (kept == nullptr) return NotFound("the views kept under the number {} are gone", place.number);
  const KeptPartition& of_partition = kept->record.partitions[static_cast<size_t>(partition.value())];
  const auto copied = [&]() -> Status {
    RETURN_IF_ERROR(store::CopyClosedStore(kept->FolderOf(partition), directory));
    RETURN_IF_ERROR(CheckFolder(directory, of_partition.files));
    ASSIGN_OR_RETURN(const engine::Place there,
                     engine::PrepareCopy(directory, engine_.log_identity(), partition, of_partition.tables,
                                         options_.resources));
    if (there.next != place.next || there.effective_time != place.effective_time)
      return DataLoss("they stand at offset {} and {}, not at {} and {}", there.next,
                      absl::FormatTime(there.effective_time), place.next, absl::FormatTime(place.effective_time));
    return CheckAgainst(log, partition, there);
  };
  const Status status = copied();
  if (status.ok()) return OkStatus();
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  if (status.code() == StatusCode::kDataLoss || status.code() == StatusCode::kFailedPrecondition)
    Drop(place.number, fmt::format("partition {}: {}", partition, MessageOf(status)));
  return status;
}

std::vector<std::pair<int64_t, int64_t>> KeptViews::All() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<int64_t, int64_t>> all;
  for (const auto& kept : kept_) all.emplace_back(kept->record.number, kept->record.Events());
  return all;
}

}  // namespace kefu::kept
