#pragma once

// The auditor's own loop: one partition's records, one after the other, judged by admission and folded by the views. Of the
// project it shares with the server what decides (admission, the views' folds) and nothing of what carries it out
// (projections/engine, platform/store): batches, caches, indexes, parking and the place in the log are its own.

#include <google/protobuf/arena.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/ids.h"
#include "platform/base/status.h"
#include "projections/sdk/projection.h"
#include "services/cli/replayer/rows.h"

namespace kefu::replayer {

// Every view there is (projections/catalogue.h), or those of the names. kNotFound names the unknown one.
StatusOr<std::vector<const sdk::Projection*>> ViewsNamed(const std::vector<std::string>& names);

// What stands in the place of records that were corrected later, by their offsets: an event's bytes, or nothing where what
// was told never happened.
using Corrections = std::map<Offset, std::optional<std::string>>;

// One view while records are folded into it.
class ViewReplay {
 public:
  explicit ViewReplay(const sdk::Projection& view) : view_(&view), rows_(view) {}

  const sdk::Projection& view() const { return *view_; }
  const Rows& rows() const { return rows_; }
  Rows& mutable_rows() { return rows_; }
  // It shows what was said, not what stands: nothing in it is corrected.
  bool keeps_history() const;

  // Clients whose events this view waits with: why the first of them parked, and how many wait, itself included.
  struct Waiting {
    std::string reason;
    int64_t events = 0;
  };
  const std::map<std::string, Waiting, std::less<>>& parked() const { return parked_; }

  // Folds a record in if the view takes such ones. `decoded`: the bytes are an event.
  Status Take(const sdk::RecordedEvent& record, bool decoded);

 private:
  bool Takes(const sdk::RecordedEvent& record, bool decoded) const;

  const sdk::Projection* view_;
  Rows rows_;
  std::map<std::string, Waiting, std::less<>> parked_;
};

// Operation: Take each record of the partition in the order of offsets, from the first one; look at the views between.
// Concurrency: none. Reads no clock and nothing but what it is given.
//
// A correction changes what earlier events had led to. This loop does not go back: it tells what was corrected, and whoever
// wants the corrected views begins again with that, so that the first event is folded as it stands.
//
// Limitations: events that a person had applied again after they parked (`kefu view retry`) are folded here where they
//   stand in the log; a view that no longer parks them may then differ in what others did in between.
class PartitionReplay {
 public:
  // The views outlive it.
  PartitionReplay(Partition partition, const std::vector<const sdk::Projection*>& views, Corrections corrections = {});

  // Judges and folds one record, and returns the verdict. Offsets ascend; Kafka leaves some out. kInvalidArgument: an
  // offset that was there already. kFailedPrecondition: a body, or a version of the rules, that this build does not know;
  // nothing changed, and a newer build goes on from here. kDataLoss: a view wrote a row that it cannot read.
  StatusOr<events::v1::Verdict> Take(Offset offset, std::string_view record);

  Partition partition() const { return partition_; }
  // The offset after the last record taken.
  Offset next() const { return next_; }
  int64_t records() const { return records_; }
  // What applied corrections before `until` put in the place of earlier records; of one record the last counts.
  Corrections CorrectionsBefore(Offset until) const;
  // Null: not folded here.
  const ViewReplay* Find(std::string_view view) const;
  ViewReplay* Find(std::string_view view);
  // Folds it no further, and gives its memory back.
  void Drop(std::string_view view);
  bool empty() const { return views_.empty(); }

 private:
  struct Correction {
    Offset at;
    Offset of;
    std::optional<std::string> instead;
  };
  void NoteCorrection(const sdk::RecordedEvent& record);

  const Partition partition_;
  const Corrections corrections_;
  std::vector<Correction> told_;
  Rows admission_;
  std::vector<std::unique_ptr<ViewReplay>> views_;
  Offset next_;
  int64_t records_ = 0;
  // The running maximum of `recorded_at`.
  absl::Time effective_time_ = absl::UnixEpoch();
  google::protobuf::Arena arena_;
};

}  // namespace kefu::replayer
