#pragma once

// What was published as reference data, and what of all that is broadcast still has to be copied. README.md says which
// partition holds what.

#include <optional>
#include <string>
#include <string_view>

#include "kefu/query/v1/reference.pb.h"
#include "projections/reference/rows.pb.h"
#include "projections/sdk/projection.h"

namespace kefu::reference {

using query::v1::Reference;
using query::v1::ReferenceKind;

// Every version of every item. Partition 0 only.
struct Items {
  static constexpr std::string_view kName = "items";
  static constexpr uint8_t kId = 1;
  // Kind, id, and what orders the versions: their number; the offset for code sets, units and aliases, which have none.
  using Key = codec::KeyOf<int32_t, std::string, int64_t>;
  using Row = Reference;
};

// The recorded bytes of each applied broadcast event, in order: what is copied to the other partitions. Partition 0
// only.
struct Outbox {
  static constexpr std::string_view kName = "outbox";
  static constexpr uint8_t kId = 2;
  using Key = codec::KeyOf<Offset>;
  using Row = sdk::RawBytes;
};

// One row, key 0, in the partitions that are copied to.
struct Progress {
  static constexpr std::string_view kName = "progress";
  static constexpr uint8_t kId = 3;
  using Key = codec::KeyOf<int32_t>;
  using Row = CopyProgress;
};
inline constexpr int32_t kProgressKey = 0;

// Ids of what there is only one of.
inline constexpr std::string_view kRulesId = "admission";
inline constexpr std::string_view kChurnModelId = "churn";
inline constexpr std::string_view kNextActionsId = "next_actions";

// What an event publishes; nothing if it is no reference data (a fact about two clients, about staff).
struct Item {
  ReferenceKind kind = query::v1::REFERENCE_KIND_UNSPECIFIED;
  std::string id;
  int64_t sort = 0;
  // As names have it.
  std::string version;
};
std::optional<Item> ItemOf(const events::v1::Event& event, Offset offset);

// "calendar" for REFERENCE_KIND_CALENDAR; as in names.
std::string WordOf(ReferenceKind kind);
// REFERENCE_KIND_UNSPECIFIED if there is no such word.
ReferenceKind KindOf(std::string_view word);

struct ReferenceView {
  static constexpr std::string_view kName = "reference";
  static constexpr int32_t kVersion = 2;
  // Everything that is broadcast; a test holds the list to it.
  using Events =
      sdk::TypeList<events::v1::ClientRecordsMerged, events::v1::ClientRecordsSplit, events::v1::ClientRelationStarted,
                    events::v1::ClientRelationEnded, events::v1::RulesVersionAdopted, events::v1::UnitPublished,
                    events::v1::CalendarPublished, events::v1::PolicyPackPublished, events::v1::CodeSetPublished,
                    events::v1::SegmentRulesPublished, events::v1::ChurnModelPublished, events::v1::StaffPublished,
                    events::v1::QualificationRecorded, events::v1::TrainingRecorded, events::v1::HandoverOpened,
                    events::v1::HandoverSuccessorNamed, events::v1::HandoverCancelled,
                    events::v1::SuitabilityPackPublished, events::v1::ServiceProductPublished,
                    events::v1::ProductAliasPublished, events::v1::BundlePublished, events::v1::ServiceLevelsPublished,
                    events::v1::NextActionRulesPublished, events::v1::CallBackProgrammePublished,
                    events::v1::RetentionPublished, events::v1::HandoverShareSettled, events::v1::HandoverCompleted>;
  using Tables = sdk::TypeList<Items, Outbox, Progress>;
  using Indexes = sdk::TypeList<>;

  using Rows = sdk::View<ReferenceView>;
  template <class Body>
  static sdk::Outcome Apply(const sdk::Recorded<Body>& recorded, Rows& view) {
    return Take(recorded.record, view);
  }

 private:
  static sdk::Outcome Take(const sdk::RecordedEvent& record, Rows& view);
};

}  // namespace kefu::reference
