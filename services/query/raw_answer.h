#pragma once

// Answers made of stored bytes: the row as it lies in the store, then the fields that only answers have. Protobuf lets
// fields be appended to a serialised message, so nothing is decoded; great rows are not copied either.

#include <grpcpp/support/byte_buffer.h>

#include <optional>
#include <string>
#include <string_view>

#include "platform/store/store.h"
#include "projections/engine/engine.h"

namespace kefu::query {

// Tags of `position` and `gap` in query.v1.Client and Case alike; get_test.cc holds them to the protos.
inline constexpr int kPositionTag = 2000;
inline constexpr int kGapTag = 2001;

// Fields of ListClientsResponse and ListCasesResponse alike; held to the protos like the tags above.
inline constexpr int kRowsTag = 1;
inline constexpr int kNextPageTokenTag = 2;
inline constexpr int kListPositionTag = 3;

// Takes the pin over; it may be held until gRPC has sent the bytes.
grpc::ByteBuffer RawAnswer(store::PinnedValue row, std::string_view position,
                           const std::optional<engine::PartitionView::Gap>& gap);

// A page of rows, written as they are stored.
class RawPage {
 public:
  void Add(std::string_view row, const std::optional<engine::PartitionView::Gap>& gap);
  // The answer; the page is empty after it. An empty token is left out, as protobuf does.
  grpc::ByteBuffer Finish(std::string_view next_page_token, std::string_view position);

 private:
  std::string bytes_;
};

// The first field with this number of a serialised message; for those that are there once. Empty if it is not there.
std::string_view FindBytesField(std::string_view message, int number);

}  // namespace kefu::query
