#pragma once

// Contacts, steps of cases and offers, counted by day and dimension, with a posting from every cell to each of its
// events. README.md says what is written an event.

#include "projections/sdk/case_id.h"
#include "projections/sdk/projection.h"
#include "projections/statistics/cubes.h"
#include "projections/statistics/rows.pb.h"

namespace kefu::statistics {

struct Cells {
  static constexpr std::string_view kName = "cells";
  static constexpr uint8_t kId = 1;
  // Cube, day (since 1970-01-01), then its dimensions; empty where it has fewer.
  using Key = codec::KeyOf<int32_t, int32_t, std::string, std::string, std::string, std::string, std::string,
                           std::string, std::string>;
  using Row = Cell;
};

// The key of a cell, then an event counted there; the value is the client's id. With it the journal has the event.
struct Postings {
  static constexpr std::string_view kName = "postings";
  static constexpr uint8_t kId = 2;
  using Key = codec::KeyOf<int32_t, int32_t, std::string, std::string, std::string, std::string, std::string,
                           std::string, std::string, Offset>;
  using Row = sdk::RawBytes;
};

struct CasesCounted {
  static constexpr std::string_view kName = "case_facts";
  static constexpr uint8_t kId = 3;
  using Key = codec::KeyOf<std::string>;  // case id
  using Row = CaseFacts;
};

struct ValuesKnown {
  static constexpr std::string_view kName = "known_values";
  static constexpr uint8_t kId = 4;
  using Key = codec::KeyOf<int32_t, std::string>;  // cube, dimension
  using Row = KnownValues;
};

// The day of `time` in the branches' zone, counted from 1970-01-01.
int32_t DayOf(absl::Time time);

struct StatisticsView {
  static constexpr std::string_view kName = "statistics";
  static constexpr int32_t kVersion = 1;
  using Events = sdk::TypeList<events::v1::ContactRecorded, events::v1::OfferProgressed, events::v1::ComplaintReceived,
                               events::v1::ServiceRequestOpened, events::v1::CaseAcknowledged,
                               events::v1::CaseEscalated, events::v1::CaseReclassified, events::v1::CaseResolved,
                               events::v1::CaseClosed, events::v1::CaseReopened, events::v1::CaseWithdrawn>;
  using Tables = sdk::TypeList<Cells, Postings, CasesCounted, ValuesKnown>;
  using Indexes = sdk::TypeList<>;

  static void Ahead(const events::v1::Event& event, sdk::RowsAhead& rows);

  using Rows = sdk::View<StatisticsView>;
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ContactRecorded>& contact, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::OfferProgressed>& offer, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ComplaintReceived>& received, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ServiceRequestOpened>& opened, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseAcknowledged>& acknowledged, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseEscalated>& escalated, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseReclassified>& reclassified, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseResolved>& resolved, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseClosed>& closed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseReopened>& reopened, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseWithdrawn>& withdrawn, Rows& view);
};

}  // namespace kefu::statistics
