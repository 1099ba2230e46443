#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace kefu::kept {

// Of things kept at these places in the log (how many events were before each; ascending) the one that goes, as its index,
// if more than `most` are there. The newest stays.
//
// What counts is, of a moment just before a place, how many times as far back the place before that lies (or the log's
// beginning): from there all has to be folded. That one goes without which this is the least, the oldest of equals. So
// distances grow with age, by about the same factor each. `step` (at least 1) is how far apart places are made.
// A pure function, linear in their number.
std::optional<size_t> WhichGoes(const std::vector<int64_t>& places, size_t most, int64_t step);

}  // namespace kefu::kept
