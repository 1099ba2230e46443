#include "platform/rpc/page_token.h"

#include <gtest/gtest.h>

#include "platform/base/reason.h"

namespace kefu::rpc {
namespace {

const std::string kQuery = PageTokens::QueryHash({"ListCases", "clients/-", "open = true", "case_id"});

TEST(PageToken, GivesBackItsCursor) {
  const PageTokens tokens("key of this server");
  EXPECT_EQ(*tokens.Open(tokens.Make(kQuery, "cursor"), kQuery), "cursor");
  EXPECT_EQ(*tokens.Open(tokens.Make(kQuery, std::string("\0\xff", 2)), kQuery), std::string("\0\xff", 2));
  EXPECT_EQ(*tokens.Open("", kQuery), "");
}

TEST(PageToken, RefusesAnotherQuerysToken) {
  const PageTokens tokens("key");
  const std::string other = PageTokens::QueryHash({"ListCases", "clients/-", "open = false", "case_id"});
  const Status refused = tokens.Open(tokens.Make(kQuery, "cursor"), other).status();
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(refused), "PAGE_TOKEN_INVALID");
}

TEST(PageToken, RefusesEveryChangeOfOneCharacter) {
  const PageTokens tokens("key");
  const std::string token = tokens.Make(kQuery, "cursor");
  for (size_t i = 0; i < token.size(); ++i) {
    std::string edited = token;
    edited[i] = edited[i] == 'A' ? 'B' : 'A';
    const auto opened = tokens.Open(edited, kQuery);
    EXPECT_EQ(ReasonOf(opened.status()), "PAGE_TOKEN_INVALID") << i;
  }
  for (const char* broken : {"x", "!!!!", "AAAA", "?page=2"})
    EXPECT_EQ(ReasonOf(tokens.Open(broken, kQuery).status()), "PAGE_TOKEN_INVALID") << broken;
}

TEST(PageToken, RefusesATokenOfAnotherKey) {
  EXPECT_FALSE(PageTokens("one").Open(PageTokens("two").Make(kQuery, "cursor"), kQuery).ok());
}

TEST(PageToken, TheHashKeepsPartsApart) {
  EXPECT_NE(PageTokens::QueryHash({"ab", "c"}), PageTokens::QueryHash({"a", "bc"}));
}

TEST(PageSize, FollowsTheAip) {
  EXPECT_EQ(*PageSize(0), 50);
  EXPECT_EQ(*PageSize(7), 7);
  EXPECT_EQ(*PageSize(1'000'000'000), 1000);
  EXPECT_EQ(PageSize(-1).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kefu::rpc
