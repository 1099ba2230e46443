#include "services/cli/import/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

#include "platform/base/hash.h"

namespace kefu::cli {

StatusOr<std::unique_ptr<InputFile>> InputFile::Open(const std::string& path) {
  const int fd = path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT) return NotFound("no file {}", path);
    return FailedPrecondition("cannot open {}: {}", path, std::strerror(errno));
  }
  struct stat facts {};
  if (::fstat(fd, &facts) == 0 && S_ISDIR(facts.st_mode)) {
    ::close(fd);
    return InvalidArgument("{} is a folder, not a file", path);
  }
  const gzFile handle = ::gzdopen(fd, "rb");
  if (handle == nullptr) {
    ::close(fd);
    return ResourceExhausted("no memory to read {}", path);
  }
  ::gzbuffer(handle, 1u << 17);
  return std::unique_ptr<InputFile>(new InputFile(path, handle));
}

InputFile::~InputFile() { ::gzclose(static_cast<gzFile>(handle_)); }

StatusOr<size_t> InputFile::Read(char* buffer, size_t size) {
  const auto handle = static_cast<gzFile>(handle_);
  const int got = ::gzread(handle, buffer, static_cast<unsigned>(std::min<size_t>(size, 1u << 30)));
  int code = Z_OK;
  const char* why = ::gzerror(handle, &code);
  // A stream that was cut short gives its last bytes first and the error with them or after them.
  if (got < 0 || (code != Z_OK && code != Z_STREAM_END)) return DataLoss("{} cannot be unpacked: {}", path_, why);
  return static_cast<size_t>(got);
}

StatusOr<FileFacts> SurveyFile(const std::string& path) {
  ASSIGN_OR_RETURN(const auto file, InputFile::Open(path));
  FileFacts facts;
  Sha256Stream hash;
  std::vector<char> buffer(1 << 18);
  char last = '\n';
  for (;;) {
    ASSIGN_OR_RETURN(const size_t got, file->Read(buffer.data(), buffer.size()));
    if (got == 0) break;
    hash.Update({buffer.data(), got});
    facts.bytes += static_cast<int64_t>(got);
    facts.lines += std::count(buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(got), '\n');
    last = buffer[got - 1];
  }
  if (last != '\n') ++facts.lines;
  facts.sha256 = Hex(hash.Finish());
  return facts;
}

}  // namespace kefu::cli
