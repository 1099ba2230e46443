#pragma once

// Holds the views that a server shows against what the records give when they are folded here.

#include <google/protobuf/message.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/ids.h"
#include "platform/base/status.h"
#include "projections/sdk/projection.h"

namespace kefu::replayer {

// What is asked of the server whose views are verified. One thread; every call may go over a network.
class LiveServer {
 public:
  virtual ~LiveServer() = default;

  virtual int32_t partitions() const = 0;
  // The version of the view that serves. kNotFound.
  virtual StatusOr<int32_t> VersionOf(std::string_view view) = 0;

  struct Digest {
    Partition partition;
    // The offset after the last event that the view holds.
    Offset next;
    int64_t entries = 0;
    std::string sha256;  // hex
  };
  virtual StatusOr<std::vector<Digest>> DigestsOf(std::string_view view) = 0;

  struct Record {
    Offset offset;
    std::string_view bytes;
    const events::v1::Verdict* verdict = nullptr;
    // Its place among the records of the partition, from 0: by it is seen that none is left out, also where offsets are.
    int64_t leaf_index = 0;
  };
  // Every record of `partition` with an offset in [from, until), in order. Ends early where `take` fails.
  virtual Status Records(Partition partition, Offset from, Offset until,
                         const std::function<Status(const Record&)>& take) = 0;

  // Everything the view holds in one partition, in key order: first `begin` with the offset after the last event in it,
  // then `take` for each pair.
  virtual Status Stored(std::string_view view, Partition partition, const std::function<Status(Offset next)>& begin,
                        const std::function<Status(std::string_view key, std::string_view value)>& take) = 0;
};

// The first key at which the two are not alike, readable.
struct RowDifference {
  std::string table;  // or the index
  std::vector<std::string> key;
  // As JSON; empty where there is no such row.
  std::string live;
  std::string replayed;
  // How many keys are not alike, and after which offset the rows were read.
  int64_t keys = 0;
  Offset next;
};

// One view in one partition.
struct ViewResult {
  std::string view;
  Partition partition;
  Offset next;
  int64_t live_entries = 0;
  int64_t replayed_entries = 0;
  std::string live_digest;
  std::string replayed_digest;
  // Events that wait because the view could not take one; they are in the log, and not in its rows.
  int64_t parked = 0;
  // Set where the digests differ and the rows that were read afterwards do too.
  std::optional<RowDifference> difference;

  bool equal() const { return live_digest == replayed_digest && live_entries == replayed_entries; }
};

struct VerdictDifference {
  Partition partition;
  Offset offset;
  events::v1::Verdict live;
  events::v1::Verdict replayed;
};

// How many verdicts that differ are shown.
inline constexpr size_t kShownVerdicts = 20;

struct Verification {
  std::vector<ViewResult> views;  // by view, then partition
  int64_t records = 0;
  int64_t verdict_differences = 0;
  std::vector<VerdictDifference> verdicts;  // the first ones

  bool Agrees() const;
};

struct VerifyOptions {
  // Empty: all.
  std::vector<std::string> views;
  std::optional<Partition> partition;
  // Hides in a message what a reader must not see, before it is shown as JSON; then raw bytes are shown by size and hash.
  // Null: everything is shown.
  std::function<void(google::protobuf::Message*)> mask;
  // After every so many records: how many are folded, of how many.
  std::function<void(int64_t done, int64_t total)> progress;
};

// Asks for the digests, then folds the records of one partition after the other up to where each digest was taken; where a
// digest differs, folds on to where the rows are read and finds the first key. What the server does meanwhile does not
// matter. Memory: the rows of one partition.
//
// kNotFound: no such view or partition. kFailedPrecondition: a view has another version there than here, or a record is of
// a newer program. kDataLoss: records do not come in order, are left out, or end before what a view holds.
StatusOr<Verification> Verify(LiveServer& server, const VerifyOptions& options);

// A stored pair of a view as JSON: a row as its message, raw bytes in hex, an index entry as the key it leads to.
std::string EntryAsJson(const sdk::Projection& view, std::string_view key, std::string_view value,
                        const std::function<void(google::protobuf::Message*)>& mask);

}  // namespace kefu::replayer
