#include "services/clock/book_rows.h"

namespace kefu::duties {

Status ParseBookRow(const engine::PartitionView& view, std::string_view bytes, google::protobuf::Message* row) {
  if (row->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return OkStatus();
  return DataLoss("a row of the view {} in partition {} cannot be read; rebuild the view", kBookView, view.partition());
}

StatusOr<bool> ReadBookRow(const engine::PartitionView& view, std::string_view table, std::string_view key,
                           google::protobuf::Message* row) {
  store::PinnedValue stored;
  ASSIGN_OR_RETURN(const bool found, view.Get(kBookView, table, key, &stored));
  if (found) RETURN_IF_ERROR(ParseBookRow(view, stored.view(), row));
  return found;
}

}  // namespace kefu::duties
