#include "platform/event/record.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/wire_format_lite.h>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/time.h"

namespace kefu::event {

namespace {

using events::v1::Event;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

constexpr uint32_t kStampTag =
    WireFormatLite::MakeTag(Event::kRecordedAtFieldNumber, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);

// Tags of bodies, by the comment at Event.body; all of them are below the stamp's.
constexpr int kFirstBodyTag = 100;
constexpr int kLastBodyTag = 1999;

// The stamp has at most 2 bytes of tag, 1 of length, and 1 + 10 + 1 + 10 of a Timestamp.
constexpr size_t kMaxStampBytes = 25;

void AppendStamp(std::string& bytes, const google::protobuf::Timestamp& recorded_at) {
  uint8_t head[kMaxStampBytes];
  uint8_t* end = CodedOutputStream::WriteTagToArray(kStampTag, head);
  end = CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(recorded_at.ByteSizeLong()), end);
  end = recorded_at.SerializeWithCachedSizesToArray(end);
  bytes.append(reinterpret_cast<const char*>(head), end - head);
}

void AppendContent(std::string& bytes, const Event& event) {
  bytes.reserve(event.ByteSizeLong() + kMaxStampBytes);
  // A message without maps has one serialised form; record_test.cc sees to it that events have none.
  event.AppendPartialToString(&bytes);
}

// True if the top-level fields of `bytes` end exactly at its end and none of them is a stamp.
bool IsWholeAndUnstamped(std::string_view bytes) {
  CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  while (static_cast<size_t>(in.CurrentPosition()) < bytes.size()) {
    const uint32_t tag = in.ReadTag();
    if (tag == 0 || tag == kStampTag || !WireFormatLite::SkipField(&in, tag)) return false;
  }
  return true;
}

}  // namespace

std::string RecordedBytes(const Event& event, absl::Time recorded_at) {
  std::string bytes;
  if (event.has_recorded_at()) {
    Event unstamped = event;
    unstamped.clear_recorded_at();
    AppendContent(bytes, unstamped);
  } else {
    AppendContent(bytes, event);
  }
  AppendStamp(bytes, ToProto(recorded_at));
  return bytes;
}

std::string_view ContentOf(std::string_view recorded_bytes, const Event& parsed) {
  if (!parsed.has_recorded_at()) return recorded_bytes;
  std::string stamp;
  AppendStamp(stamp, parsed.recorded_at());
  if (!recorded_bytes.ends_with(stamp)) return recorded_bytes;
  // The same bytes could also be the end of a text: only the fields' own borders tell.
  const std::string_view content = recorded_bytes.substr(0, recorded_bytes.size() - stamp.size());
  return IsWholeAndUnstamped(content) ? content : recorded_bytes;
}

Status ParseRecorded(std::string_view recorded_bytes, Event* event) {
  if (recorded_bytes.size() > INT_MAX || !event->ParseFromArray(recorded_bytes.data(), recorded_bytes.size()))
    return DataLoss("the record ({} bytes) is not a kefu.events.v1.Event", recorded_bytes.size());
  return OkStatus();
}

bool HasUnknownBody(const Event& event) {
  const auto& unknown = event.GetReflection()->GetUnknownFields(event);
  if (unknown.empty()) return false;
  if (event.body_case() == Event::BODY_NOT_SET) return true;
  for (int i = 0; i < unknown.field_count(); ++i)
    if (unknown.field(i).number() >= kFirstBodyTag && unknown.field(i).number() <= kLastBodyTag) return true;
  return false;
}

}  // namespace kefu::event
