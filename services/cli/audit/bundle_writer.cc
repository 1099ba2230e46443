#include "services/cli/audit/bundle_writer.h"

#include <absl/time/clock.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "platform/base/time.h"
#include "services/cli/audit/base64.h"
#include "services/cli/audit/record_lines.h"

namespace kefu::cli {
namespace {

using audit::v1::Checkpoint;
using audit::v1::ExportRecord;
using nlohmann::ordered_json;

constexpr size_t kBufferBytes = size_t{1} << 18;

// What the system said, as what the caller can do about it.
Status Failed(std::string_view doing, const std::string& path, int error) {
  if (error == ENOSPC || error == EDQUOT || error == EFBIG)
    return ResourceExhausted("no room to {} {} ({}); the export is given up, and what was written of it is taken away. "
                             "Make room, or give another --out", doing, path, std::strerror(error));
  return FailedPrecondition("cannot {} {}: {}", doing, path, std::strerror(error));
}

Status WriteAll(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Failed("write", path, written < 0 ? errno : ENOSPC);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return OkStatus();
}

StatusOr<int> CreateFile(const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return Failed("create", path, errno);
  return file;
}

Status CloseFile(int file, const std::string& path) {
  return close(file) == 0 || errno == EINTR ? OkStatus() : Failed("write", path, errno);
}

// The folder's names lie on the disk; if `all`, all that was written on its file system too.
Status MakeDurable(const std::string& path, bool all) {
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return Failed("open", path, errno);
  const int error = (!all || syncfs(folder) == 0) && fsync(folder) == 0 ? 0 : errno;
  close(folder);
  return error == 0 ? OkStatus() : Failed("write", path, error);
}

Status MakeFolder(const std::string& path) {
  return mkdir(path.c_str(), 0700) == 0 ? OkStatus() : Failed("create", path, errno);
}

std::string ParentOf(const std::string& directory) {
  const size_t slash = directory.rfind('/');
  if (slash == directory.npos) return ".";
  return slash == 0 ? "/" : directory.substr(0, slash);
}

std::string Dumped(const ordered_json& json) { return json.dump(2, ' ', false, ordered_json::error_handler_t::replace); }

// The request field by field, without who asks, which the manifest says elsewhere.
ordered_json FieldsOf(audit::v1::ExportRequest request) {
  request.clear_access();
  // The notes lie in checkpoints/.
  request.clear_since_notes();
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(request, &json, options).ok()) return ordered_json::object();
  ordered_json fields = ordered_json::parse(json, nullptr, false);
  return fields.is_object() ? fields : ordered_json::object();
}

// What the views are of; of a checkpoint the position, and by partition up to where it goes.
ordered_json ViewsOfJson(const std::string& views_of, const Checkpoint& newest) {
  ordered_json json = {{"moment", views_of}};
  if (views_of != "checkpoint") return json;
  ordered_json offsets = ordered_json::array();
  for (const auto& partition : newest.signed_().partitions())
    offsets.push_back({{"partition", partition.partition()}, {"until_offset", partition.next_offset()}});
  json["position"] = newest.position();
  json["until_offsets"] = std::move(offsets);
  return json;
}

bool IsViewName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

}  // namespace

// A file that grows by lines. What is written is hashed on the way.
class BundleWriter::Appender {
 public:
  static StatusOr<std::unique_ptr<Appender>> Open(const std::string& path) {
    ASSIGN_OR_RETURN(const int file, CreateFile(path));
    return std::unique_ptr<Appender>(new Appender(path, file));
  }
  ~Appender() {
    if (file_ >= 0) close(file_);
  }
  Status Line(std::string_view line) {
    buffer_ += line;
    buffer_ += '\n';
    return buffer_.size() < kBufferBytes ? OkStatus() : Flush();
  }
  StatusOr<File> Close() {
    RETURN_IF_ERROR(Flush());
    const int file = file_;
    file_ = -1;
    RETURN_IF_ERROR(CloseFile(file, path_));
    return File{size_, Hex(hash_.Finish())};
  }

 private:
  Appender(std::string path, int file) : path_(std::move(path)), file_(file) {}
  Status Flush() {
    hash_.Update(buffer_);
    size_ += static_cast<int64_t>(buffer_.size());
    RETURN_IF_ERROR(WriteAll(file_, buffer_, path_));
    buffer_.clear();
    return OkStatus();
  }

  const std::string path_;
  int file_;
  std::string buffer_;
  int64_t size_ = 0;
  Sha256Stream hash_;
};

BundleWriter::BundleWriter(std::string directory, std::string partial)
    : directory_(std::move(directory)), partial_(std::move(partial)) {}

BundleWriter::~BundleWriter() {
  if (committed_) return;
  events_.reset();
  proofs_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(partial_, ignored);
}

StatusOr<std::unique_ptr<BundleWriter>> BundleWriter::Create(const std::string& given) {
  std::string directory = given;
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  if (directory.empty() || directory == "/" || directory == "." || directory == ".." || directory.ends_with("/.") ||
      directory.ends_with("/.."))
    return InvalidArgument("\"{}\" is no folder to make; name a new one, such as --out evidence", given);
  std::error_code error;
  const auto kind = std::filesystem::symlink_status(directory, error).type();
  if (kind == std::filesystem::file_type::directory) {
    const bool is_empty = std::filesystem::is_empty(directory, error);
    if (error) return FailedPrecondition("{} cannot be looked at: {}", directory, error.message());
    if (!is_empty)
      return AlreadyExists("{} exists and is not empty; a bundle is never added to. Name a new folder", directory);
  } else if (kind != std::filesystem::file_type::not_found) {
    if (error) return FailedPrecondition("{} cannot be looked at: {}", directory, error.message());
    return AlreadyExists("{} exists and is no folder", directory);
  }
  const std::string partial = directory + ".partial";
  if (mkdir(partial.c_str(), 0700) != 0) {
    if (errno == EEXIST)
      return AlreadyExists("{} exists: another export is writing it, or one broke off. If none is running, remove it",
                           partial);
    return Failed("create", partial, errno);
  }
  std::unique_ptr<BundleWriter> writer(new BundleWriter(directory, partial));
  for (const char* folder : {"records", "checkpoints", "views"}) RETURN_IF_ERROR(MakeFolder(writer->PathOf(folder)));
  ASSIGN_OR_RETURN(writer->events_, Appender::Open(writer->PathOf("events.ndjson")));
  ASSIGN_OR_RETURN(writer->proofs_, Appender::Open(writer->PathOf("proofs.ndjson")));
  return writer;
}

Status BundleWriter::WriteFile(const std::string& name, std::string_view bytes) {
  const std::string path = PathOf(name);
  if (files_.contains(name)) return DataLoss("{} would be written twice", path);
  ASSIGN_OR_RETURN(const int file, CreateFile(path));
  const Status written = WriteAll(file, bytes, path);
  const Status closed = CloseFile(file, path);
  RETURN_IF_ERROR(written);
  RETURN_IF_ERROR(closed);
  files_[name] = File{static_cast<int64_t>(bytes.size()), Hex(Sha256(bytes))};
  return OkStatus();
}

Status BundleWriter::WriteNotes(const std::string& stem, const Checkpoint& checkpoint) {
  if (checkpoint.signed_().note().empty()) return DataLoss("the server's checkpoint {} has no note", checkpoint.name());
  RETURN_IF_ERROR(WriteFile(fmt::format("checkpoints/{}.note", stem), checkpoint.signed_().note()));
  for (const auto& partition : checkpoint.signed_().partitions())
    RETURN_IF_ERROR(WriteFile(fmt::format("checkpoints/{}-{}.note", stem, partition.partition()), partition.note()));
  return OkStatus();
}

Status BundleWriter::Begin(const audit::v1::ExportHead& head) {
  head_ = head;
  RETURN_IF_ERROR(WriteNotes("newest", head.newest()));
  for (const auto& partition : head.newest().signed_().partitions())
    tree_sizes_[partition.partition()] = partition.size();
  if (head.since().empty()) return OkStatus();
  std::string lines;
  for (int i = 0; i < head.since_size(); ++i) {
    RETURN_IF_ERROR(WriteNotes(fmt::format("since-{}", i), head.since(i).checkpoint()));
    for (const auto& proof : head.since(i).proofs()) {
      ordered_json path = ordered_json::array();
      for (const std::string& hash : proof.path()) path.push_back(Base64(hash));
      lines += ordered_json{{"since", i},
                            {"partition", proof.partition()},
                            {"old_size", proof.old_size()},
                            {"new_size", proof.new_size()},
                            {"path", std::move(path)}}
                   .dump() +
               "\n";
    }
  }
  return WriteFile("checkpoints/consistency.ndjson", lines);
}

Status BundleWriter::CheckRecord(const ExportRecord& record) {
  const auto& event = record.event();
  const auto& proof = record.proof();
  const std::pair<int32_t, int64_t> place(event.partition(), event.offset());
  if (place <= last_)
    return DataLoss("the server sent the record at offset {} of partition {} after that at {} of {}", place.second,
                    place.first, last_.second, last_.first);
  if (proof.partition() != place.first || proof.offset() != place.second || proof.leaf_index() != event.leaf_index())
    return DataLoss("the server's proof for the record at offset {} of partition {} is of another one", place.second,
                    place.first);
  const auto size = tree_sizes_.find(place.first);
  if (size == tree_sizes_.end() || size->second != proof.tree_size())
    return DataLoss("the server's proof for the record at offset {} of partition {} is not against the checkpoint {}",
                    place.second, place.first, head_.newest().name());
  last_ = place;
  return OkStatus();
}

Status BundleWriter::Add(const ExportRecord& record) {
  RETURN_IF_ERROR(CheckRecord(record));
  const auto& event = record.event();
  RETURN_IF_ERROR(WriteFile(fmt::format("records/{}-{}.pb", event.partition(), event.offset()), event.record()));
  RETURN_IF_ERROR(events_->Line(EventLine(event, Undecodable::kNamed)));
  RETURN_IF_ERROR(proofs_->Line(ProofLine(record.proof())));
  ++records_;
  return OkStatus();
}

Status BundleWriter::AddView(std::string_view name, const google::protobuf::Message& answer) {
  if (!IsViewName(name)) return InvalidArgument("\"{}\" is no name of a view", name);
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.add_whitespace = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(answer, &json, options).ok())
    return DataLoss("the answer \"{}\" cannot be written as JSON", name);
  return WriteFile(fmt::format("views/{}.json", name), json);
}

Status BundleWriter::AddPage(const std::string& name, std::string_view text) { return WriteFile(name, text); }

std::string BundleWriter::ManifestText(const BundleFacts& facts) const {
  ordered_json covers = ordered_json::array();
  for (const auto& cover : head_.covers()) {
    covers.push_back({{"partition", cover.partition()},
                      {"from_offset", cover.from_offset()},
                      {"until_offset", cover.until_offset()},
                      {"whole", cover.whole()}});
  }
  ordered_json files = ordered_json::array();
  for (const auto& [name, file] : files_)
    files.push_back({{"name", name}, {"size", file.size}, {"sha256", file.sha256}});
  ordered_json asked = {{"words", facts.asked}, {"request", FieldsOf(facts.request)}};
  if (!facts.views_of.empty()) asked["views_of"] = ViewsOfJson(facts.views_of, head_.newest());
  return Dumped({{"format", "kefu-evidence/1"},
                 {"log_id", head_.log_id()},
                 {"partitions", head_.partitions()},
                 {"asked", std::move(asked)},
                 {"asked_by", facts.request.access().actor_id()},
                 {"reason", facts.request.access().reason()},
                 {"made_at", FormatRfc3339(FromProto(head_.made_at()))},
                 {"program_version", facts.program_version},
                 {"verifier_key", head_.verifier_key()},
                 {"covers", std::move(covers)},
                 {"files", std::move(files)}}) +
         "\n";
}

Status BundleWriter::Commit(const BundleFacts& facts) {
  if (records_ != head_.record_count())
    return DataLoss("the server promised {} records and sent {}", head_.record_count(), records_);
  ASSIGN_OR_RETURN(files_["events.ndjson"], events_->Close());
  ASSIGN_OR_RETURN(files_["proofs.ndjson"], proofs_->Close());
  // A folder with nothing in it is not part of the bundle.
  for (const char* folder : {"records", "views"}) rmdir(PathOf(folder).c_str());
  const std::string manifest = ManifestText(facts);
  const std::string path = PathOf("manifest.json");
  ASSIGN_OR_RETURN(const int file, CreateFile(path));
  const Status written = WriteAll(file, manifest, path);
  const Status closed = CloseFile(file, path);
  RETURN_IF_ERROR(written);
  RETURN_IF_ERROR(closed);
  RETURN_IF_ERROR(MakeDurable(partial_, true));
  // Replaces an empty folder, and fails if it is not empty any more.
  if (rename(partial_.c_str(), directory_.c_str()) != 0) return Failed("rename " + partial_ + " to", directory_, errno);
  committed_ = true;
  return MakeDurable(ParentOf(directory_), false);
}

}  // namespace kefu::cli
