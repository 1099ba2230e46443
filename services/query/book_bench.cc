// Books, timed: the first page by neglect, only the neglected, and the workload of one broker.
//
//   services_query_book_bench [clients of the book, 10,000 by default] [other books of that size, 9 by default]
//
// Only the views that are read are folded, without admission, for this measures reading.

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <random>
#include <vector>

#include "kefu/query/v1/book.grpc.pb.h"
#include "platform/base/check.h"
#include "platform/base/files.h"
#include "platform/base/hash.h"
#include "platform/base/time.h"
#include "platform/event/record.h"
#include "platform/rpc/client.h"
#include "platform/rpc/server.h"
#include "platform/testkit/memory_log.h"
#include "projections/book/book.h"
#include "projections/engine/engine.h"
#include "projections/reference/reference.h"
#include "projections/segment/segment.h"
#include "services/query/query_services.h"

namespace kefu::query {
namespace {

using events::v1::Event;

constexpr int32_t kPartitions = 8;
constexpr int kRounds = 400;
// 2026-01-01T00:00:00Z.
constexpr int64_t kBeginning = 1'767'225'600;
constexpr int64_t kDay = 86'400;

void Put(testkit::MemoryLog& log, Partition partition, const Event& event) {
  log.Put(partition, event::RecordedBytes(event, FromProto(event.occurred_at())));
}

Event At(int64_t seconds, const std::string& id) {
  Event event;
  event.set_event_id(id);
  event.mutable_occurred_at()->set_seconds(kBeginning + seconds);
  return event;
}

// Staff and what gold clients are promised, in every partition.
void PutFirm(testkit::MemoryLog& log, int books) {
  for (int32_t p = 0; p < kPartitions; ++p) {
    const auto put = [&](Event event) {
      event.mutable_broadcast()->set_partitions(kPartitions);
      event.mutable_broadcast()->set_is_copy(p != 0);
      Put(log, Partition(p), event);
    };
    Event levels = At(0, "levels");
    levels.mutable_service_levels_published()->set_pack_id("firm");
    levels.mutable_service_levels_published()->set_version(1);
    auto* level = levels.mutable_service_levels_published()->add_levels();
    level->set_tier("gold");
    level->set_contact_every_days(30);
    put(levels);
    for (int book = 0; book < books; ++book) {
      Event staff = At(0, fmt::format("staff-{}", book));
      staff.mutable_staff_published()->set_staff_id(fmt::format("S-{}", book));
      put(staff);
    }
  }
}

void PutClient(testkit::MemoryLog& log, const std::string& client_id, int book, int64_t day) {
  const Partition partition(PartitionForKey(client_id, kPartitions));
  const auto put = [&](Event event) {
    event.set_client_id(client_id);
    Put(log, partition, event);
  };
  Event registered = At(0, client_id + "-r");
  registered.mutable_client_registered()->set_kind(events::v1::CLIENT_KIND_PERSON);
  put(registered);
  if (day % 3 == 0) {
    Event configured = At(0, client_id + "-t");
    configured.mutable_service_configuration_changed()->mutable_configuration()->set_tier("gold");
    put(configured);
  }
  Event assigned = At(0, client_id + "-a");
  assigned.mutable_client_assigned_to_broker()->set_staff_id(fmt::format("S-{}", book));
  assigned.mutable_client_assigned_to_broker()->set_role(events::v1::BROKER_ROLE_PRIMARY);
  put(assigned);
  Event contact = At(day * kDay, client_id + "-c");
  contact.mutable_contact_recorded()->set_channel(events::v1::CHANNEL_PHONE);
  contact.mutable_contact_recorded()->set_direction(events::v1::DIRECTION_OUTBOUND);
  put(contact);
}

void Time(const char* name, const std::function<grpc::Status(grpc::ClientContext&)>& call) {
  std::vector<double> milliseconds;
  for (int i = 0; i < kRounds; ++i) {
    grpc::ClientContext context;
    const absl::Time begin = absl::Now();
    const auto status = call(context);
    milliseconds.push_back(absl::ToDoubleMilliseconds(absl::Now() - begin));
    KEFU_CHECK(status.ok(), "{}", status.error_message());
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  fmt::print("{:24} median {:7.2f} ms, p99 {:7.2f} ms\n", name, milliseconds[kRounds / 2],
             milliseconds[kRounds * 99 / 100]);
}

void Run(int clients, int others) {
  TempDirectory directory;
  testkit::MemoryLog log(kPartitions);
  PutFirm(log, others + 1);
  std::mt19937_64 random(1);
  for (int i = 0; i < clients * (others + 1); ++i)
    PutClient(log, fmt::format("C-{:07}", i), i % (others + 1), static_cast<int64_t>(random() % 90));
  engine::EngineOptions options;
  options.directory = directory.path();
  options.admission = false;
  auto engine = engine::Engine::Open(options, log,
                                     {&sdk::Describe<book::BookView>(), &sdk::Describe<reference::ReferenceView>(),
                                      &sdk::Describe<segment::SegmentView>()});
  KEFU_CHECK(engine.ok() && (*engine)->Start().ok(), "{}", ToString(engine.status()));
  for (int32_t p = 0; p < kPartitions; ++p) {
    const Status reached =
        (*engine)->WaitFor(Partition(p), *log.EndOffset(Partition(p)), absl::Now() + absl::Minutes(5));
    KEFU_CHECK(reached.ok(), "{}", ToString(reached));
  }
  const auto service = MakeBookService(**engine, {.token_key = "benchmark"});
  auto server = rpc::Server::Start({}, {service.get()});
  KEFU_CHECK(server.ok(), "{}", ToString(server.status()));
  const auto stub = v1::BookService::NewStub(
      *rpc::MakeChannel({.address = fmt::format("127.0.0.1:{}", (*server)->ports().front())}));
  v1::ListBookRequest list;
  list.set_parent("staff/S-0");
  list.mutable_as_of()->set_seconds(kBeginning + 90 * kDay);
  v1::ListBookResponse page;
  Time("list_book", [&](grpc::ClientContext& context) { return stub->ListBook(&context, list, &page); });
  fmt::print("  {} clients a page\n", page.clients_size());
  list.set_filter("neglected = true");
  Time("list_book neglected", [&](grpc::ClientContext& context) { return stub->ListBook(&context, list, &page); });
  list.set_show_total_size(true);
  Time("… with their number", [&](grpc::ClientContext& context) { return stub->ListBook(&context, list, &page); });
  fmt::print("  {} neglected\n", page.total_size());
  v1::GetBrokerRequest get;
  get.set_name("staff/S-0");
  *get.mutable_as_of() = list.as_of();
  v1::Broker broker;
  Time("get_broker", [&](grpc::ClientContext& context) { return stub->GetBroker(&context, get, &broker); });
  fmt::print("  {} clients, {} neglected\n", broker.workload().clients(), broker.workload().neglected());
  IgnoreStatus((*server)->Drain(absl::Now() + absl::Seconds(5)), "the process ends");
  (*engine)->Stop();
}

}  // namespace
}  // namespace kefu::query

int main(int argc, char** argv) {
  kefu::query::Run(argc > 1 ? std::atoi(argv[1]) : 10'000, argc > 2 ? std::atoi(argv[2]) : 9);
  return 0;
}
