#include "platform/log/position.h"

#include <gtest/gtest.h>

#include <random>

namespace kefu::log {
namespace {

TEST(Position, GoesToTextAndBack) {
  const Position position{"log-1", {0, 7, int64_t{1} << 40, INT64_MAX}};
  const auto back = Position::Decode(position.Encode(), "log-1", 4);
  ASSERT_TRUE(back.ok()) << ToString(back.status());
  EXPECT_EQ(back->next_offsets, position.next_offsets);
}

TEST(Position, OfAnotherLogOrShapeIsRefused) {
  const std::string text = Position{"log-1", {1, 2}}.Encode();
  for (const auto& refused : {Position::Decode(text, "log-2", 2), Position::Decode(text, "log-1", 3),
                              Position::Decode(text, "log-1", 1), Position::Decode("", "log-1", 2),
                              Position::Decode("!!", "log-1", 2), Position::Decode("AAAA", "log-1", 2)})
    EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
}

TEST(Base64Url, AnyBytesComeBack) {
  std::mt19937 random(7);
  for (size_t length = 0; length < 200; ++length) {
    std::string bytes(length, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const auto back = Base64UrlDecode(Base64UrlEncode(bytes));
    ASSERT_TRUE(back.ok());
    ASSERT_EQ(*back, bytes);
  }
}

}  // namespace
}  // namespace kefu::log
