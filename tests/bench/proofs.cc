// kefu_bench_proofs: how long an inclusion proof takes over ever larger trees. Hashes go straight into a store as the view
// `tree` keeps them; what is timed is what a server does for a proof, but for reading the record. Prints a line of JSON a size.

#include <absl/time/clock.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "platform/merkle/verify.h"
#include "platform/runtime/config.h"
#include "platform/store/store.h"
#include "projections/tree/reading.h"
#include "projections/tree/tree.h"
#include "tests/bench/measure.h"

namespace kefu::bench {
namespace {

struct Options {
  std::string directory;
  int64_t leaves = 1'000'000;
  int64_t proofs = 2'000;
  runtime::Bytes block_cache{store::ResourceOptions().cache_bytes};
};

template <class Table, class... Parts>
std::string StoredKey(const Parts&... parts) {
  return static_cast<char>(Table::kId) + Table::Key::Encode(parts...);
}

// Appends leaves to the tree in a store. Leaves are random: nobody looks at what they are hashes of.
class Grower {
 public:
  Grower(store::Store& store, store::TableId table) : store_(store), table_(table), batch_(store.NewBatch()) {}

  Status GrowTo(int64_t leaves) {
    while (size_.leaves < leaves) {
      std::string tile = std::move(size_.open);
      const int64_t whole = (size_.leaves / merkle::kTileHashes + 1) * merkle::kTileHashes;
      for (; size_.leaves < std::min(leaves, whole); ++size_.leaves) AppendLeaf(tile);
      size_.last_offset = size_.leaves - 1;
      if (size_.leaves < whole) {
        size_.open = std::move(tile);
        break;
      }
      size_.open.clear();
      AddTile(0, size_.leaves / merkle::kTileHashes - 1, tile);
      if (batch_->bytes() > (4 << 20)) RETURN_IF_ERROR(Write());
    }
    for (size_t level = 1; level <= open_.size(); ++level)
      if (!open_[level - 1].empty())
        batch_->Put(table_, StoredKey<tree::Tiles>(static_cast<int32_t>(level), done_[level - 1]), open_[level - 1]);
    std::string size;
    size_.AppendTo(&size);
    batch_->Put(table_, StoredKey<tree::Sizes>(0), size);
    return Write();
  }

 private:
  void AppendLeaf(std::string& tile) {
    for (int i = 0; i < 4; ++i) {
      const uint64_t bits = random_();
      tile.append(reinterpret_cast<const char*>(&bits), sizeof(bits));
    }
  }

  void AddTile(int32_t level, int64_t index, const std::string& tile) {
    batch_->Put(table_, StoredKey<tree::Tiles>(level, index), tile);
    const auto above = static_cast<size_t>(level);
    if (open_.size() == above) {
      open_.emplace_back();
      done_.push_back(0);
    }
    open_[above].append(merkle::BytesOf(merkle::TileRoot(tile)));
    if (open_[above].size() < merkle::kTileHashes * merkle::kHashBytes) return;
    const std::string full(open_[above]);
    open_[above].clear();
    AddTile(level + 1, done_[above]++, full);
  }

  Status Write() {
    RETURN_IF_ERROR(store_.Write(*batch_));
    batch_->Clear();
    return OkStatus();
  }

  store::Store& store_;
  const store::TableId table_;
  const std::unique_ptr<store::WriteBatch> batch_;
  std::mt19937_64 random_{1};
  tree::SizeRow size_;
  // Of levels 1 and up: the tile that is not full, and how many are.
  std::vector<std::string> open_;
  std::vector<int64_t> done_;
};

// Processor time of this thread: what a proof costs, also where others share the machine.
double ThreadMicros() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

// Proofs of leaves picked at random, each as a call makes it; each is checked.
Status Measure(const Options& options, store::Store& store, store::TableId table, double grow_seconds) {
  int64_t reads = 0;
  const auto snapshot = store.TakeSnapshot();
  const tree::GetRow get = [&](std::string_view name, std::string_view key) -> StatusOr<std::optional<std::string>> {
    ++reads;
    const uint8_t id = name == tree::Tiles::kName ? tree::Tiles::kId : name == tree::Sizes::kName ? tree::Sizes::kId : tree::Gaps::kId;
    store::PinnedValue value;
    ASSIGN_OR_RETURN(const bool found, snapshot->Get(table, static_cast<char>(id) + std::string(key), &value));
    if (!found) return std::nullopt;
    return std::string(value.view());
  };
  ASSIGN_OR_RETURN(const tree::Reading whole, tree::Reading::Open(get));
  ASSIGN_OR_RETURN(const merkle::Hash root, merkle::Root(whole.size(), whole.Hashes()));
  std::mt19937_64 random(2);
  std::vector<double> micros, cpu_micros;
  int64_t most_reads = 0, total_reads = 0, hashes = 0;
  for (int64_t i = 0; i < options.proofs; ++i) {
    const Offset offset(static_cast<int64_t>(random() % static_cast<uint64_t>(whole.size())));
    reads = 0;
    const double cpu_before = ThreadMicros();
    const absl::Time began = absl::Now();
    ASSIGN_OR_RETURN(const tree::Reading reading, tree::Reading::Open(get));
    ASSIGN_OR_RETURN(const int64_t leaf, reading.LeafOf(offset));
    ASSIGN_OR_RETURN(const merkle::Hash leaf_hash, reading.LeafHash(leaf));
    ASSIGN_OR_RETURN(const merkle::Path path, merkle::InclusionPath(leaf, reading.size(), reading.Hashes()));
    micros.push_back(absl::ToDoubleMicroseconds(absl::Now() - began));
    cpu_micros.push_back(ThreadMicros() - cpu_before);
    most_reads = std::max(most_reads, reads);
    total_reads += reads;
    hashes = std::max(hashes, static_cast<int64_t>(path.size()));
    RETURN_IF_ERROR(merkle::VerifyInclusion(leaf_hash, leaf, reading.size(), path, root));
  }
  fmt::print(
      "{{\"what\":\"inclusion_proof\",\"leaves\":{},\"proofs\":{},\"p50_us\":{:.1f},\"p99_us\":{:.1f},\"cpu_p99_us\":{:.1f},\"mean_reads\":{:.1f},"
      "\"most_reads\":{},\"path_hashes\":{},\"disk_bytes\":{},\"grow_seconds\":{:.1f}}}\n",
      whole.size(), options.proofs, Percentile(micros, 0.5), Percentile(micros, 0.99), Percentile(cpu_micros, 0.99),
      static_cast<double>(total_reads) / static_cast<double>(options.proofs), most_reads, hashes, store.DiskBytes(),
      grow_seconds);
  std::fflush(stdout);
  return OkStatus();
}

Status Main(const std::vector<std::string>& arguments) {
  Options options;
  runtime::Config config("KEFU_BENCH_PROOFS");
  config.Add("directory", &options.directory, "Empty folder for the tree; 33 bytes a leaf");
  config.Add("leaves", &options.leaves, "Of the largest tree; each smaller power of ten from 10,000 on is measured, too",
             {.min = 1});
  config.Add("proofs", &options.proofs, "How many proofs a size", {.min = 1});
  config.Add("block-cache", &options.block_cache, "Cache for blocks on disk", {.min = 1 << 20});
  ASSIGN_OR_RETURN(const auto words, config.Load(arguments, {}));
  if (!words.empty()) return InvalidArgument("\"{}\" belongs to no flag; write --flag=value", words.front());
  if (config.help_wanted()) {
    fmt::print("{}", config.Help());
    return OkStatus();
  }
  if (options.directory.empty()) return InvalidArgument("give --directory, an empty folder");
  ASSIGN_OR_RETURN(auto store,
                   store::Store::Open({.directory = options.directory,
                                       .resources = store::MakeSharedResources({.cache_bytes = options.block_cache.value}),
                                       .reserve_bytes = 0}));
  ASSIGN_OR_RETURN(const store::TableId table, store->OpenTable("tree", store::TableKind::kRows));
  Grower grower(*store, table);
  for (int64_t leaves = 10'000;; leaves *= 10) {
    const bool last = leaves >= options.leaves;
    const absl::Time began = absl::Now();
    RETURN_IF_ERROR(grower.GrowTo(last ? options.leaves : leaves));
    RETURN_IF_ERROR(store->Flush());
    RETURN_IF_ERROR(Measure(options, *store, table, absl::ToDoubleSeconds(absl::Now() - began)));
    if (last) return OkStatus();
  }
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  const kefu::Status status = kefu::bench::Main({argv + 1, argv + argc});
  if (status.ok()) return 0;
  fmt::print(stderr, "kefu_bench_proofs: {}\n", kefu::MessageOf(status));
  return 1;
}
