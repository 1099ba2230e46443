#pragma once

// Bytes to import: a plain or gzip file, told apart by what it begins with, or standard input.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "platform/base/status.h"

namespace kefu::cli {

// Concurrency: one thread.
class InputFile {
 public:
  // "-" is standard input. kNotFound, kInvalidArgument (a folder).
  static StatusOr<std::unique_ptr<InputFile>> Open(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // Reads up to `size` bytes, unpacked; 0 at the end. kDataLoss if the gzip stream is damaged or cut short.
  StatusOr<size_t> Read(char* buffer, size_t size);

 private:
  InputFile(std::string path, void* handle) : path_(std::move(path)), handle_(handle) {}
  const std::string path_;
  void* handle_;  // zlib's gzFile, which reads plain files as they are
};

// What a file holds, unpacked.
struct FileFacts {
  int64_t bytes = 0;
  int64_t lines = 0;
  std::string sha256;  // hex
};

// Reads the whole file once. Tells a resumed import that it is still the same file, and progress how much there is.
StatusOr<FileFacts> SurveyFile(const std::string& path);

}  // namespace kefu::cli
