#pragma once

// A list call over rows about clients: of one client's records or of all, filtered, in pages, counted, at one moment.

#include <google/protobuf/repeated_field.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "platform/codec/key.h"
#include "services/query/filter.h"
#include "services/query/gap.h"
#include "services/query/list_plan.h"
#include "services/query/names.h"
#include "services/query/page.h"
#include "services/query/union.h"

namespace kefu::query {

// The question, once read. `Row` has a client_id and a gap.
template <class Row>
struct RowList {
  // Of a client: its records, and the moment for the answer. Else of all.
  std::optional<Union> records;
  Filter filter;
  ListPlan plan;
  // Tells in a row what only a moment decides; the filter sees it.
  std::function<void(Row& row)> tell;

  // `parent`: "clients/{client}" or "clients/-". Errors as its parts have them; plan and tell are the caller's.
  static StatusOr<RowList> Read(const engine::Engine& engine, const std::string& parent, const std::string& filter,
                                const FilterTable& fields) {
    RowList list;
    ASSIGN_OR_RETURN(const std::string client_id, ParentClientOf(parent, "parent"));
    ASSIGN_OR_RETURN(list.filter, Filter::Parse(filter, fields));
    if (!client_id.empty()) {
      ASSIGN_OR_RETURN(list.records, UnionOf(engine, client_id));
    }
    return list;
  }

  bool Passes(Row& row) const {
    if (tell) tell(row);
    return (!records.has_value() || records->Has(row.client_id())) && filter.Matches(row);
  }

  Moment MomentNow(const engine::Engine& engine) const {
    if (records.has_value()) return records->moment;
    return plan.only.has_value() ? Moment::Now(engine, *plan.only) : Moment::Now(engine);
  }

  StatusOr<int64_t> Count(const Moment& moment, const std::function<Status()>& keeps_going) const {
    ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, plan.scan, {}));
    Row row;
    int64_t count = 0;
    for (int64_t examined = 1;; ++examined) {
      ASSIGN_OR_RETURN(const bool found, scan->Next());
      if (!found) return count;
      if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(keeps_going());
      ASSIGN_OR_RETURN(const std::string_view stored, scan->Row());
      if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return UnreadableRow(*scan);
      count += Passes(row);
    }
  }
};

// The moment a request names, as page tokens have it: a token of one moment does not fit another.
template <class Request>
std::string MomentAsked(const Request& request, absl::Time as_of) {
  return request.has_as_of() ? codec::Key(as_of) : std::string();
}

// Puts a page of `list` into `rows`, which are a field of `response`; token, total (if asked for) and position into the
// others. `method` and `moment_asked` are what a page token belongs to beside parent, filter and records.
template <class Row, class Request, class Response>
Status AnswerList(const engine::Engine& engine, const QueryOptions& options, const PageTokens& tokens,
                  std::string_view method, const Request& request, std::string_view moment_asked,
                  const RowList<Row>& list, const std::function<Status()>& keeps_going,
                  google::protobuf::RepeatedPtrField<Row>* rows, Response* response) {
  ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
  const std::string hash = PageTokens::QueryHash({method, request.parent(), list.filter.normal_form(), moment_asked,
                                                  list.records.has_value() ? list.records->Key() : std::string()});
  ASSIGN_OR_RETURN(const std::string after, tokens.Open(request.page_token(), hash));
  const Moment moment = list.MomentNow(engine);
  const std::string& view = list.plan.scan.view;
  ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, list.plan.scan, after));
  const auto accepts = [&](Row& row, const engine::PartitionView& partition) {
    if (!list.Passes(row)) return false;
    SetGap(partition, view, row.client_id(), &row);
    return true;
  };
  ASSIGN_OR_RETURN(const std::string cursor,
                   FillPage<Row>(*scan, LimitsOf(options, size, keeps_going), accepts, rows));
  if (!cursor.empty()) response->set_next_page_token(tokens.Make(hash, cursor));
  if (request.show_total_size()) {
    ASSIGN_OR_RETURN(const int64_t total, list.Count(moment, keeps_going));
    response->set_total_size(total);
  }
  response->set_position(moment.PositionOf(view));
  return OkStatus();
}

}  // namespace kefu::query
