#pragma once

// The grammar of filters: a subset of AIP-160 (https://google.aip.dev/160), without knowledge of any resource.

#include <string>
#include <string_view>
#include <vector>

#include "platform/base/status.h"

namespace kefu::query {

// What a filter may cost before anything is looked up.
inline constexpr size_t kMaxFilterBytes = 2048;
inline constexpr int kMaxFilterDepth = 20;
inline constexpr int kMaxFilterTerms = 50;

enum class Comparator { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kHas };
std::string_view Symbol(Comparator comparator);

// One word or quoted string as written, escapes resolved.
struct FilterText {
  std::string text;
  // It ended in a `*` that was not escaped; the star is not in `text`.
  bool star = false;
  // Byte offset in the filter, for messages.
  size_t at = 0;
};

// kAll and kAny have two children or more, kNot one, kCompare and kSearch none.
struct FilterSyntax {
  enum class Kind { kAll, kAny, kNot, kCompare, kSearch };
  Kind kind = Kind::kAll;
  std::vector<FilterSyntax> children;
  // kCompare: `field comparator argument`. kSearch: `argument` alone.
  FilterText field;
  Comparator comparator = Comparator::kEqual;
  FilterText argument;
};

// kInvalidArgument (FILTER_INVALID) with the place; an empty or blank filter is kAll without children.
//   expression  sequence { "AND" sequence }
//   sequence    factor { factor }                 side by side means AND
//   factor      term { "OR" term }                so OR binds tighter than AND
//   term        [ "NOT" | "-" ] ( comparison | word | "(" expression ")" )
StatusOr<FilterSyntax> ParseFilterSyntax(std::string_view text);

// kInvalidArgument with its reason, about the request field "filter".
Status FilterError(size_t at, std::string_view what);

}  // namespace kefu::query
