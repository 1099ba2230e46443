#pragma once

// What clients have of the firm's service products, and whether each is delivered as its standard process says.

#include "kefu/events/v1/product.pb.h"
#include "kefu/query/v1/product.pb.h"
#include "projections/sdk/projection.h"

namespace kefu::subscription {

using events::v1::ServiceProductPublished;
using query::v1::Subscription;

struct Subscriptions {
  static constexpr std::string_view kName = "subscriptions";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<std::string>;  // subscription id
  using Row = Subscription;
};

// All indexes end with state, date and id: a scan that skips what stands before the date gives any choice of states in
// the order of dates.
struct SubscriptionsByClient {
  static constexpr std::string_view kName = "by_client";
  static constexpr uint8_t kId = 2;
  using Of = Subscriptions;
  using Key = codec::KeyOf<std::string, int32_t, absl::Time, std::string>;  // client, SubscriptionState, date, id
  static void Keys(const Subscription& row, sdk::IndexKeys& out);
};

struct SubscriptionsByProduct {
  static constexpr std::string_view kName = "by_product";
  static constexpr uint8_t kId = 3;
  using Of = Subscriptions;
  using Key = codec::KeyOf<std::string, int32_t, absl::Time, std::string>;  // product, SubscriptionState, date, id
  static void Keys(const Subscription& row, sdk::IndexKeys& out);
};

struct SubscriptionsByDue {
  static constexpr std::string_view kName = "by_due";
  static constexpr uint8_t kId = 4;
  using Of = Subscriptions;
  using Key = codec::KeyOf<int32_t, absl::Time, std::string>;  // SubscriptionState, date, id
  static void Keys(const Subscription& row, sdk::IndexKeys& out);
};

// The newest version of each product, from the copy of its event in this partition.
struct Products {
  static constexpr std::string_view kName = "products";
  static constexpr uint8_t kId = 5;
  using Key = codec::KeyOf<std::string>;  // product id
  using Row = ServiceProductPublished;
};

// Of the steps done a row keeps so many, the latest.
inline constexpr int kStepsKept = 32;

// Where it stands in the order of dates: when its next step is due, or, where none is due by a date, when it was
// subscribed.
absl::Time DateOf(const Subscription& row);

struct SubscriptionView {
  static constexpr std::string_view kName = "subscription";
  static constexpr int32_t kVersion = 1;
  using Events = sdk::TypeList<events::v1::ServiceProductPublished, events::v1::ServiceSubscribed,
                               events::v1::ServiceDelivered, events::v1::ServiceEnded>;
  using Tables = sdk::TypeList<Subscriptions, Products>;
  using Indexes = sdk::TypeList<SubscriptionsByClient, SubscriptionsByProduct, SubscriptionsByDue>;

  using Rows = sdk::View<SubscriptionView>;
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ServiceProductPublished>& published, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ServiceSubscribed>& subscribed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ServiceDelivered>& delivered, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ServiceEnded>& ended, Rows& view);
};

}  // namespace kefu::subscription
