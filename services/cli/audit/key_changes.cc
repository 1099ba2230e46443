#include "services/cli/audit/key_changes.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "kefu/admin/v1/view.grpc.pb.h"
#include "platform/note/key.h"
#include "services/cli/call.h"

namespace kefu::cli {
namespace {

// Did the key sign the note, as its signature lines say?
bool IsOf(const note::Note& note, const std::string& verifier_key) {
  const auto key = note::Verifier::Parse(verifier_key);
  return key.ok() && std::any_of(note.signatures.begin(), note.signatures.end(),
                                 [&](const note::Signature& each) { return key->Claims(each); });
}

}  // namespace

StatusOr<KeyChange> KeyChangeOf(const std::string& json) {
  const auto row = nlohmann::json::parse(json, nullptr, false);
  const auto text = [](const nlohmann::json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (row.is_object() && row.contains("changed") && row["changed"].is_object()) {
    const auto& changed = row["changed"];
    KeyChange change;
    // JSON of protobuf has 64-bit numbers as text.
    const std::string offset = text(row, "offset");
    const bool is_number = std::all_of(offset.begin(), offset.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (is_number && !offset.empty() && offset.size() < 19) change.offset = std::stoll(offset);
    for (const auto& [camel, snake, to] : {std::tuple("oldKey", "old_key", &change.old_key),
                                           std::tuple("newKey", "new_key", &change.new_key),
                                           std::tuple("statement", "statement", &change.statement)}) {
      *to = text(changed, camel);
      if (to->empty()) *to = text(changed, snake);
    }
    if (!change.old_key.empty() && !change.new_key.empty() && !change.statement.empty()) return change;
  }
  return DataLoss("the server's answer about changes of the signing key cannot be read: {}", json.substr(0, 200));
}

StatusOr<std::vector<KeyChange>> KeyChangesOf(Tool& tool) {
  std::vector<KeyChange> changes;
  admin::v1::BrowseRowsRequest request;
  request.set_parent("views/checkpoints");
  request.set_table("key_changes");
  request.set_partition(0);
  do {
    ASSIGN_OR_RETURN(const admin::v1::BrowseRowsResponse response,
                     Call(tool, &admin::v1::ViewService::Stub::BrowseRows, request));
    for (const auto& row : response.rows()) {
      ASSIGN_OR_RETURN(KeyChange change, KeyChangeOf(row.json()));
      changes.push_back(std::move(change));
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return changes;
}

std::vector<KeyChange> ChainTo(const std::string& note, const std::vector<KeyChange>& changes) {
  const auto parsed = note::ParseNote(note);
  if (!parsed.ok()) return {};
  auto first = changes.end();
  bool is_known = false;
  while (first != changes.begin()) {
    const auto before = std::prev(first);
    if (first != changes.end() && before->new_key != first->old_key) break;
    first = before;
    is_known = is_known || IsOf(*parsed, before->new_key) || IsOf(*parsed, before->old_key);
  }
  return is_known ? std::vector<KeyChange>(first, changes.end()) : std::vector<KeyChange>();
}

}  // namespace kefu::cli
