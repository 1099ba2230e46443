#pragma once

// Events of one partition that hold what a search looks for, newest first.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/query/amendments.h"
#include "services/query/page.h"
#include "services/query/reader.h"
#include "services/query/search_query.h"

namespace kefu::query {

// Which events a search takes besides what they say.
struct SearchFilter {
  // The records of one client; empty: of all clients.
  std::vector<std::string> client_ids;
  // The body's tag in Event; 0: any.
  int32_t body = 0;
  // Empty: any.
  std::string branch_id;
  std::string case_id;
  absl::Time from = absl::InfinitePast();
  absl::Time before = absl::InfiniteFuture();
};

// What one call may spend, over all scans. A step in an index costs 1, an event that is read kEventCost.
class SearchBudget {
 public:
  static constexpr int64_t kEventCost = 8;
  SearchBudget(const PageLimits& limits, const SearchQuery& query, size_t scans);
  bool spent() const { return used_ >= most_; }
  // Asks now and then whether to go on: kCancelled, kDeadlineExceeded.
  Status Spend(int64_t cost);

 private:
  const PageLimits& limits_;
  // Enough to find again what an earlier page found in every scan, and one more, or pages would never end.
  const int64_t most_;
  int64_t used_ = 0;
  int64_t checked_ = 0;
};

// Events that may hold all terms, or all of one client. May name too many, never too few.
class TextCandidates;

// Operation: candidates come from the index by word, all words walked in step; of one client, from its journal. Each is
//   compared with the recorded event, or what it was corrected to, which alone decides.
// Concurrency: one thread. The partition, query and filter must outlive it.
class TextScan {
 public:
  // Of all clients of the partition, or of the one named. `below`: where an earlier page stopped, or the end of the log.
  TextScan(const engine::PartitionView& partition, const SearchQuery& query, const SearchFilter& filter,
           const std::string& client_id, Offset below);
  ~TextScan();
  TextScan(TextScan&&) noexcept;

  // The offset below which both views that are read know everything.
  static Offset EndOf(const engine::PartitionView& partition);

  // Goes on to the next hit. Without one the end is reached, or the budget is spent.
  Status Next(SearchBudget& budget);
  bool has_hit() const { return has_hit_; }
  bool at_end() const { return at_end_; }
  query::v1::TextHit& hit() { return hit_; }
  // When the log recorded the hit.
  absl::Time recorded_at() const { return recorded_at_; }
  const engine::PartitionView& partition() const { return partition_; }
  // Where to go on another time: the hit in hand comes again.
  Offset below() const;

 private:
  // Compares the event with the query, as it stands.
  Status Look(Offset offset, std::string_view entry);

  const engine::PartitionView& partition_;
  const SearchQuery& query_;
  const SearchFilter& filter_;
  Offset below_;
  std::unique_ptr<TextCandidates> candidates_;
  Amendments amendments_;
  query::v1::TextHit hit_;
  absl::Time recorded_at_;
  bool has_hit_ = false;
  bool at_end_ = false;
};

// How many hits there are over all partitions of the moment, as far as the limits let it look.
struct SearchCount {
  int64_t hits = 0;
  // There may be more.
  bool at_least = false;
};
StatusOr<SearchCount> CountSearch(const Moment& moment, const SearchQuery& query, const SearchFilter& filter,
                                  const PageLimits& limits);

// A page of hits over all partitions of the moment, or the records that the filter names, from after `cursor`. Returns the
// cursor to go on from; empty at the end.
StatusOr<std::string> FillSearch(const Moment& moment, const SearchQuery& query, const SearchFilter& filter,
                                 std::string_view cursor, const PageLimits& limits,
                                 query::v1::SearchTextResponse* response);

}  // namespace kefu::query
