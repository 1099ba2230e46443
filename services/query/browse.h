#pragma once

#include <functional>
#include <optional>
#include <string>

#include "kefu/admin/v1/view.pb.h"
#include "projections/sdk/projection.h"
#include "services/query/page.h"
#include "services/query/reader.h"

namespace kefu::query {

// What BrowseRows walks: all of a table, one partition after the other, in key order.
struct Browse {
  const sdk::Projection* view = nullptr;
  const sdk::TableInfo* table = nullptr;
  // Show personal data as it is.
  bool unmasked = false;
};

// kNotFound (VIEW_NOT_FOUND, TABLE_NOT_FOUND). An empty table is the view's first.
StatusOr<Browse> FindTable(const engine::Engine& engine, std::string_view view, std::string_view table);

// One row as JSON. Tables of raw bytes: the journal's as its entries; others as base64, or masked as their length.
StatusOr<std::string> RowAsJson(const Browse& browse, const engine::PartitionView& partition, std::string_view key,
                                std::string_view stored);

// A page from after `cursor`; returns the cursor to go on from, empty at the end.
StatusOr<std::string> FillRows(const Moment& moment, const Browse& browse, std::string_view cursor,
                               const PageLimits& limits, admin::v1::BrowseRowsResponse* response);

}  // namespace kefu::query
