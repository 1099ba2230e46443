#pragma once

// What happened, counted by day and dimension, with a posting from every cell to each of its events. README.md says
// what is written an event.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "projections/sdk/case_id.h"
#include "projections/sdk/projection.h"
#include "projections/statistics/cubes.h"
#include "projections/statistics/explain.h"
#include "projections/statistics/rows.pb.h"

namespace kefu::statistics {

// The values of a cell's dimensions in the cube's order; empty where it has fewer.
using CellValues = std::array<std::string_view, kMostDimensions>;

// Cube, day (since 1970-01-01), then its dimensions.
struct CellKeyParts {
  static std::string Encode(int32_t cube, int32_t day, const CellValues& values) {
    std::string key = codec::Key(cube, day);
    for (const std::string_view value : values) codec::AppendPart(key, value);
    return key;
  }
  static std::vector<std::string> Describe(std::string_view key) {
    return codec::KeyOf<int32_t, int32_t, std::string, std::string, std::string, std::string, std::string, std::string,
                        std::string, std::string, std::string>::Describe(key);
  }
};

struct Cells {
  static constexpr std::string_view kName = "cells";
  static constexpr uint8_t kId = 1;
  using Key = CellKeyParts;
  using Row = Cell;
};

struct PostingKeyParts {
  static std::string Encode(int32_t cube, int32_t day, const CellValues& values, Offset offset) {
    std::string key = CellKeyParts::Encode(cube, day, values);
    codec::AppendPart(key, offset);
    return key;
  }
  static std::vector<std::string> Describe(std::string_view key) {
    return codec::KeyOf<int32_t, int32_t, std::string, std::string, std::string, std::string, std::string, std::string,
                        std::string, std::string, std::string, Offset>::Describe(key);
  }
};

// The key of a cell, then an event counted there; the value is the client's id. With it the journal has the event.
struct Postings {
  static constexpr std::string_view kName = "postings";
  static constexpr uint8_t kId = 2;
  using Key = PostingKeyParts;
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

struct ClientTiers {
  static constexpr std::string_view kName = "client_tiers";
  static constexpr uint8_t kId = 5;
  using Key = codec::KeyOf<std::string>;  // client id
  using Row = ClientTier;
};

struct DaysTold {
  static constexpr std::string_view kName = "days_told";
  static constexpr uint8_t kId = 6;
  using Key = codec::KeyOf<std::string, int32_t>;  // client id, day
  using Row = DayTold;
};

struct UndertakingsCounted {
  static constexpr std::string_view kName = "undertaking_facts";
  static constexpr uint8_t kId = 8;
  using Key = codec::KeyOf<std::string>;  // promise or call-back id
  using Row = UndertakingFacts;
};

struct StatisticsView {
  static constexpr std::string_view kName = "statistics";
  static constexpr int32_t kVersion = 3;
  using Events = sdk::TypeList<
      events::v1::ContactRecorded, events::v1::OfferProgressed, events::v1::ComplaintReceived,
      events::v1::ServiceRequestOpened, events::v1::CaseAcknowledged, events::v1::CaseAssigned,
      events::v1::CaseEscalated, events::v1::CaseReclassified, events::v1::CaseResolved, events::v1::CaseClosed,
      events::v1::CaseReopened, events::v1::CaseWithdrawn, events::v1::WorkReassigned, events::v1::ClockStarted,
      events::v1::ClockMet, events::v1::ClockBreached, events::v1::ClockDropped, events::v1::PromiseMade,
      events::v1::PromiseKept, events::v1::PromiseReleased, events::v1::CallBackPlanned, events::v1::CallBackDone,
      events::v1::CallBackCancelled, events::v1::SatisfactionRated, events::v1::TradingDaySummarised,
      events::v1::ServiceConfigurationChanged, events::v1::ClientClassified>;
  using Tables = sdk::TypeList<Cells, Postings, CasesCounted, ValuesKnown, ClientTiers, DaysTold, UndertakingsCounted>;
  using Indexes = sdk::TypeList<>;

  static void Ahead(const events::v1::Event& event, sdk::RowsAhead& rows);

  using Rows = sdk::View<StatisticsView>;
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ContactRecorded>& contact, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::OfferProgressed>& offer, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ComplaintReceived>& received, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ServiceRequestOpened>& opened, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseAcknowledged>& acknowledged, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseAssigned>& assigned, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::WorkReassigned>& reassigned, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseEscalated>& escalated, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseReclassified>& reclassified, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseResolved>& resolved, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseClosed>& closed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseReopened>& reopened, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseWithdrawn>& withdrawn, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClockStarted>& started, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClockMet>& met, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClockBreached>& breached, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClockDropped>& dropped, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::PromiseMade>& made, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::PromiseKept>& kept, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::PromiseReleased>& released, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CallBackPlanned>& planned, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CallBackDone>& done, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::CallBackCancelled>& cancelled, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::SatisfactionRated>& rated, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::TradingDaySummarised>& summary, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ServiceConfigurationChanged>& changed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientClassified>& classified, Rows& view);
};

}  // namespace kefu::statistics
