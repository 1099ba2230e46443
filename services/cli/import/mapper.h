#pragma once

// Turns rows into events by a mapping: the part between the CSV reader and the door.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "platform/base/time.h"
#include "services/cli/import/csv.h"
#include "services/cli/import/event_source.h"

namespace kefu::cli {

// Operation: rows go in one by one, items come out in the order of the file; where rows of a case stand together, when
//   the case is complete. A row makes all its events or none.
// Concurrency: one thread.
// Limitations: holds the rows of one case (at most 100,000), or one row of every case (at most 4 million).
class Mapper {
 public:
  Mapper(const Mapping& mapping, std::vector<int> places, Clock* clock = Clock::Real());

  // kResourceExhausted: more than fits; the message says what the mapping could say instead.
  Status Add(CsvRow row);
  // No more rows.
  Status Finish();

  bool HasItem() const { return !items_.empty(); }
  ImportItem TakeItem();
  const ImportCounts& counts() const { return counts_; }

 private:
  struct Row {
    CsvRow csv;
    Values values;
    // Place among the rows of its case as the file has them, from 1. In every event id, so that order ties are stable.
    int64_t ordinal = 0;
    int64_t order = 0;
  };
  // A row that began something, waiting for its end.
  struct Begun {
    std::string time;
    int64_t line = 0;
    std::string raw;
    // It made no event of its own.
    bool silent = true;
  };
  // What a row does to a pair.
  struct PairMove {
    size_t pair = 0;
    std::string same;
    bool begins = false;
    std::string time;  // of a beginning
  };
  struct Case {
    std::string key;
    int64_t rows = 0;
    // Values of the last row that made it through; empty before the first.
    Values previous;
    Values kept;  // of first_row, in its order
    absl::Time clock = absl::InfinitePast();
    std::vector<std::unordered_map<std::string, Begun>> begun;  // by pair
  };

  StatusOr<Row> Read(CsvRow csv);
  Status AddTogether(Row row, std::string key);
  Status FinishCase();
  StatusOr<Case*> FindCase(const std::string& key);
  void Process(Row row, Case* current);
  // Makes the row's events. Nothing of the case changes.
  Status Map(const Row& row, const Case& current, std::vector<events::v1::Event>* events, bool* matched);
  // Fills in the values that the mapping names.
  Status SetValues(Row* row, const Case& current, Values* kept) const;
  Status CheckClock(const Row& row, const Case& current, absl::Time* time) const;
  // Sets the pairs' values, and tells what the row begins and ends.
  Status JoinPairs(Row* row, const Case& current, std::vector<PairMove>* moves) const;
  void Commit(Row row, Case* current, const std::vector<PairMove>& moves, bool silent);
  bool Holds(const When& when, const Row& row, const Case& current) const;
  bool Holds(const Condition& condition, const Row& row, const Case& current) const;
  void CloseBegun(Case* current);
  void Quarantine(int64_t line, std::string raw, Status problem);

  const Mapping& mapping_;
  const std::vector<int> places_;
  Clock* const clock_;

  std::deque<ImportItem> items_;
  ImportCounts counts_;
  std::vector<Row> buffer_;  // the rows of the case in hand
  Case together_;
  bool has_case_ = false;
  std::unordered_map<std::string, Case> scattered_;
  std::unordered_set<uint64_t> seen_cases_;
  // What `once` rules have said, by rule and value; and what the row in hand says.
  std::unordered_set<uint64_t> said_;
  std::vector<uint64_t> saying_;
};

}  // namespace kefu::cli
