#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kefu::runtime {

// The one of `known` that `unknown` was most likely meant to be; empty if none is near (more than a third of it is
// different).
std::string Nearest(std::string_view unknown, const std::vector<std::string>& known);

// "; did you mean \"listen\"?", or nothing.
std::string DidYouMean(std::string_view unknown, const std::vector<std::string>& known);

}  // namespace kefu::runtime
