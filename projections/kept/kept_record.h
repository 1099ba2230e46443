#pragma once

// What is written down beside kept views.

#include <absl/time/time.h>

#include <string>
#include <string_view>
#include <vector>

#include "platform/base/hash.h"
#include "platform/base/ids.h"
#include "platform/base/status.h"

namespace kefu::kept {

struct KeptFile {
  std::string name;
  int64_t size = 0;
  Hash128 hash;  // of its bytes

  friend bool operator==(const KeptFile&, const KeptFile&) = default;
};

// A partition's store when it was copied.
struct KeptPartition {
  // Where all its views and admission stand.
  Offset next;
  // The running maximum of recorded times before `next`.
  absl::Time effective_time;
  // engine::StoreCopy::tables.
  std::vector<std::string> tables;
  // All there are in its folder, by name.
  std::vector<KeptFile> files;
};

struct KeptRecord {
  // Of those kept in one folder: ascending as they were made.
  int64_t number = 0;
  std::string log_id;
  std::vector<KeptPartition> partitions;

  // How many events are before it, over all partitions; offsets that Kafka left out count too.
  int64_t Events() const;

  // On disk: the hash of what follows in hexadecimal, a newline, JSON. Whoever changes the form raises its "format".
  std::string Encode() const;
  // kDataLoss: not whole, changed, or of another form.
  static StatusOr<KeptRecord> Decode(std::string_view bytes);
};

}  // namespace kefu::kept
