#include "platform/store/copy.h"

#include <filesystem>

namespace kefu::store {
namespace {

Status FromFiles(const std::error_code& error, const std::string& what) {
  if (error == std::errc::no_space_on_device) return ResourceExhausted("{}: the disk is full", what);
  return Unavailable("{}: {}", what, error.message());
}

// Tables are written once, under a name of their own; all else (the list of tables, the log) is written on.
Status Share(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code error;
  if (from.extension() == ".sst") {
    std::filesystem::create_hard_link(from, to, error);
    if (!error) return OkStatus();
    error.clear();
  }
  std::filesystem::copy_file(from, to, error);
  return error ? FromFiles(error, "cannot copy " + from.string()) : OkStatus();
}

}  // namespace

Status CopyClosedStore(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::create_directories(to, error);
  if (error) return FromFiles(error, "cannot make " + to);
  Status status;
  std::filesystem::directory_iterator files(from, error);
  if (error) status = FromFiles(error, "cannot read " + from);
  for (; status.ok() && files != std::filesystem::directory_iterator(); files.increment(error)) {
    status = Share(files->path(), std::filesystem::path(to) / files->path().filename());
    if (status.ok() && error) status = FromFiles(error, "cannot read " + from);
  }
  if (!status.ok()) std::filesystem::remove_all(to, error);
  return status;
}

}  // namespace kefu::store
