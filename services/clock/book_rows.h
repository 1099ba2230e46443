#pragma once

// Rows of the view `book`, as duties read them.

#include <google/protobuf/message.h>

#include <string_view>

#include "platform/base/status.h"
#include "projections/book/tables.h"
#include "projections/engine/engine.h"

namespace kefu::duties {

inline constexpr std::string_view kBookView = "book";

// False: there is no such row.
StatusOr<bool> ReadBookRow(const engine::PartitionView& view, std::string_view table, std::string_view key,
                           google::protobuf::Message* row);
// A row's stored bytes.
Status ParseBookRow(const engine::PartitionView& view, std::string_view bytes, google::protobuf::Message* row);

// Calls visit(key, value) for each row, or index entry, whose key begins with `prefix`, until it returns false.
template <class Visit>
Status EachOfBook(const engine::PartitionView& view, std::string_view table, std::string_view prefix, Visit visit) {
  ASSIGN_OR_RETURN(const auto cursor, view.Scan(kBookView, table, prefix, codec::PrefixEnd(prefix)));
  for (; cursor->Valid(); cursor->Next()) {
    ASSIGN_OR_RETURN(const bool more, visit(cursor->key(), cursor->value()));
    if (!more) break;
  }
  return cursor->status();
}

}  // namespace kefu::duties
