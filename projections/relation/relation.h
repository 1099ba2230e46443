#pragma once

// How clients belong together: records that were merged, groups of companies, households, related parties. Every
// partition folds these events; rows about a client are kept where it lives.

#include "kefu/query/v1/relation.pb.h"
#include "projections/relation/rows.pb.h"
#include "projections/sdk/projection.h"

namespace kefu::relation {

// Direct merges only: a merge adds one link, a split takes it away, whatever is merged above or below it. A client
// without links has no row.
struct Merges {
  static constexpr std::string_view kName = "merges";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<std::string>;  // client id
  using Row = MergeLinks;
};

// Each relation once at either end's home, ended ones too.
struct Relations {
  static constexpr std::string_view kName = "relations";
  static constexpr uint8_t kId = 2;
  using Key = codec::KeyOf<std::string, std::string>;  // client id (an end), relation id
  using Row = query::v1::Relation;
};

// At the homes of both records.
struct MergeFacts {
  static constexpr std::string_view kName = "merge_facts";
  static constexpr uint8_t kId = 3;
  using Key = codec::KeyOf<std::string>;  // id of the ClientRecordsMerged
  using Row = query::v1::MergeFact;
};

struct MergesByClient {
  static constexpr std::string_view kName = "merges_by_client";
  static constexpr uint8_t kId = 4;
  using Of = MergeFacts;
  using Key = codec::KeyOf<std::string, absl::Time, std::string>;  // client id (either), merged at, event id
  static void Keys(const query::v1::MergeFact& row, sdk::IndexKeys& out);
};

// At the homes of both ends.
struct Ends {
  static constexpr std::string_view kName = "ends";
  static constexpr uint8_t kId = 5;
  using Key = codec::KeyOf<std::string>;  // relation id
  using Row = RelationEnds;
};

// Records merged into one directly; further ones stand alone in answers, and their facts say that they were merged.
inline constexpr int kMergedKept = 1000;

struct RelationView {
  static constexpr std::string_view kName = "relation";
  static constexpr int32_t kVersion = 1;
  using Events = sdk::TypeList<events::v1::ClientRecordsMerged, events::v1::ClientRecordsSplit,
                               events::v1::ClientRelationStarted, events::v1::ClientRelationEnded>;
  using Tables = sdk::TypeList<Merges, Relations, MergeFacts, Ends>;
  using Indexes = sdk::TypeList<MergesByClient>;

  using Rows = sdk::View<RelationView>;
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientRecordsMerged>& merged, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientRecordsSplit>& split, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientRelationStarted>& started, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientRelationEnded>& ended, Rows& view);
};

}  // namespace kefu::relation
