#pragma once

// Small views for the engine's own tests.

#include <atomic>
#include <mutex>
#include <string>

#include "kefu/query/v1/client.pb.h"
#include "platform/testkit/events.h"
#include "projections/engine/engine.h"
#include "projections/sdk/projection.h"

namespace kefu::testkit {

// A contact of `client`, number `i`.
inline Draft NoteFor(std::string_view client, int i) {
  return Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND).Client(client).Id(fmt::format("n-{}", i));
}

}  // namespace kefu::testkit

namespace kefu::engine {

// Counts a client's contacts. Contacts whose outcome is "poison" cannot be taken while the medicine is missing.
struct Counts {
  static constexpr std::string_view kName = "counts";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<std::string>;
  using Row = query::v1::Client;
};

struct CountsByNumber {
  static constexpr std::string_view kName = "by_number";
  static constexpr uint8_t kId = 2;
  using Of = Counts;
  using Key = codec::KeyOf<int64_t, std::string>;
  static void Keys(const Of::Row& row, sdk::IndexKeys& out) {
    out.AddEncoded(Key::Encode(row.event_count(), row.client_id()));
  }
};

inline std::atomic<bool>& Medicine() {
  static std::atomic<bool> given{true};
  return given;
}

// Held, every fold waits until it is let go: a view that hangs.
inline std::mutex& Gate() {
  static std::mutex gate;
  return gate;
}

template <int version>
struct CountViewOf {
  static constexpr std::string_view kName = "count";
  static constexpr int32_t kVersion = version;
  using Events = sdk::TypeList<events::v1::ContactRecorded>;
  using Tables = sdk::TypeList<Counts>;
  using Indexes = sdk::TypeList<CountsByNumber>;

  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ContactRecorded>& contact,
                            sdk::View<CountViewOf<version>>& view) {
    { const std::lock_guard pass(Gate()); }
    auto& row = view.template Edit<Counts>(contact.event().client_id());
    row.set_client_id(contact.event().client_id());
    row.set_event_count(row.event_count() + version);
    row.set_last_offset(contact.record.offset.value());
    // After the row was touched: the engine must take that back.
    if (contact.body.outcome().value() == "poison" && !Medicine()) return sdk::Parked("no medicine");
    if (contact.body.outcome().value() == "throw" && !Medicine()) throw std::runtime_error("thrown");
    return sdk::Applied();
  }
};
using CountView = CountViewOf<1>;
using CountViewV2 = CountViewOf<2>;

// -1 where there is no row.
inline int64_t CountOf(const Engine& engine, std::string_view client) {
  const Partition partition(PartitionForKey(client, engine.partitions()));
  store::PinnedValue bytes;
  const auto found = engine.At(partition)->Get("count", "counts", codec::Key(client), &bytes);
  if (!found.ok() || !*found) return -1;
  query::v1::Client row;
  row.ParseFromArray(bytes.view().data(), static_cast<int>(bytes.view().size()));
  return row.event_count();
}

}  // namespace kefu::engine
