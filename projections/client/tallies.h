#pragma once

#include <string_view>

#include "kefu/events/v1/contact.pb.h"
#include "projections/client/client_row.h"

namespace kefu::client {

// Counts `key` once more. Tallies are sorted. Once the row is full a new key counts as "other".
void Count(std::string_view key, ClientRow& row);
// The same for "<prefix><code><suffix>"; nothing if the code is empty.
void CountCode(std::string_view prefix, std::string_view code, std::string_view suffix, ClientRow& row);

// "contact.phone.inbound".
std::string_view ContactKey(events::v1::Channel channel, events::v1::Direction direction);
// "offer.sent".
std::string_view OfferKey(events::v1::OfferStage stage);

}  // namespace kefu::client
