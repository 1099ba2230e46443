#include "projections/journal/entry.h"

#include "platform/base/check.h"

namespace kefu::journal {

events::v1::Verdict Entry::Verdict() const {
  events::v1::Verdict decided;
  decided.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
  if (!verdict.empty()) decided.ParseFromArray(verdict.data(), static_cast<int>(verdict.size()));
  return decided;
}

std::string EncodeEntry(const events::v1::Verdict* verdict, std::string_view event) {
  std::string decided;
  if (verdict != nullptr &&
      (verdict->outcome() != events::v1::VERDICT_OUTCOME_APPLIED || verdict->first_offset() != 0))
    decided = verdict->SerializeAsString();
  // A rule's name and two numbers; names are ours.
  KEFU_CHECK(decided.size() < 256, "a verdict of {} bytes", decided.size());
  std::string bytes;
  bytes.reserve(1 + decided.size() + event.size());
  bytes.push_back(static_cast<char>(decided.size()));
  bytes.append(decided);
  bytes.append(event);
  return bytes;
}

std::optional<Entry> DecodeEntry(std::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  const size_t size = static_cast<uint8_t>(bytes[0]);
  if (bytes.size() < 1 + size) return std::nullopt;
  return Entry{bytes.substr(1, size), bytes.substr(1 + size)};
}

}  // namespace kefu::journal
