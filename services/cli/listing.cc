#include "services/cli/listing.h"

#include <CLI/CLI.hpp>

namespace kefu::cli {
namespace {

// The largest page the services give.
constexpr int kLargestPage = 1000;

}  // namespace

void AddListFlags(CLI::App& verb, ListFlags& flags) {
  verb.add_option("--limit", flags.limit, "At most so many")->check(CLI::PositiveNumber)->capture_default_str();
  verb.add_flag("--all", flags.all, "All there are");
}

void AddPersonalFlag(CLI::App& verb, bool& personal) {
  verb.add_flag("--personal", personal, "Also show personal data: names, numbers, texts");
}

Status EachPage(const Tool& tool, const ListFlags& flags,
                const std::function<StatusOr<int>(int size, std::string* token)>& page) {
  int64_t left = flags.all ? std::numeric_limits<int64_t>::max() : flags.limit;
  std::string token;
  do {
    ASSIGN_OR_RETURN(const int shown, page(static_cast<int>(std::min<int64_t>(left, kLargestPage)), &token));
    left -= shown;
  } while (!token.empty() && left > 0);
  if (!token.empty()) Remark(tool, "There are more: --limit N or --all shows them.");
  return OkStatus();
}

}  // namespace kefu::cli
