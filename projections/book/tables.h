#pragma once

// The tables of the book. README.md says what is in which partition.

#include "kefu/query/v1/book.pb.h"
#include "projections/book/rows.pb.h"
#include "projections/sdk/projection.h"

namespace kefu::book {

using query::v1::BookClient;
using query::v1::BookItem;
using query::v1::Handover;
using query::v1::HandoverItem;
using query::v1::StaffMember;
using query::v1::Workload;

struct Clients {
  static constexpr std::string_view kName = "clients";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<std::string>;  // client id
  using Row = BookClient;
};

// Clients that are not closed: under who is in charge, and those registered that nobody is in charge of under "".
struct ClientsByBroker {
  static constexpr std::string_view kName = "by_broker";
  static constexpr uint8_t kId = 2;
  using Of = Clients;
  using Key = codec::KeyOf<std::string, std::string>;  // staff id, client id
  static void Keys(const BookClient& row, sdk::IndexKeys& out);
};

// Clients with someone in charge that are not closed, those longest without service first.
struct ClientsByNeglect {
  static constexpr std::string_view kName = "by_neglect";
  static constexpr uint8_t kId = 3;
  using Of = Clients;
  using Key = codec::KeyOf<std::string, absl::Time, std::string>;  // staff id, last served at, client id
  static void Keys(const BookClient& row, sdk::IndexKeys& out);
};

// Open work, whoever has it. A case that ended stays, without an entry in the index, for it may be reopened.
struct Items {
  static constexpr std::string_view kName = "items";
  static constexpr uint8_t kId = 4;
  using Key = codec::KeyOf<int32_t, std::string>;  // WorkKind, work id
  using Row = BookItem;
};

// Open work that someone has.
struct ItemsByOwner {
  static constexpr std::string_view kName = "items_by_owner";
  static constexpr uint8_t kId = 5;
  using Of = Items;
  // Owner, WorkKind, due time (InfiniteFuture if none), work id.
  using Key = codec::KeyOf<std::string, int32_t, absl::Time, std::string>;
  static void Keys(const BookItem& row, sdk::IndexKeys& out);
};

// What a member of staff holds here. No row: nothing at all.
struct Owners {
  static constexpr std::string_view kName = "owners";
  static constexpr uint8_t kId = 6;
  using Key = codec::KeyOf<std::string>;  // staff id
  using Row = Workload;
};

struct Tenures {
  static constexpr std::string_view kName = "tenures";
  static constexpr uint8_t kId = 7;
  using Key = codec::KeyOf<std::string, absl::Time, Offset>;  // client id, from, offset of the assignment
  using Row = TenureRow;
};

struct TenuresByBroker {
  static constexpr std::string_view kName = "tenures_by_broker";
  static constexpr uint8_t kId = 8;
  using Of = Tenures;
  using Key = codec::KeyOf<std::string, int32_t, std::string, absl::Time, Offset>;  // staff, BrokerRole, then as above
  static void Keys(const TenureRow& row, sdk::IndexKeys& out);
};

// This partition's share of each handover.
struct Handovers {
  static constexpr std::string_view kName = "handovers";
  static constexpr uint8_t kId = 9;
  using Key = codec::KeyOf<std::string>;  // handover id
  using Row = Handover;
};

struct OpenHandovers {
  static constexpr std::string_view kName = "open_handovers";
  static constexpr uint8_t kId = 15;
  using Of = Handovers;
  using Key = codec::KeyOf<std::string>;  // handover id
  static void Keys(const Handover& row, sdk::IndexKeys& out);
};

// What has found other hands, or was told to the client, or closed, under a handover.
struct HandoverItems {
  static constexpr std::string_view kName = "handover_items";
  static constexpr uint8_t kId = 10;
  using Key = codec::KeyOf<std::string, int32_t, std::string>;  // handover id, WorkKind or kClientKind, work or client id
  using Row = HandoverItem;
};
inline constexpr int32_t kClientKind = 0;

// Each partition keeps all; answers are given from partition 0.
struct Staff {
  static constexpr std::string_view kName = "staff";
  static constexpr uint8_t kId = 11;
  using Key = codec::KeyOf<std::string>;  // staff id
  using Row = StaffMember;
};

struct Orders {
  static constexpr std::string_view kName = "orders";
  static constexpr uint8_t kId = 12;
  using Key = codec::KeyOf<std::string, Offset>;  // handover id, offset
  using Row = Order;
};

struct OrderLists {
  static constexpr std::string_view kName = "order_lists";
  static constexpr uint8_t kId = 13;
  using Key = codec::KeyOf<std::string>;  // handover id
  using Row = OrderList;
};

// Bounds of rows: a faulty sender must not make them grow without end. Of more, the oldest are dropped.
inline constexpr int kRolesKept = 8;
inline constexpr int kQualificationsKept = 32;
inline constexpr int kTrainingYearsKept = 10;
// How many tenures back an assignment with an early date is followed.
inline constexpr int kTenuresFollowed = 64;

// What each partition stated of an open handover. Gone once it is completed.
struct Shares {
  static constexpr std::string_view kName = "shares";
  static constexpr uint8_t kId = 14;
  using Key = codec::KeyOf<std::string, int32_t>;  // handover id, partition
  using Row = Share;
};

// How many of them `load` has; kClientKind: clients. 0 for a kind of a newer build.
int64_t CountOf(const Workload& load, int32_t kind);
bool HoldsNothing(const Workload& load);

}  // namespace kefu::book
