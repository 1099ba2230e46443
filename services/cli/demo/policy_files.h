#pragma once

#include <string_view>
#include <vector>

namespace kefu::cli {

// One file of deploy/policies as it was when this program was built.
struct PolicyFile {
  std::string_view name;
  std::string_view text;
};

// By name. Made by embed_policies.cmake.
const std::vector<PolicyFile>& PolicyFiles();

}  // namespace kefu::cli
