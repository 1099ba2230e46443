#include "services/query/raw_answer.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/support/slice.h>

#include "services/query/gap.h"

namespace kefu::query {
namespace {

using google::protobuf::internal::WireFormatLite;

// Rows up to this size are cheaper to copy than to hand over: a slice of its own costs gRPC more, on two threads, than
// moving a kilobyte (get_client_bench.cc: 33 against 45 us of CPU a call).
constexpr size_t kCopyBelow = 16 << 10;

void AppendField(int tag, std::string_view bytes, std::string* out) {
  google::protobuf::io::StringOutputStream stream(out);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.WriteTag(WireFormatLite::MakeTag(tag, WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
  coded.WriteVarint32(static_cast<uint32_t>(bytes.size()));
  coded.WriteRaw(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace

grpc::ByteBuffer RawAnswer(store::PinnedValue row, std::string_view position,
                           const std::optional<engine::PartitionView::Gap>& gap) {
  std::string tail;
  if (row.view().size() <= kCopyBelow) tail = row.view();
  const bool copied = !tail.empty();
  AppendField(kPositionTag, position, &tail);
  if (gap.has_value()) AppendField(kGapTag, GapMessage(*gap).SerializeAsString(), &tail);
  if (copied || row.view().empty()) {
    const grpc::Slice whole(tail);
    return grpc::ByteBuffer(&whole, 1);
  }
  auto* pin = new store::PinnedValue(std::move(row));
  const grpc::Slice slices[] = {grpc::Slice(
                                    const_cast<char*>(pin->view().data()), pin->view().size(),
                                    [](void* held) { delete static_cast<store::PinnedValue*>(held); }, pin),
                                grpc::Slice(tail)};
  return grpc::ByteBuffer(slices, 2);
}

}  // namespace kefu::query
