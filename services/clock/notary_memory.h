#pragma once

#include <optional>
#include <string>

#include "platform/base/status.h"
#include "services/clock/notary_memory.pb.h"

namespace kefu::duties {

// The file of one notary. JSON, so that a person can read it too.
class NotaryMemory {
 public:
  // `path`: its folder is made at the first Save. Empty: nothing is remembered beyond this object.
  explicit NotaryMemory(std::string path) : path_(std::move(path)) {}

  // Absent if there is none. kDataLoss: there is a file, and it cannot be read; it says what to do.
  StatusOr<std::optional<SignedMemory>> Load();
  // Durable and whole, or as it was before. kFailedPrecondition: it cannot be written.
  Status Save(const SignedMemory& memory);

 private:
  const std::string path_;
  bool loaded_ = false;
  std::optional<SignedMemory> memory_;
};

}  // namespace kefu::duties
