#include "projections/client/tallies.h"

#include <array>
#include <string>

#include "platform/codec/wire.h"
#include "projections/client/client.h"

namespace kefu::client {

using query::v1::Tally;

namespace {

constexpr std::string_view kOther = "other";

// A Tally as it is stored: the key, then the count as the last field.
struct Stored {
  std::string_view key;
  uint64_t count = 0;
};

Stored Read(std::string_view tally) {
  Stored stored;
  codec::Field field;
  while (codec::TakeField(&tally, &field)) {
    if (field.number == Tally::kKeyFieldNumber) stored.key = field.payload;
    if (field.number == Tally::kCountFieldNumber) stored.count = field.value;
  }
  return stored;
}

std::string Encode(std::string_view key, uint64_t count) {
  std::string tally;
  codec::AppendTextField(&tally, Tally::kKeyFieldNumber, key);
  codec::AppendVarintField(&tally, Tally::kCountFieldNumber, count);
  return tally;
}

// Is this the tally of `key`? Cheaper than Read: keys are shorter than 128 bytes, so the length is one byte.
bool IsOf(std::string_view tally, std::string_view key) {
  return tally.size() > key.size() + 2 && static_cast<size_t>(tally[1]) == key.size() &&
         tally.substr(2, key.size()) == key;
}

// Puts an enum's name into the form of a key: CHANNEL_WEB_CHAT without "CHANNEL_" becomes "web_chat".
std::string Lower(const std::string& name, size_t prefix) {
  std::string word = name.size() > prefix ? name.substr(prefix) : std::string("other");
  for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return word;
}

}  // namespace

void Count(std::string_view key, ClientRow& row) {
  if (key.size() > kLongestTally) key = kOther;
  auto& list = row.tallies;
  for (size_t at = list.begin(); at < list.end();) {
    const auto entry = list.At(at);
    at = entry.end;
    if (!IsOf(entry.payload, key)) continue;
    const uint64_t count = Read(entry.payload).count + 1;
    // Up to here the count is one byte, the last.
    if (count < 0x80) return list.SetByte(entry, entry.payload.size() - 1, static_cast<char>(count));
    return list.Replace(entry, Encode(key, count));
  }
  const bool full = list.size() >= kTalliesKept - 1 && key != kOther;
  if (full) return Count(kOther, row);
  size_t at = list.begin();
  while (at < list.end() && Read(list.At(at).payload).key < key) at = list.At(at).end;
  list.Insert(at, Encode(key, 1));
}

void CountCode(std::string_view prefix, std::string_view code, std::string_view suffix, ClientRow& row) {
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
