#include "tests/bench/calls_requests.h"

#include <fmt/format.h>

#include <functional>
#include <map>

#include "kefu/query/v1/case.pb.h"
#include "kefu/query/v1/clock.pb.h"
#include "kefu/query/v1/contact.pb.h"
#include "kefu/query/v1/report.pb.h"
#include "kefu/query/v1/search.pb.h"
#include "kefu/query/v1/segment.pb.h"

namespace kefu::bench {
namespace {

using namespace query::v1;

constexpr int kPageSize = 50;
// 2026-03-02T04:00:00Z: within the year of the stream, on a working day.
constexpr int64_t kAsOf = 1'772'424'000;

template <class Message>
grpc::ByteBuffer Encoded(const Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

struct Method {
  std::string name;
  // What is asked about one client; nothing if it has no such thing.
  std::function<void(const Client& client, Load* load)> ask;
};

template <class Request>
Method Of(std::string name, std::function<bool(const Client&, Request*)> fill) {
  return {std::move(name), [fill](const Client& client, Load* load) {
            Request request;
            if (fill(client, &request)) load->requests.push_back(Encoded(request));
          }};
}

Method Find(std::function<bool(const Client&, FindClientsRequest*)> fill) {
  return Of<FindClientsRequest>("ClientService/FindClients", std::move(fill));
}

// The years differ by a day, so that no answer could be kept from the call before.
Method Report(const char* report) {
  return Of<RunReportRequest>("ReportService/RunReport", [report](const Client& client, RunReportRequest* request) {
    const int shift = static_cast<int>(std::hash<std::string>()(client.client_id()) % 5);
    request->set_name(fmt::format("reports/{}", report));
    request->set_from_day(fmt::format("2025-09-0{}", 1 + shift));
    request->set_to_day(fmt::format("2026-08-2{}", 5 + shift));
    request->set_granularity(GRANULARITY_MONTH);
    request->set_quotes(3);
    return true;
  });
}

// The stream's free text has the same words in many events: the most that a search of two words has to do.
Method Search(std::string query) {
  return Of<SearchTextRequest>("SearchService/SearchText", [query](const Client&, SearchTextRequest* request) {
    request->set_query(query);
    request->set_page_size(kPageSize);
    return true;
  });
}

const std::map<std::string, Method>& Methods() {
  static const auto* methods = new std::map<std::string, Method>{
      {"get", Of<GetClientRequest>("ClientService/GetClient",
                                   [](const Client& client, GetClientRequest* request) {
                                     request->set_name(client.name());
                                     return true;
                                   })},
      {"list_timeline", Of<ListTimelineRequest>("ClientService/ListTimeline",
                                                [](const Client& client, ListTimelineRequest* request) {
                                                  request->set_parent(client.name());
                                                  request->set_page_size(kPageSize);
                                                  return true;
                                                })},
      {"list_cases", Of<ListCasesRequest>("CaseService/ListCases",
                                          [](const Client& client, ListCasesRequest* request) {
                                            request->set_parent(client.name());
                                            request->set_page_size(kPageSize);
                                            return true;
                                          })},
      {"find_by_id", Find([](const Client& client, FindClientsRequest* request) {
         request->set_client_id(client.client_id());
         return true;
       })},
      {"find_by_account", Find([](const Client& client, FindClientsRequest* request) {
         if (client.account_numbers().empty()) return false;
         request->set_account_number(client.account_numbers(0));
         return true;
       })},
      {"find_by_phone", Find([](const Client& client, FindClientsRequest* request) {
         if (client.phones().empty()) return false;
         request->set_phone(client.phones(0));
         return true;
       })},
      {"find_by_external_id", Find([](const Client& client, FindClientsRequest* request) {
         if (client.external_ids().empty()) return false;
         *request->mutable_external_id() = client.external_ids(0);
         return true;
       })},
      {"find_by_identity", Find([](const Client& client, FindClientsRequest* request) {
         if (client.identities().empty()) return false;
         *request->mutable_identity() = client.identities(0).identity();
         return true;
       })},
      {"find_by_name_prefix", Find([](const Client& client, FindClientsRequest* request) {
         if (client.display_name().empty()) return false;
         // All but the last two letters: a hundred clients share it.
         request->set_name_prefix(client.display_name().substr(0, client.display_name().size() - 2));
         return true;
       })},
      {"find_anything", Find([](const Client& client, FindClientsRequest* request) {
         if (client.phones().empty()) return false;
         request->set_anything(client.phones(0));
         return true;
       })},
      {"list_clocks", Of<ListClocksRequest>("ClockService/ListClocks",
                                            [](const Client&, ListClocksRequest* request) {
                                              request->set_parent("clients/-/cases/-");
                                              request->set_page_size(kPageSize);
                                              request->mutable_as_of()->set_seconds(kAsOf);
                                              return true;
                                            })},
      {"get_classification", Of<GetClassificationRequest>("SegmentService/GetClassification",
                                                          [](const Client& client, GetClassificationRequest* request) {
                                                            request->set_name(client.name());
                                                            return true;
                                                          })},
      {"search_two_words", Search("statement post")},
      // Two words that many events have, but never the same ones.
      {"search_without_hit", Search("statement written")},
      {"check_contact", Of<CheckContactRequest>("ContactService/CheckContact",
                                                [](const Client& client, CheckContactRequest* request) {
                                                  request->set_name(client.name());
                                                  request->set_channel(events::v1::CHANNEL_PHONE);
                                                  request->set_purpose("marketing");
                                                  request->mutable_at()->set_seconds(kAsOf);
                                                  return true;
                                                })},
      {"report_complaints", Report("complaints")},
      {"report_service_quality", Report("service_quality")},
      {"report_channel_mix", Report("channel_mix")},
      {"report_open_cases", Report("open_cases")},
  };
  return *methods;
}

}  // namespace

std::vector<std::string> LoadMethods() {
  std::vector<std::string> names;
  for (const auto& [name, method] : Methods()) names.push_back(name);
  return names;
}

StatusOr<Load> LoadOf(const std::string& method, const std::vector<Client>& clients) {
  const auto found = Methods().find(method);
  if (found == Methods().end()) return InvalidArgument("there is no method \"{}\" to load", method);
  Load load{.method = "/kefu.query.v1." + found->second.name, .requests = {}};
  for (const Client& client : clients) found->second.ask(client, &load);
  if (load.requests.empty()) return NotFound("none of {} clients has what {} asks for", clients.size(), method);
  return load;
}

}  // namespace kefu::bench
