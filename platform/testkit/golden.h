#pragma once

#include <string>
#include <string_view>

namespace kefu::testkit {

// Fails the running test unless `text` is what the file at `path` (from the top of the checkout) holds. With
// UPDATE_GOLDEN=1 in the environment it writes the file instead.
void ExpectGolden(const std::string& path, std::string_view text);

}  // namespace kefu::testkit
