#pragma once

// Answers made of stored bytes: the row as it lies in the store, then the fields that only answers have. Protobuf lets
// fields be appended to a serialised message, so nothing is decoded; great rows are not copied either.

#include <grpcpp/support/byte_buffer.h>

#include <optional>
#include <string>

#include "platform/store/store.h"
#include "projections/engine/engine.h"

namespace kefu::query {

// Tags of `position` and `gap` in query.v1.Client and Case alike; raw_answer_test.cc holds them to the protos.
inline constexpr int kPositionTag = 2000;
inline constexpr int kGapTag = 2001;

// Takes the pin over; it may be held until gRPC has sent the bytes.
grpc::ByteBuffer RawAnswer(store::PinnedValue row, std::string_view position,
                           const std::optional<engine::PartitionView::Gap>& gap);

}  // namespace kefu::query
