#include "projections/client/tallies.h"

#include <algorithm>
#include <array>
#include <string>

#include "projections/client/client.h"

namespace kefu::client {

using query::v1::Client;
using query::v1::Tally;

namespace {

constexpr std::string_view kOther = "other";

// Where `key` is, or would have to go.
int PlaceOf(std::string_view key, const Client& row) {
  const auto& tallies = row.tallies();
  const auto place = std::lower_bound(tallies.begin(), tallies.end(), key,
                                      [](const Tally& tally, std::string_view wanted) { return tally.key() < wanted; });
  return static_cast<int>(place - tallies.begin());
}

// Puts an enum's name into the form of a key: CHANNEL_WEB_CHAT without "CHANNEL_" becomes "web_chat".
std::string Lower(const std::string& name, size_t prefix) {
  std::string word = name.size() > prefix ? name.substr(prefix) : std::string("other");
  for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return word;
}

}  // namespace

void Count(std::string_view key, Client& row) {
  if (key.size() > kLongestTally) key = kOther;
  int place = PlaceOf(key, row);
  auto& tallies = *row.mutable_tallies();
  if (place == tallies.size() || tallies.Get(place).key() != key) {
    const bool full = tallies.size() >= kTalliesKept - 1 && key != kOther;
    if (full) return Count(kOther, row);
    tallies.Add()->set_key(std::string(key));
    for (int i = tallies.size() - 1; i > place; --i) tallies.SwapElements(i, i - 1);
  }
  Tally& tally = *tallies.Mutable(place);
  tally.set_count(tally.count() + 1);
}

void CountCode(std::string_view prefix, std::string_view code, std::string_view suffix, Client& row) {
  if (code.empty()) return;
  std::string key;
  key.reserve(prefix.size() + code.size() + suffix.size());
  Count(key.append(prefix).append(code).append(suffix), row);
}

std::string_view ContactKey(events::v1::Channel channel, events::v1::Direction direction) {
  constexpr int kDirections = events::v1::Direction_ARRAYSIZE;
  static const auto* keys = [] {
    auto* made = new std::array<std::string, events::v1::Channel_ARRAYSIZE * kDirections>;
    for (int c = 0; c < events::v1::Channel_ARRAYSIZE; ++c) {
      for (int d = 0; d < kDirections; ++d) {
        const std::string& of_channel = events::v1::Channel_Name(static_cast<events::v1::Channel>(c));
        const std::string& of_direction = events::v1::Direction_Name(static_cast<events::v1::Direction>(d));
        (*made)[c * kDirections + d] = "contact." + Lower(of_channel, sizeof("CHANNEL_") - 1) + "." +
                                       Lower(of_direction, sizeof("DIRECTION_") - 1);
      }
    }
    return made;
  }();
  // Numbers of a newer build.
  if (!events::v1::Channel_IsValid(channel) || !events::v1::Direction_IsValid(direction)) return "contact.other";
  return (*keys)[channel * kDirections + direction];
}

std::string_view OfferKey(events::v1::OfferStage stage) {
  switch (stage) {
    case events::v1::OFFER_STAGE_SELECTED:
      return "offer.selected";
    case events::v1::OFFER_STAGE_CREATED:
      return "offer.created";
    case events::v1::OFFER_STAGE_SENT:
      return "offer.sent";
    case events::v1::OFFER_STAGE_SENT_BACK:
      return "offer.sent_back";
    case events::v1::OFFER_STAGE_ACCEPTED:
      return "offer.accepted";
    case events::v1::OFFER_STAGE_DECLINED:
      return "offer.declined";
    case events::v1::OFFER_STAGE_CANCELLED:
      return "offer.cancelled";
    default:
      return "offer.other";
  }
}

}  // namespace kefu::client
