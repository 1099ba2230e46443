#include "services/query/browse.h"

#include <google/protobuf/util/json_util.h>

#include <memory>

#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "services/query/mask.h"
#include "services/query/timeline.h"

namespace kefu::query {
namespace {

StatusOr<std::string> AsJson(google::protobuf::Message* message, bool unmasked) {
  if (!unmasked) MaskPersonalData(message);
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(*message, &json);
  if (!status.ok()) return DataLoss("a row cannot be shown as JSON");
  return json;
}

bool IsJournal(const Browse& browse) { return browse.view->name == "journal" && browse.table->name == "entries"; }

StatusOr<std::string> JournalAsJson(const Browse& browse, const engine::PartitionView& partition, std::string_view key,
                                    std::string_view stored) {
  std::string client_id;
  Offset offset;
  if (!codec::TakePart(key, &client_id) || !codec::TakePart(key, &offset))
    return DataLoss("the journal has a key that is none; rebuild the view");
  ASSIGN_OR_RETURN(auto entry, ReadTimelineEntry(partition.partition(), offset, stored));
  return AsJson(&entry, browse.unmasked);
}

}  // namespace

StatusOr<Browse> FindTable(const engine::Engine& engine, std::string_view view, std::string_view table) {
  Browse browse;
  for (const sdk::Projection* projection : engine.projections())
    if (projection->name == view) browse.view = projection;
  if (browse.view == nullptr) return WithReason(NotFound("there is no view \"{}\"", view), "VIEW_NOT_FOUND");
  if (table.empty() && !browse.view->tables.empty())
    browse.table = &browse.view->tables.front();
  else
    browse.table = browse.view->FindTable(table);
  if (browse.table != nullptr) return browse;
  std::string known;
  for (const sdk::TableInfo& info : browse.view->tables) known += fmt::format(" \"{}\"", info.name);
  return WithReason(NotFound("view \"{}\" has no table \"{}\"; there are{}", view, table, known), "TABLE_NOT_FOUND");
}

StatusOr<std::string> RowAsJson(const Browse& browse, const engine::PartitionView& partition, std::string_view key,
                                std::string_view stored) {
  if (IsJournal(browse)) return JournalAsJson(browse, partition, key, stored);
  if (browse.table->prototype == nullptr) {
    if (!browse.unmasked) return fmt::format("{{\"bytes\":{}}}", stored.size());
    return fmt::format("{{\"base64url\":\"{}\"}}", log::Base64UrlEncode(stored));
  }
  const std::unique_ptr<google::protobuf::Message> row(browse.table->prototype->New());
  if (!row->ParseFromArray(stored.data(), static_cast<int>(stored.size())))
    return DataLoss("a row of {}.{} cannot be read; rebuild the view", browse.view->name, browse.table->name);
  return AsJson(row.get(), browse.unmasked);
}

StatusOr<std::string> FillRows(const Moment& moment, const Browse& browse, std::string_view cursor,
                               const PageLimits& limits, admin::v1::BrowseRowsResponse* response) {
  int32_t from = 0;
  std::string_view after = cursor;
  if (!cursor.empty() && !codec::TakePart(after, &from))
    return WithReason(InvalidArgument("page_token: broken"), "PAGE_TOKEN_INVALID", "page_token");
  size_t bytes = 0;
  std::string last;
  for (const auto& partition : moment.partitions()) {
    const int32_t number = partition->partition().value();
    if (number < from) continue;
    const std::string lower = number == from && !cursor.empty() ? std::string(after) + '\0' : std::string();
    ASSIGN_OR_RETURN(const auto rows, partition->Scan(browse.view->name, browse.table->name, lower, {}));
    for (; rows->Valid(); rows->Next()) {
      // Only when there is one more row is there a page to come.
      if (response->rows_size() >= limits.rows || bytes >= limits.bytes) return last;
      if (response->rows_size() % kRowsBetweenChecks == 0) RETURN_IF_ERROR(limits.keeps_going());
      ASSIGN_OR_RETURN(std::string json, RowAsJson(browse, *partition, rows->key(), rows->value()));
      bytes += json.size();
      auto* row = response->add_rows();
      row->set_partition(number);
      for (std::string& part : browse.table->describe(rows->key())) row->add_key(std::move(part));
      row->set_json(std::move(json));
      last = codec::Key(number).append(rows->key());
    }
    RETURN_IF_ERROR(rows->status());
  }
  return std::string();
}

}  // namespace kefu::query
