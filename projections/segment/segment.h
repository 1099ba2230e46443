#pragma once

// What each client is classified as, why, and what it was before; and who is in a segment.

#include "kefu/query/v1/segment.pb.h"
#include "projections/sdk/projection.h"

namespace kefu::segment {

using query::v1::Classification;

struct Clients {
  static constexpr std::string_view kName = "clients";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<std::string>;  // client id
  using Row = Classification;
};

struct ClientsBySegment {
  static constexpr std::string_view kName = "by_segment";
  static constexpr uint8_t kId = 2;
  using Of = Clients;
  using Key = codec::KeyOf<std::string, std::string, std::string>;  // scheme, segment, client
  static void Keys(const Classification& row, sdk::IndexKeys& out);
};

// How many clients of this partition are in a segment; a segment that nobody is in has no row.
struct Counts {
  static constexpr std::string_view kName = "counts";
  static constexpr uint8_t kId = 3;
  using Key = codec::KeyOf<std::string, std::string>;  // scheme, segment
  using Row = query::v1::SegmentCount;
};

inline constexpr int kSchemesKept = 32;
inline constexpr int kHistoryKept = 64;

struct SegmentView {
  static constexpr std::string_view kName = "segment";
  static constexpr int32_t kVersion = 1;
  using Events = sdk::TypeList<events::v1::ClientClassified>;
  using Tables = sdk::TypeList<Clients, Counts>;
  using Indexes = sdk::TypeList<ClientsBySegment>;

  static void Ahead(const events::v1::Event& event, sdk::RowsAhead& rows) {
    if (event.has_client_classified()) rows.Add<Clients>(event.client_id());
  }

  using Rows = sdk::View<SegmentView>;
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientClassified>& classified, Rows& view);
};

}  // namespace kefu::segment
