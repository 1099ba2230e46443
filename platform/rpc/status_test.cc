#include "platform/rpc/status.h"

#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "platform/base/reason.h"

namespace kefu::rpc {
namespace {

google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  return details;
}

template <class Detail>
int CountOf(const google::rpc::Status& status) {
  int count = 0;
  for (const auto& detail : status.details()) count += detail.Is<Detail>();
  return count;
}

TEST(ToGrpc, CarriesReasonAndFieldThereAndBack) {
  const Status status = WithReason(InvalidArgument("event.event_id is missing"), "EVENT_ID_MISSING", "event.event_id");
  const grpc::Status sent = ToGrpc(status);
  EXPECT_EQ(sent.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(sent.error_message(), "event.event_id is missing");
  const google::rpc::Status details = DetailsOf(sent);
  EXPECT_EQ(CountOf<google::rpc::ErrorInfo>(details), 1);
  EXPECT_EQ(CountOf<google::rpc::BadRequest>(details), 1);
  EXPECT_EQ(CountOf<google::rpc::RetryInfo>(details), 0);

  const Status back = FromGrpc(sent);
  EXPECT_EQ(back.code(), status.code());
  EXPECT_EQ(MessageOf(back), MessageOf(status));
  EXPECT_EQ(ReasonOf(back), "EVENT_ID_MISSING");
  EXPECT_EQ(FieldOf(back), "event.event_id");
}

TEST(ToGrpc, EveryCodeHasOneReasonAndComesBack) {
  for (int code = 1; code <= 16; ++code) {
    const Status status = MakeStatus(static_cast<StatusCode>(code), "message");
    const grpc::Status sent = ToGrpc(status);
    EXPECT_EQ(static_cast<int>(sent.error_code()), code);
    EXPECT_EQ(CountOf<google::rpc::ErrorInfo>(DetailsOf(sent)), 1);
    EXPECT_EQ(FromGrpc(sent).code(), status.code());
    EXPECT_EQ(ReasonOf(FromGrpc(sent)), absl::StatusCodeToString(status.code()));
    const bool retry = code == 14 || code == 8;
    EXPECT_EQ(CountOf<google::rpc::RetryInfo>(DetailsOf(sent)), retry ? 1 : 0) << code;
  }
  EXPECT_TRUE(ToGrpc(OkStatus()).ok());
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
}

TEST(ToGrpc, AnEndlessMessageStillFitsIntoHeaders) {
  std::string text;
  while (text.size() < 100'000) text += "客";
  const grpc::Status sent = ToGrpc(WithReason(InvalidArgument("{}", text), "TEXT", "field"));
  EXPECT_LT(sent.error_message().size() + sent.error_details().size(), 8000u);
  EXPECT_EQ(ReasonOf(FromGrpc(sent)), "TEXT");
}

TEST(FromGrpc, ErrorsOfOtherServersKeepCodeAndMessage) {
  const Status plain = FromGrpc(grpc::Status(grpc::StatusCode::NOT_FOUND, "no such thing"));
  EXPECT_EQ(plain.code(), StatusCode::kNotFound);
  EXPECT_EQ(MessageOf(plain), "no such thing");
  EXPECT_EQ(ReasonOf(plain), "");
  const Status garbled = FromGrpc(grpc::Status(grpc::StatusCode::ABORTED, "lost", "\xff\xff"));
  EXPECT_EQ(garbled.code(), StatusCode::kAborted);
}

}  // namespace
}  // namespace kefu::rpc
