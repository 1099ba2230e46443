#include "services/query/raw_answer.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/support/slice.h>

#include <algorithm>
#include <utility>

#include "services/query/gap.h"

namespace kefu::query {
namespace {

using google::protobuf::internal::WireFormatLite;

// Rows up to this size are cheaper to copy than to hand over: a slice of its own costs gRPC more, on two threads, than
// moving a kilobyte (get_client_bench.cc: 33 against 45 us of CPU a call).
constexpr size_t kCopyBelow = 16 << 10;

size_t FieldSize(int tag, size_t bytes) {
  return WireFormatLite::TagSize(tag, WireFormatLite::TYPE_BYTES) + WireFormatLite::LengthDelimitedSize(bytes);
}

uint8_t* WriteField(int tag, std::string_view bytes, uint8_t* to) {
  using google::protobuf::io::CodedOutputStream;
  to = WireFormatLite::WriteTagToArray(tag, WireFormatLite::WIRETYPE_LENGTH_DELIMITED, to);
  to = CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(bytes.size()), to);
  return std::copy(bytes.begin(), bytes.end(), to);
}

void AppendTagAndLength(int tag, size_t length, std::string* out) {
  using google::protobuf::io::CodedOutputStream;
  uint8_t head[20];
  uint8_t* end = WireFormatLite::WriteTagToArray(tag, WireFormatLite::WIRETYPE_LENGTH_DELIMITED, head);
  end = CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(length), end);
  out->append(head, end);
}

void AppendField(int tag, std::string_view bytes, std::string* out) {
  AppendTagAndLength(tag, bytes.size(), out);
  out->append(bytes);
}

}  // namespace

grpc::ByteBuffer RawAnswer(store::PinnedValue row, std::string_view position,
                           const std::optional<engine::PartitionView::Gap>& gap) {
  const std::string gap_bytes = gap.has_value() ? GapMessage(*gap).SerializeAsString() : std::string();
  const std::string_view copied = row.view().size() <= kCopyBelow ? row.view() : std::string_view();
  size_t size = copied.size() + FieldSize(kPositionTag, position.size());
  if (gap.has_value()) size += FieldSize(kGapTag, gap_bytes.size());
  // Written where gRPC will send it from: the row is copied once.
  const grpc::Slice tail(size);
  auto* to = const_cast<uint8_t*>(tail.begin());
  to = std::copy(copied.begin(), copied.end(), to);
  to = WriteField(kPositionTag, position, to);
  if (gap.has_value()) WriteField(kGapTag, gap_bytes, to);
  if (copied.size() == row.view().size()) return grpc::ByteBuffer(&tail, 1);
  auto* pin = new store::PinnedValue(std::move(row));
  const grpc::Slice slices[] = {grpc::Slice(
                                    const_cast<char*>(pin->view().data()), pin->view().size(),
                                    [](void* held) { delete static_cast<store::PinnedValue*>(held); }, pin),
                                tail};
  return grpc::ByteBuffer(slices, 2);
}

void RawPage::Add(std::string_view row, const std::optional<engine::PartitionView::Gap>& gap) {
  if (!gap.has_value()) return AppendField(kRowsTag, row, &bytes_);
  const std::string gap_bytes = GapMessage(*gap).SerializeAsString();
  AppendTagAndLength(kRowsTag, row.size() + FieldSize(kGapTag, gap_bytes.size()), &bytes_);
  bytes_.append(row);
  AppendField(kGapTag, gap_bytes, &bytes_);
}

grpc::ByteBuffer RawPage::Finish(std::string_view next_page_token, std::string_view position) {
  if (!next_page_token.empty()) AppendField(kNextPageTokenTag, next_page_token, &bytes_);
  AppendField(kListPositionTag, position, &bytes_);
  // Handed over as it is: a page may have megabytes.
  auto* held = new std::string(std::exchange(bytes_, {}));
  const grpc::Slice slice(
      held->data(), held->size(), [](void* bytes) { delete static_cast<std::string*>(bytes); }, held);
  return grpc::ByteBuffer(&slice, 1);
}

std::string_view FindBytesField(std::string_view message, int number) {
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(message.data()),
                                            static_cast<int>(message.size()));
  const uint32_t wanted = WireFormatLite::MakeTag(number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  for (uint32_t tag = in.ReadTag(); tag != 0; tag = in.ReadTag()) {
    uint32_t length = 0;
    if (tag == wanted) return in.ReadVarint32(&length) ? message.substr(in.CurrentPosition(), length) : "";
    if (!WireFormatLite::SkipField(&in, tag)) break;
  }
  return {};
}

}  // namespace kefu::query
