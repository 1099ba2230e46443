#pragma once

// What a full text search looks for, and whether a text holds it.

#include <string>
#include <string_view>
#include <vector>

#include "kefu/query/v1/search.pb.h"
#include "platform/base/status.h"
#include "projections/text/event_texts.h"

namespace kefu::query {

inline constexpr size_t kLongestSearch = 1000;  // bytes
inline constexpr size_t kMostSearchUnits = 64;

// Words or characters that must stand together, in this order.
using Phrase = std::vector<text::Unit>;

struct SearchQuery {
  std::vector<Phrase> phrases;
  // What every event that holds all phrases has in the index; at least one, distinct.
  std::vector<std::string> terms;
};

// Takes apart what someone typed. kInvalidArgument, never with the words in it: SEARCH_EMPTY without a word,
// SEARCH_TOO_LONG, SEARCH_TOO_SHORT if only characters are left that are in no index by themselves.
StatusOr<SearchQuery> ReadSearchQuery(std::string_view typed);

// One place of a text, in bytes.
struct TextRange {
  size_t begin = 0;
  size_t end = 0;
};

// Where `phrase` is in a text, from the front; places do not overlap.
std::vector<TextRange> FindPhrase(const std::vector<text::Unit>& units, const Phrase& phrase);

// Fills field, snippet and cuts. False, and `hit` untouched, unless the texts hold every phrase.
bool FillMatch(const std::vector<text::EventText>& texts, const SearchQuery& query, query::v1::TextHit* hit);

}  // namespace kefu::query
