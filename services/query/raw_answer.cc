#include "services/query/raw_answer.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/support/slice.h>

#include <algorithm>

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

}  // namespace kefu::query
