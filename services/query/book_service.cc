#include <grpcpp/support/server_callback.h>

#include "kefu/query/v1/book.grpc.pb.h"
#include "services/query/book_calls.h"
#include "services/query/book_rows.h"
#include "services/query/past.h"
#include "services/query/query_services.h"
#include "services/query/unary.h"

namespace kefu::query {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

class BookService final : public v1::BookService::CallbackService {
 public:
  BookService(engine::Engine& engine, const QueryOptions& options)
      : engine_(engine), options_(options), past_(engine, options), tokens_(options.token_key) {}

  ServerUnaryReactor* GetBroker(CallbackServerContext* context, const v1::GetBrokerRequest* request,
                                v1::Broker* response) override {
    if (auto* past = past_.Answer(context, &BookService::GetBroker, request, response)) return past;
    return Answer(context, request, response, &query::GetBroker);
  }
  ServerUnaryReactor* ListStaff(CallbackServerContext* context, const v1::ListStaffRequest* request,
                                v1::ListStaffResponse* response) override {
    if (auto* past = past_.Answer(context, &BookService::ListStaff, request, response)) return past;
    return Answer(context, request, response, &query::ListStaff);
  }
  ServerUnaryReactor* ListBook(CallbackServerContext* context, const v1::ListBookRequest* request,
                               v1::ListBookResponse* response) override {
    if (auto* past = past_.Answer(context, &BookService::ListBook, request, response)) return past;
    return Answer(context, request, response, &query::ListBook, request->show_total_size());
  }
  ServerUnaryReactor* ListWork(CallbackServerContext* context, const v1::ListWorkRequest* request,
                               v1::ListWorkResponse* response) override {
    if (auto* past = past_.Answer(context, &BookService::ListWork, request, response)) return past;
    return Answer(context, request, response, &query::ListWork, request->show_total_size());
  }
  ServerUnaryReactor* ListTenures(CallbackServerContext* context, const v1::ListTenuresRequest* request,
                                  v1::ListTenuresResponse* response) override {
    if (auto* past = past_.Answer(context, &BookService::ListTenures, request, response)) return past;
    return Answer(context, request, response, &query::ListTenures);
  }
  ServerUnaryReactor* ReportServiceLevels(CallbackServerContext* context,
                                          const v1::ReportServiceLevelsRequest* request,
                                          v1::ReportServiceLevelsResponse* response) override {
    if (auto* past = past_.Answer(context, &BookService::ReportServiceLevels, request, response)) return past;
    return Answer(context, request, response, &query::ReportServiceLevels, true);
  }
  ServerUnaryReactor* GetHandover(CallbackServerContext* context, const v1::GetHandoverRequest* request,
                                  v1::Handover* response) override {
    if (auto* past = past_.Answer(context, &BookService::GetHandover, request, response)) return past;
    return Answer(context, request, response, &query::GetHandover);
  }
  ServerUnaryReactor* ListHandovers(CallbackServerContext* context, const v1::ListHandoversRequest* request,
                                    v1::ListHandoversResponse* response) override {
    if (auto* past = past_.Answer(context, &BookService::ListHandovers, request, response)) return past;
    return Answer(context, request, response, &query::ListHandovers);
  }
  ServerUnaryReactor* ListHandoverItems(CallbackServerContext* context, const v1::ListHandoverItemsRequest* request,
                                        v1::ListHandoverItemsResponse* response) override {
    if (auto* past = past_.Answer(context, &BookService::ListHandoverItems, request, response)) return past;
    return Answer(context, request, response, &query::ListHandoverItems, request->show_total_size());
  }
  ServerUnaryReactor* CheckOrphans(CallbackServerContext* context, const v1::CheckOrphansRequest* request,
                                   v1::CheckOrphansResponse* response) override {
    if (auto* past = past_.Answer(context, &BookService::CheckOrphans, request, response)) return past;
    return Answer(context, request, response, &query::CheckOrphans, true);
  }

 private:
  // `walks_all`: not on a thread that serves others.
  template <class Request, class Response>
  ServerUnaryReactor* Answer(CallbackServerContext* context, const Request* request, Response* response,
                             Status (*answer)(const BookCall&, const Request&, Response*), bool walks_all = false) {
    auto position = ReadPosition(engine_, request->min_position(), "min_position");
    const auto work = [=, this] {
      const auto keeps_going = KeepsGoing(context);
      return answer(BookCall{engine_, options_, tokens_, keeps_going}, *request, response);
    };
    if (walks_all && position.ok() && !position->has_value()) return AnswerLater(context, work);
    return AnswerWhenReached(context, engine_, kBook, position, work);
  }

  engine::Engine& engine_;
  const QueryOptions options_;
  const PastOf<BookService> past_;
  const PageTokens tokens_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeBookService(engine::Engine& engine, const QueryOptions& options) {
  return std::make_unique<BookService>(engine, options);
}

}  // namespace kefu::query
