#include "platform/rpc/files.h"

#include <fstream>
#include <iterator>

namespace kefu::rpc {

StatusOr<std::string> ReadPem(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return InvalidArgument("\"{}\" cannot be read", path);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (text.find("-----BEGIN ") == std::string::npos) return InvalidArgument("\"{}\" is no PEM file", path);
  return text;
}

}  // namespace kefu::rpc
