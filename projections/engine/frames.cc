#include "projections/engine/frames.h"

#include <charconv>

#include "platform/codec/key.h"

namespace kefu::engine {

namespace {

void AppendNumber(std::string& bytes, uint64_t number) { codec::AppendPart(bytes, static_cast<int64_t>(number)); }

bool TakeNumber(std::string_view& bytes, uint64_t* number) {
  int64_t value;
  if (!codec::TakePart(bytes, &value)) return false;
  *number = static_cast<uint64_t>(value);
  return true;
}

void AppendText(std::string& bytes, std::string_view text) {
  codec::AppendPart(bytes, static_cast<int32_t>(text.size()));
  bytes.append(text);
}

bool TakeText(std::string_view& bytes, std::string_view* text) {
  int32_t size;
  if (!codec::TakePart(bytes, &size) || size < 0 || bytes.size() < static_cast<size_t>(size)) return false;
  *text = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

// To the nanosecond, for any time that a Timestamp can say: one less, and what is folded after a restart is not what was
// folded before it. (A time in a key is cut to microseconds.)
void AppendExact(std::string& bytes, absl::Time time) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  codec::AppendPart(bytes, seconds);
  codec::AppendPart(bytes, static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

bool TakeExact(std::string_view& bytes, absl::Time* time) {
  int64_t seconds = 0;
  int32_t nanos = 0;
  if (!codec::TakePart(bytes, &seconds) || !codec::TakePart(bytes, &nanos)) return false;
  *time = absl::FromUnixSeconds(seconds) + absl::Nanoseconds(nanos);
  return true;
}

bool ParseInt(std::string_view text, int32_t* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string ServingKey(std::string_view view) { return fmt::format("serving/{}", view); }
std::string BuildingKey(std::string_view view) { return fmt::format("building/{}", view); }
std::string PreviousKey(std::string_view view) { return fmt::format("previous/{}", view); }
std::string RefusedKey(std::string_view view) { return fmt::format("refused/{}", view); }
std::string ComparedKey(std::string_view view) { return fmt::format("compared/{}", view); }
std::string NoteKey(std::string_view key) { return fmt::format("note/{}", key); }
std::string RetriedKey(std::string_view table) { return fmt::format("retried/{}", table); }
std::string PlaceKey(std::string_view table) { return fmt::format("place/{}", table); }

std::string StoreFolder(const std::string& directory, Partition partition) {
  return fmt::format("{}/p{}", directory, partition);
}

std::string IdentityText(std::string_view log_id, Partition partition, int32_t partitions) {
  return fmt::format("{} {} {}/{}", kFormat, log_id, partition, partitions);
}

std::string Place::Encode() const {
  std::string bytes;
  codec::AppendPart(bytes, next);
  AppendNumber(bytes, last_record.low);
  AppendNumber(bytes, last_record.high);
  AppendExact(bytes, effective_time);
  return bytes;
}

std::optional<Place> Place::Decode(std::string_view bytes) {
  Place place;
  if (codec::TakePart(bytes, &place.next) && TakeNumber(bytes, &place.last_record.low) &&
      TakeNumber(bytes, &place.last_record.high) && TakeExact(bytes, &place.effective_time) && bytes.empty())
    return place;
  return std::nullopt;
}

std::string ParkedFrame::Encode() const {
  std::string bytes;
  AppendExact(bytes, recorded_at);
  AppendText(bytes, reason);
  AppendText(bytes, verdict);
  bytes.append(record);
  return bytes;
}

std::optional<ParkedFrame> ParkedFrame::Decode(std::string_view bytes) {
  ParkedFrame frame;
  if (!TakeExact(bytes, &frame.recorded_at) || !TakeText(bytes, &frame.reason) ||
      !TakeText(bytes, &frame.verdict))
    return std::nullopt;
  frame.record = bytes;
  return frame;
}

std::string TableName::Encode() const { return fmt::format("{}@{}.{}", view, version, build); }

std::optional<TableName> TableName::Decode(std::string_view text) {
  const size_t at = text.rfind('@');
  const size_t dot = text.rfind('.');
  TableName name;
  if (at == std::string_view::npos || dot == std::string_view::npos || dot < at) return std::nullopt;
  name.view = text.substr(0, at);
  if (!ParseInt(text.substr(at + 1, dot - at - 1), &name.version) || !ParseInt(text.substr(dot + 1), &name.build))
    return std::nullopt;
  return name;
}

}  // namespace kefu::engine
