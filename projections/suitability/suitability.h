#pragma once

// What clients can bear and what was recommended to them, each recommendation with all it was judged by: deciding it
// again needs the row and the packs it names, and no history.

#include "kefu/query/v1/suitability.pb.h"
#include "projections/sdk/projection.h"
#include "projections/suitability/rows.pb.h"

namespace kefu::suitability {

using query::v1::Investor;
using query::v1::Recommendation;

struct Recommendations {
  static constexpr std::string_view kName = "recommendations";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<std::string>;  // recommendation id
  using Row = Recommendation;
};

// All indexes end with when it was made, newest first (NewestFirst), and the id.
struct RecommendationsByClient {
  static constexpr std::string_view kName = "by_client";
  static constexpr uint8_t kId = 2;
  using Of = Recommendations;
  using Key = codec::KeyOf<std::string, int64_t, std::string>;  // client, made, id
  static void Keys(const Recommendation& row, sdk::IndexKeys& out);
};

// Under who made it, and under who has it in hand, where that is someone else.
struct RecommendationsByStaff {
  static constexpr std::string_view kName = "by_staff";
  static constexpr uint8_t kId = 3;
  using Of = Recommendations;
  using Key = codec::KeyOf<std::string, int64_t, std::string>;  // staff, made, id
  static void Keys(const Recommendation& row, sdk::IndexKeys& out);
};

struct RecommendationsByProduct {
  static constexpr std::string_view kName = "by_product";
  static constexpr uint8_t kId = 4;
  using Of = Recommendations;
  using Key = codec::KeyOf<std::string, int64_t, std::string>;  // product, made, id
  static void Keys(const Recommendation& row, sdk::IndexKeys& out);
};

// Those that did not end yet.
struct OpenRecommendationsByClient {
  static constexpr std::string_view kName = "open_by_client";
  static constexpr uint8_t kId = 5;
  using Of = Recommendations;
  using Key = codec::KeyOf<std::string, int64_t, std::string>;  // client, made, id
  static void Keys(const Recommendation& row, sdk::IndexKeys& out);
};

struct Investors {
  static constexpr std::string_view kName = "investors";
  static constexpr uint8_t kId = 6;
  using Key = codec::KeyOf<std::string>;  // client
  using Row = Investor;
};

struct Products {
  static constexpr std::string_view kName = "products";
  static constexpr uint8_t kId = 7;
  using Key = codec::KeyOf<std::string>;  // product
  using Row = ProductLevel;
};

// Every version of every pack, for ever: recommendations name them.
struct Packs {
  static constexpr std::string_view kName = "packs";
  static constexpr uint8_t kId = 8;
  using Key = codec::KeyOf<std::string, int32_t>;  // pack, version
  using Row = events::v1::SuitabilityPackPublished;
};

// One row, key 0.
struct Starts {
  static constexpr std::string_view kName = "starts";
  static constexpr uint8_t kId = 9;
  using Key = codec::KeyOf<int32_t>;
  using Row = PackVersions;
};
inline constexpr int32_t kStartsKey = 0;

struct RecommendationsByTime {
  static constexpr std::string_view kName = "by_time";
  static constexpr uint8_t kId = 10;
  using Of = Recommendations;
  using Key = codec::KeyOf<int64_t, std::string>;  // made, id
  static void Keys(const Recommendation& row, sdk::IndexKeys& out);
};

// The greater the earlier: keys in its order are newest first.
int64_t NewestFirst(absl::Time time);

// TAKEN, DECLINED and WITHDRAWN end it.
bool IsOpen(const Recommendation& row);

// An investor row keeps this many moments, the present one included; a recommendation this many reviews. Of more, the
// oldest are dropped.
inline constexpr int kMomentsKept = 64;
inline constexpr int kReviewsKept = 32;

struct SuitabilityView {
  static constexpr std::string_view kName = "suitability";
  static constexpr int32_t kVersion = 1;
  using Events = sdk::TypeList<events::v1::RiskAssessed, events::v1::InvestorClassified, events::v1::RecommendationMade,
                               events::v1::RecommendationFollowedUp, events::v1::WorkReassigned,
                               events::v1::ServiceProductPublished, events::v1::SuitabilityPackPublished>;
  using Tables = sdk::TypeList<Recommendations, Investors, Products, Packs, Starts>;
  using Indexes = sdk::TypeList<RecommendationsByClient, RecommendationsByStaff, RecommendationsByProduct,
                                OpenRecommendationsByClient, RecommendationsByTime>;

  using Rows = sdk::View<SuitabilityView>;
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::RiskAssessed>& assessed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::InvestorClassified>& classified, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::RecommendationMade>& made, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::RecommendationFollowedUp>& followed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::WorkReassigned>& reassigned, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ServiceProductPublished>& published, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::SuitabilityPackPublished>& published, Rows& view);
};

}  // namespace kefu::suitability
