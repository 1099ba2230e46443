#include "services/returns/difference.h"

#include <map>
#include <set>
#include <utility>

#include "services/report_form/values.h"

namespace kefu::returns {
namespace {

using query::v1::Report;
using query::v1::ReportCell;
using query::v1::ReportTable;
using query::v1::TimelineEntry;

// Where a figure stands: table, row, column, and which of several that are named alike.
struct Place {
  std::string table, row, column;
  int nth = 0;
  auto operator<=>(const Place&) const = default;
};

struct Figure {
  std::string text;
  const ReportCell* cell = nullptr;
};

std::string RowName(const ReportTable& table, const query::v1::ReportRow& row) {
  std::string name;
  for (int i = 0; i < table.columns_size() && i < row.cells_size(); ++i) {
    if (report_form::IsNumeric(table.columns(i))) continue;
    const std::string text = report_form::PlainText(table.columns(i), row.cells(i));
    name += (name.empty() ? "" : " / ") + text;
  }
  return name;
}

// Figures by place, and places in the order of the report.
std::pair<std::map<Place, Figure>, std::vector<Place>> FiguresOf(const Report& report) {
  std::map<Place, Figure> figures;
  std::vector<Place> order;
  for (const ReportTable& table : report.tables()) {
    for (const auto& row : table.rows()) {
      const std::string name = RowName(table, row);
      for (int i = 0; i < table.columns_size() && i < row.cells_size(); ++i) {
        if (!report_form::IsNumeric(table.columns(i))) continue;
        Place place{table.title(), name, table.columns(i).title()};
        while (figures.contains(place)) ++place.nth;
        figures[place] = {report_form::PlainText(table.columns(i), row.cells(i)), &row.cells(i)};
        order.push_back(std::move(place));
      }
    }
  }
  return {std::move(figures), std::move(order)};
}

using Counted = std::map<std::pair<int32_t, int64_t>, TimelineEntry>;

StatusOr<Counted> EventsBehind(const ReportCell* cell, const OpenCell& open) {
  Counted counted;
  if (cell == nullptr) return counted;
  for (const std::string* token : {&cell->cell_token(), &cell->whole_cell_token()}) {
    if (token->empty()) continue;
    ASSIGN_OR_RETURN(auto events, open(*token));
    for (TimelineEntry& event : events) {
      const std::pair<int32_t, int64_t> at(event.partition(), event.offset());
      counted.insert_or_assign(at, std::move(event));
    }
  }
  return counted;
}

// Those of `these` that are not among `those`.
Status AddOnly(const Counted& these, const Counted& those, const std::function<Status(audit::v1::RecordedEvent*)>& record,
               google::protobuf::RepeatedPtrField<audit::v1::RecordedEvent>* into) {
  for (const auto& [at, entry] : these) {
    if (those.contains(at)) continue;
    audit::v1::RecordedEvent* event = into->Add();
    event->set_partition(at.first);
    event->set_offset(at.second);
    *event->mutable_verdict() = entry.verdict();
    RETURN_IF_ERROR(record(event));
  }
  return OkStatus();
}

}  // namespace

Status AddDifferences(const Report& filed, const Report& restated, const OpenCell& open_filed,
                      const OpenCell& open_restated, const std::function<Status(audit::v1::RecordedEvent*)>& record,
                      audit::v1::GetFiledReturnResponse* response) {
  const auto [before, before_order] = FiguresOf(filed);
  const auto [after, after_order] = FiguresOf(restated);
  std::vector<Place> places = after_order;
  for (const Place& place : before_order)
    if (!after.contains(place)) places.push_back(place);
  for (const Place& place : places) {
    const auto was = before.find(place);
    const auto is = after.find(place);
    const std::string filed_text = was == before.end() ? std::string() : was->second.text;
    const std::string restated_text = is == after.end() ? std::string() : is->second.text;
    if (filed_text == restated_text) continue;
    audit::v1::ReturnDifference* difference = response->add_differences();
    difference->set_table(place.table);
    difference->set_row(place.row);
    difference->set_column(place.column);
    difference->set_filed(filed_text);
    difference->set_restated(restated_text);
    ASSIGN_OR_RETURN(const Counted counted_then, EventsBehind(was == before.end() ? nullptr : was->second.cell, open_filed));
    ASSIGN_OR_RETURN(const Counted counted_now, EventsBehind(is == after.end() ? nullptr : is->second.cell, open_restated));
    RETURN_IF_ERROR(AddOnly(counted_now, counted_then, record, difference->mutable_added()));
    RETURN_IF_ERROR(AddOnly(counted_then, counted_now, record, difference->mutable_removed()));
  }
  return OkStatus();
}

}  // namespace kefu::returns
