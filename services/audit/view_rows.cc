#include "services/audit/view_rows.h"

#include "platform/base/reason.h"

namespace kefu::audit {

StatusOr<std::unique_ptr<ViewRows>> ViewRows::Open(const engine::Engine& engine, const v1::ReadViewRequest& request) {
  constexpr std::string_view kPrefix = "views/";
  if (!request.name().starts_with(kPrefix) || request.name().size() == kPrefix.size())
    return WithReason(InvalidArgument("name: \"{}\" is no \"views/{{view}}\"", request.name()), "NAME_INVALID", "name");
  if (request.partition() < 0 || request.partition() >= engine.partitions())
    return WithReason(InvalidArgument("partition {}: there are 0 to {}", request.partition(), engine.partitions() - 1),
                      "PARTITION_UNKNOWN", "partition");
  std::unique_ptr<ViewRows> rows(new ViewRows);
  rows->view_ = request.name().substr(kPrefix.size());
  for (const sdk::Projection* projection : engine.projections()) {
    if (projection->name != rows->view_) continue;
    for (const sdk::TableInfo& table : projection->tables) {
      rows->left_[table.id] = table.name;
      for (const sdk::IndexInfo& index : table.indexes) rows->left_[index.id] = index.name;
    }
  }
  if (rows->left_.empty())
    return WithReason(NotFound("there is no view \"{}\"", rows->view_), "VIEW_NOT_FOUND", "name");
  for (const admin::v1::View& described : engine.Describe())
    if (described.name() == request.name()) rows->version_ = described.version();
  rows->partition_ = engine.At(Partition(request.partition()));
  return rows;
}

Status ViewRows::Next(size_t bytes, v1::ReadViewResponse* response) {
  response->Clear();
  response->set_next_offset(partition_->next_offset(view_).value());
  response->set_version(version_);
  size_t held = 0;
  while (!left_.empty()) {
    const auto& [id, table] = *left_.begin();
    if (cursor_ == nullptr) {
      ASSIGN_OR_RETURN(cursor_, partition_->Scan(view_, table, "", ""));
    }
    for (; cursor_->Valid(); cursor_->Next()) {
      if (held >= bytes) return OkStatus();
      v1::StoredRow& row = *response->add_rows();
      row.mutable_key()->assign(1, static_cast<char>(id)).append(cursor_->key());
      row.set_value(std::string(cursor_->value()));
      held += row.key().size() + row.value().size();
    }
    RETURN_IF_ERROR(cursor_->status());
    cursor_.reset();
    left_.erase(left_.begin());
  }
  response->set_complete(true);
  return OkStatus();
}

}  // namespace kefu::audit
