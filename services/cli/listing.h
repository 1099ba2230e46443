#pragma once

// What list verbs have in common: pages up to a limit, shown as a table or as lines of JSON.

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "services/cli/output.h"
#include "services/cli/verb.h"

namespace kefu::cli {

struct ListFlags {
  int limit = 50;
  bool all = false;
  // Also names, numbers and texts of the clients listed.
  bool personal = false;
};

// --limit and --all.
void AddListFlags(CLI::App& verb, ListFlags& flags);
// --personal.
void AddPersonalFlag(CLI::App& verb, bool& personal);

// Shows messages as they come (JSON) or all at the end (table).
template <class Message>
class Listing {
 public:
  using Cells = std::vector<std::string> (*)(const Message&);
  Listing(const Tool& tool, std::vector<std::string> headings, Cells cells)
      : tool_(tool), table_(std::move(headings)), cells_(cells) {}

  Status Add(const Message& message) {
    if (tool_.json()) return PrintJson(message);
    table_.Row(cells_(message));
    return OkStatus();
  }

  // `nothing` is said where there was nothing to show.
  void Finish(std::string_view nothing) {
    if (tool_.json()) return;
    if (table_.empty()) return Remark(tool_, nothing);
    PrintTable(table_);
  }

 private:
  const Tool& tool_;
  runtime::Table table_;
  const Cells cells_;
};

// Calls `page(size, &token)` until the limit or the end. `page` returns how many it showed, and sets the token to the
// next page's, or to empty.
Status EachPage(const Tool& tool, const ListFlags& flags,
                const std::function<StatusOr<int>(int size, std::string* token)>& page);

}  // namespace kefu::cli
