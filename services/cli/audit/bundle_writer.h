#pragma once

// Writes an evidence bundle, format "kefu-evidence/1": a folder of files that proves itself. services/verify/README.md has
// the format as its reader checks it.
//
// The folder appears whole or not at all: everything is written into DIR.partial, made durable, and renamed. It holds
// personal data: folders 0700, files 0600.

#include <google/protobuf/message.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kefu/audit/v1/audit.pb.h"
#include "platform/base/hash.h"
#include "platform/base/status.h"

namespace kefu::cli {

// What the manifest says besides what the server answered.
struct BundleFacts {
  // What was asked for, in words, and field by field.
  std::string asked;
  audit::v1::ExportRequest request;
  // What the views are of: "checkpoint" (the newest one), "now", or a moment as --moment says it; empty: there are none.
  std::string views_of;
  std::string program_version;
};

// Operation: Create, Begin, Add in the order of (partition, offset), AddView and AddPage, Commit; once each but the Adds.
// Concurrency: one thread. Memory: a line for each file, for the manifest.
// Errors: kResourceExhausted: no room; kAlreadyExists, kFailedPrecondition: the folder cannot be made there;
//   kDataLoss: the server's answer is not what a bundle is made of. After any of them nothing can be added, and the
//   destructor takes away what was written.
class BundleWriter {
 public:
  // `directory` must not exist, or be an empty folder; the one above it must exist.
  static StatusOr<std::unique_ptr<BundleWriter>> Create(const std::string& directory);
  ~BundleWriter();
  BundleWriter(const BundleWriter&) = delete;
  BundleWriter& operator=(const BundleWriter&) = delete;

  // Notes and consistency proofs.
  Status Begin(const audit::v1::ExportHead& head);
  Status Add(const audit::v1::ExportRecord& record);
  // views/<name>.json. A name is letters, digits, "_" and "-".
  Status AddView(std::string_view name, const google::protobuf::Message& answer);
  // summary.txt, case.html or client.html.
  Status AddPage(const std::string& name, std::string_view text);
  Status Commit(const BundleFacts& facts);

 private:
  class Appender;
  struct File {
    int64_t size = 0;
    std::string sha256;
  };

  BundleWriter(std::string directory, std::string partial);
  Status WriteFile(const std::string& name, std::string_view bytes);
  Status WriteNotes(const std::string& stem, const audit::v1::Checkpoint& checkpoint);
  Status CheckRecord(const audit::v1::ExportRecord& record);
  std::string ManifestText(const BundleFacts& facts) const;
  std::string PathOf(const std::string& name) const { return partial_ + "/" + name; }

  const std::string directory_;
  const std::string partial_;
  bool committed_ = false;
  audit::v1::ExportHead head_;
  std::unique_ptr<Appender> events_;
  std::unique_ptr<Appender> proofs_;
  std::map<int32_t, int64_t> tree_sizes_;
  std::pair<int32_t, int64_t> last_{-1, -1};
  int64_t records_ = 0;
  // By name; all but the manifest.
  std::map<std::string, File> files_;
};

}  // namespace kefu::cli
