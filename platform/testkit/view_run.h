#pragma once

// One partition's past, judged and folded in memory: what the engine does, in its plainest form. After a correction all of
// it is folded anew, with what was corrected in the place of what was said.

#include <map>
#include <string>
#include <vector>

#include "platform/testkit/memory_stage.h"
#include "projections/sdk/projection.h"

namespace kefu::testkit {

// A record as the log would hand it over.
struct Delivery {
  events::v1::Event event;
  std::string bytes;
  Offset offset;
  absl::Time recorded_at;
  Partition partition;
};

class ViewRun {
 public:
  explicit ViewRun(const sdk::Projection& projection);

  // Admission decides, then the view folds.
  events::v1::Verdict Deliver(const Delivery& delivery);
  // The two halves, for runs in which admission is far ahead of the view.
  events::v1::Verdict Judge(const Delivery& delivery);
  void Fold(const Delivery& delivery, const events::v1::Verdict& verdict);

  void Restart();

  MemoryStage& view() { return view_; }
  MemoryStage& admission() { return admission_; }
  // By client: why its events wait, and how many do.
  struct Waiting {
    std::string reason;
    int events = 0;
  };
  const std::map<std::string, Waiting>& parked() const { return parked_; }
  // The view's rows and index entries, admission's state apart.
  std::string Dump() const;

 private:
  // An event that the view folds, and when the partition recorded it.
  struct Told {
    std::string bytes;
    Offset offset;
    absl::Time recorded_at;
    Partition partition;
    events::v1::Verdict verdict;
  };
  void FoldOne(const events::v1::Event& event, const Told& told);
  void FoldAgain();

  const sdk::Projection& projection_;
  MemoryStage admission_;
  MemoryStage view_;
  absl::Time effective_ = absl::InfinitePast();
  std::map<std::string, Waiting> parked_;
  std::vector<Told> told_;
  // By offset: what stands instead; empty where nothing does.
  std::map<int64_t, std::string> instead_;
};

}  // namespace kefu::testkit
