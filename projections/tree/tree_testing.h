#pragma once

// A partition's tree in memory, for tests.

#include <fmt/format.h>

#include "platform/base/check.h"
#include "platform/testkit/memory_stage.h"
#include "projections/tree/reading.h"
#include "projections/tree/tree.h"

namespace kefu::tree {

class MemoryTree {
 public:
  MemoryTree() : stage_(sdk::Describe<TreeView>()) {}

  // A record behind the others.
  sdk::Outcome Append(int64_t offset, std::string_view bytes) {
    const events::v1::Event nothing;
    events::v1::Verdict refused;
    refused.set_outcome(events::v1::VERDICT_OUTCOME_REFUSED);
    stage_.Begin();
    return sdk::Describe<TreeView>().Apply({&nothing, bytes, Partition(0), Offset(offset), absl::UnixEpoch(), &refused},
                                           stage_);
  }
  testkit::MemoryStage& stage() { return stage_; }

  // Valid while the tree is. Counts rows in `reads`, if given.
  GetRow Get(int* reads = nullptr) {
    return [this, reads](std::string_view name, std::string_view key) -> StatusOr<std::optional<std::string>> {
      if (reads != nullptr) ++*reads;
      const sdk::TableInfo* table = sdk::Describe<TreeView>().FindTable(name);
      KEFU_CHECK(table != nullptr, "table {}", name);
      if (table->prototype == nullptr) {
        const auto raw = stage_.FindRaw(table->id, key);
        if (!raw.has_value()) return std::nullopt;
        return std::string(*raw);
      }
      const sdk::Row* row = stage_.Find(table->id, key);
      if (row == nullptr) return std::nullopt;
      std::string bytes;
      row->AppendTo(&bytes);
      return bytes;
    };
  }
  Reading Read(int* reads = nullptr) { return *Reading::Open(Get(reads)); }

 private:
  testkit::MemoryStage stage_;
};

inline std::string SomeRecord(int64_t number) { return fmt::format("record {}", number); }

}  // namespace kefu::tree
