#pragma once

#include "kefu/query/v1/client.pb.h"
#include "projections/client/client.h"

namespace kefu::client {

// What is told of a client from outside goes into the row's tail (ClientRow::ChangeTail): under which names it appears
// on channels, what it traded and owned, which segments it is in.

inline constexpr int kIdentitiesKept = 100;
inline constexpr int kTradingDaysKept = 30;
inline constexpr int kSegmentsKept = 32;

// Kept sorted by channel and handle. Linking again replaces the proof.
void TakeIdentity(const sdk::Recorded<events::v1::ChannelIdentityLinked>& linked, query::v1::Client& tail);
// What is not linked stays so.
void DropIdentity(const events::v1::ChannelIdentityUnlinked& unlinked, query::v1::Client& tail);

// The newest day told, and how many trades each of the last 30 days told had. A day told again replaces the first
// telling; a day older than the newest is only counted.
void TakeTrading(const sdk::Recorded<events::v1::TradingDaySummarised>& told, query::v1::Client& tail);
// The newest day told.
void TakeAssets(const sdk::Recorded<events::v1::AssetsValued>& told, query::v1::Client& tail);

// One segment a scheme, sorted by scheme; leaves the scheme if it is in none.
void TakeSegment(const sdk::Recorded<events::v1::ClientClassified>& classified, query::v1::Client& tail);

// The whole configuration. Consents that do not say since when hold since the event.
void TakeConfiguration(const sdk::Recorded<events::v1::ServiceConfigurationChanged>& changed,
                       events::v1::ServiceConfiguration& configuration);

}  // namespace kefu::client
