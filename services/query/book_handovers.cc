#include <charconv>
#include <optional>

#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "services/query/book_calls.h"
#include "services/query/book_rows.h"
#include "services/query/filter.h"
#include "services/query/filter_fields.h"
#include "services/query/page.h"
#include "services/query/units.h"

namespace kefu::query {
namespace {

ScanPlan PlanOf(std::string_view rows, std::string_view table, const std::string& prefix) {
  ScanPlan plan;
  plan.view = kBook;
  plan.rows = rows;
  plan.table = table;
  plan.ranges.push_back({prefix, prefix.size()});
  return plan;
}

// One part of the checklist: what is walked, and how a row of it reads as an item. Nothing: it is no item.
struct Part {
  // A handover that has ended: its leaver holds nothing, or what it holds is its own again.
  bool is_walked = true;
  ScanPlan plan;
  std::function<std::optional<v1::HandoverItem>(std::string_view stored)> read;
};

std::optional<v1::HandoverItem> ReadClient(std::string_view stored) {
  v1::BookClient row;
  if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return std::nullopt;
  v1::HandoverItem item;
  item.set_client_id(row.client_id());
  return item;
}

std::optional<v1::HandoverItem> ReadWork(std::string_view stored) {
  v1::BookItem row;
  if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return std::nullopt;
  v1::HandoverItem item;
  item.set_kind(row.kind());
  item.set_work_id(row.work_id());
  item.set_client_id(row.client_id());
  return item;
}

std::optional<v1::HandoverItem> ReadItem(std::string_view stored) {
  v1::HandoverItem item;
  if (!item.ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return std::nullopt;
  return item;
}

// What the leaver still holds, while it leaves; then what has moved, was told, or closed.
std::vector<Part> PartsOf(const v1::Handover& handover) {
  const bool is_open = handover.state() == v1::HANDOVER_STATE_OPEN;
  const std::string leaver = codec::Key(handover.from_staff_id());
  return {{is_open, PlanOf(book::Clients::kName, book::ClientsByBroker::kName, leaver), &ReadClient},
          {is_open, PlanOf(book::Items::kName, book::ItemsByOwner::kName, leaver), &ReadWork},
          {true, PlanOf(book::HandoverItems::kName, book::HandoverItems::kName, codec::Key(handover.handover_id())),
           &ReadItem}};
}

// A client that was told before it moved is both still held and an item: it is listed once, as an item.
StatusOr<bool> IsTwice(const Moment& moment, const std::string& handover_id, const v1::HandoverItem& item) {
  if (item.has_moved_at() || item.has_informed_at() || item.closed()) return false;
  const auto kind = static_cast<int32_t>(item.kind());
  v1::HandoverItem other;
  return GetBookRow<book::HandoverItems>(
      moment.HomeOf(item.client_id()),
      codec::Key(handover_id, kind, kind == book::kClientKind ? item.client_id() : item.work_id()), &other);
}

// "1:…" gives 1 and the rest. A token is signed, so it is what was made here.
std::pair<size_t, std::string_view> SplitCursor(std::string_view cursor) {
  size_t part = 0;
  const size_t colon = cursor.find(':');
  if (colon == cursor.npos) return {0, {}};
  std::from_chars(cursor.data(), cursor.data() + colon, part);
  return {part, cursor.substr(colon + 1)};
}

}  // namespace

Status GetHandover(const BookCall& call, const v1::GetHandoverRequest& request, v1::Handover* response) {
  ASSIGN_OR_RETURN(const std::string handover_id, HandoverOf(request.name(), "name"));
  ASSIGN_OR_RETURN(*response, ReadHandover(Moment::Now(call.engine), handover_id));
  return OkStatus();
}

Status ListHandovers(const BookCall& call, const v1::ListHandoversRequest& request,
                     v1::ListHandoversResponse* response) {
  ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const Filter filter, Filter::Parse(request.filter(), HandoverFields()));
  const std::string hash = PageTokens::QueryHash({"ListHandovers", filter.normal_form()});
  ASSIGN_OR_RETURN(const std::string after, call.tokens.Open(request.page_token(), hash));
  const Moment home = Moment::Now(call.engine, kReferenceHome);
  const ScanPlan plan = PlanOf(book::Handovers::kName, book::Handovers::kName, "");
  const auto accepts = [&](v1::Handover& row, const engine::PartitionView&) { return filter.Matches(row); };
  ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(home, plan, after));
  ASSIGN_OR_RETURN(const std::string cursor,
                   FillPage<v1::Handover>(*scan, LimitsOf(call.options, size, call.keeps_going), accepts,
                                          response->mutable_handovers()));
  const Moment moment = Moment::Now(call.engine);
  for (v1::Handover& row : *response->mutable_handovers()) {
    ASSIGN_OR_RETURN(row, ReadHandover(moment, row.handover_id()));
    row.clear_position();
  }
  if (!cursor.empty()) response->set_next_page_token(call.tokens.Make(hash, cursor));
  if (request.show_total_size()) {
    ASSIGN_OR_RETURN(const auto all, MergedScan::Open(home, plan, {}));
    v1::Handover row;
    int64_t total = 0;
    for (;;) {
      ASSIGN_OR_RETURN(const bool found, all->Next());
      if (!found) break;
      ASSIGN_OR_RETURN(const std::string_view stored, all->Row());
      if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return UnreadableRow(*all);
      total += filter.Matches(row);
    }
    response->set_total_size(total);
  }
  response->set_position(moment.PositionOf(kBook));
  return OkStatus();
}

Status ListHandoverItems(const BookCall& call, const v1::ListHandoverItemsRequest& request,
                         v1::ListHandoverItemsResponse* response) {
  ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const std::string handover_id, HandoverOf(request.parent(), "parent"));
  ASSIGN_OR_RETURN(const Filter filter, Filter::Parse(request.filter(), HandoverItemFields()));
  const std::string hash = PageTokens::QueryHash({"ListHandoverItems", request.parent(), filter.normal_form()});
  ASSIGN_OR_RETURN(const std::string after, call.tokens.Open(request.page_token(), hash));
  const Moment moment = Moment::Now(call.engine);
  ASSIGN_OR_RETURN(const v1::Handover handover, ReadHandover(moment, handover_id));
  const std::vector<Part> parts = PartsOf(handover);
  const auto passes = [&](const MergedScan& scan, const Part& part,
                          std::string_view stored) -> StatusOr<std::optional<v1::HandoverItem>> {
    std::optional<v1::HandoverItem> item = part.read(stored);
    if (!item.has_value()) return UnreadableRow(scan);
    ASSIGN_OR_RETURN(const bool twice, IsTwice(moment, handover_id, *item));
    if (twice || !filter.Matches(*item)) item.reset();
    return item;
  };
  // The parts follow each other.
  const auto [first, rest] = SplitCursor(after);
  for (size_t p = first; p < parts.size(); ++p) {
    if (!parts[p].is_walked) continue;
    const std::string_view from = p == first ? rest : std::string_view();
    ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, parts[p].plan, from));
    const auto take = [&](std::string_view stored) -> StatusOr<bool> {
      ASSIGN_OR_RETURN(const auto item, passes(*scan, parts[p], stored));
      if (item.has_value()) *response->add_items() = *item;
      return item.has_value();
    };
    const int32_t room = size - response->items_size();
    ASSIGN_OR_RETURN(const std::string cursor, WalkPage(*scan, LimitsOf(call.options, room, call.keeps_going), take));
    const bool is_full = response->items_size() >= size;
    if (cursor.empty() && !(is_full && p + 1 < parts.size())) continue;
    // A part that ended together with the page: the next page begins with the next part.
    const std::string place = cursor.empty() ? std::to_string(p + 1) + ":" : std::to_string(p) + ":" + cursor;
    response->set_next_page_token(call.tokens.Make(hash, place));
    break;
  }
  if (request.show_total_size()) {
    int64_t total = 0;
    for (const Part& part : parts) {
      if (!part.is_walked) continue;
      ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, part.plan, {}));
      for (int64_t examined = 1;; ++examined) {
        ASSIGN_OR_RETURN(const bool found, scan->Next());
        if (!found) break;
        if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(call.keeps_going());
        ASSIGN_OR_RETURN(const std::string_view stored, scan->Row());
        ASSIGN_OR_RETURN(const auto item, passes(*scan, part, stored));
        total += item.has_value();
      }
    }
    response->set_total_size(total);
  }
  response->set_position(moment.PositionOf(kBook));
  return OkStatus();
}

}  // namespace kefu::query
