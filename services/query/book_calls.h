#pragma once

// What BookService answers, call by call.

#include <functional>

#include "kefu/query/v1/book.pb.h"
#include "platform/base/status.h"
#include "services/query/page_token.h"
#include "services/query/query_services.h"
#include "services/query/reader.h"

namespace kefu::query {

// What every call needs. Borrowed for the call.
struct BookCall {
  const engine::Engine& engine;
  const QueryOptions& options;
  const PageTokens& tokens;
  // Asked every few hundred rows.
  const std::function<Status()>& keeps_going;
};

// book_brokers.cc
Status GetBroker(const BookCall& call, const v1::GetBrokerRequest& request, v1::Broker* response);
Status ListStaff(const BookCall& call, const v1::ListStaffRequest& request, v1::ListStaffResponse* response);
Status ReportServiceLevels(const BookCall& call, const v1::ReportServiceLevelsRequest& request,
                           v1::ReportServiceLevelsResponse* response);
Status CheckOrphans(const BookCall& call, const v1::CheckOrphansRequest& request, v1::CheckOrphansResponse* response);
// book_list.cc
Status ListBook(const BookCall& call, const v1::ListBookRequest& request, v1::ListBookResponse* response);
Status ListWork(const BookCall& call, const v1::ListWorkRequest& request, v1::ListWorkResponse* response);
Status ListTenures(const BookCall& call, const v1::ListTenuresRequest& request, v1::ListTenuresResponse* response);
// book_handovers.cc
Status GetHandover(const BookCall& call, const v1::GetHandoverRequest& request, v1::Handover* response);
Status ListHandovers(const BookCall& call, const v1::ListHandoversRequest& request,
                     v1::ListHandoversResponse* response);
Status ListHandoverItems(const BookCall& call, const v1::ListHandoverItemsRequest& request,
                         v1::ListHandoverItemsResponse* response);

}  // namespace kefu::query
