#include "services/ingest/rejections.h"

#include <gtest/gtest.h>

#include "platform/base/reason.h"
#include "platform/log/position.h"
#include "platform/testkit/memory_log.h"

namespace kefu::ingest {
namespace {

class RejectionsTest : public testing::Test {
 protected:
  void Put(int partition, const std::string& reason, size_t value_bytes = 0) {
    v1::Rejection rejection;
    rejection.set_reason(reason);
    rejection.set_original_value(std::string(value_bytes, 'x'));
    log_.Put(Partition(partition), rejection.SerializeAsString());
  }
  StatusOr<v1::ListRejectionsResponse> List(int page_size, const std::string& token = "") {
    v1::ListRejectionsRequest request;
    request.set_page_size(page_size);
    request.set_page_token(token);
    return ListRejections(log_, request, absl::Now() + absl::Seconds(30));
  }
  // All reasons, read with this page size.
  std::string All(int page_size) {
    std::string reasons;
    std::string token;
    do {
      const auto page = List(page_size, token);
      if (!page.ok()) return ToString(page.status());
      EXPECT_LE(page->rejections_size(), page_size);
      for (const auto& rejection : page->rejections()) reasons += rejection.reason() + " ";
      token = page->next_page_token();
    } while (!token.empty());
    return reasons;
  }

  testkit::MemoryLog log_{3};
};

TEST_F(RejectionsTest, PagesOfEverySizeGiveTheSame) {
  EXPECT_EQ(All(1), "");
  Put(0, "A");
  Put(2, "D");
  Put(0, "B");
  Put(2, "E");
  Put(0, "C");
  for (int size = 1; size <= 7; ++size) EXPECT_EQ(All(size), "A B C D E ") << size;
  const auto page = List(0);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->rejections(3).partition(), 2);
  EXPECT_EQ(page->rejections(4).offset(), 1);
}

TEST_F(RejectionsTest, SizesAreDefaultedAndClampedAndNeverNegative) {
  for (int i = 0; i < 1200; ++i) Put(0, "A");
  EXPECT_EQ(List(0)->rejections_size(), 50);
  EXPECT_EQ(List(1'000'000'000)->rejections_size(), 1000);
  EXPECT_EQ(ReasonOf(List(-1).status()), "PAGE_SIZE_INVALID");
  EXPECT_EQ(FieldOf(List(-1).status()), "page_size");
}

TEST_F(RejectionsTest, PagesEndBeforeTheyAreTooLargeToReceive) {
  for (int i = 0; i < 10; ++i) Put(0, "A", 1 << 20);
  const auto page = List(1000);
  ASSERT_TRUE(page.ok());
  EXPECT_LT(page->ByteSizeLong(), 4u << 20);
  EXPECT_EQ(All(1000), "A A A A A A A A A A ");
}

TEST_F(RejectionsTest, TokensOfOthersAreRefused) {
  Put(0, "A");
  Put(0, "B");
  const std::string token = List(1)->next_page_token();
  ASSERT_FALSE(token.empty());
  testkit::MemoryLog other(3, "another-log");
  v1::ListRejectionsRequest request;
  request.set_page_token(token);
  EXPECT_EQ(ReasonOf(ListRejections(other, request, absl::InfiniteFuture()).status()), "PAGE_TOKEN_INVALID");
  const std::string plain = *log::Base64UrlDecode(token);
  const std::string prefix = plain.substr(0, plain.size() - 3);
  for (const std::string& bad :
       {std::string("nonsense"), std::string("%%%"), token + "!", log::Base64UrlEncode(prefix + "3.0"),
        log::Base64UrlEncode(prefix + "-1.0"), log::Base64UrlEncode(prefix + "0.-1"),
        log::Base64UrlEncode(prefix + "0."), log::Base64UrlEncode(prefix + "0"), log::Base64UrlEncode(prefix),
        log::Base64UrlEncode(prefix + "0.99999999999999999999")})
    EXPECT_EQ(ReasonOf(List(1, bad).status()), "PAGE_TOKEN_INVALID") << bad;
  // Past the end is a place like any other: more may come.
  EXPECT_TRUE(List(1, log::Base64UrlEncode(prefix + "0.77")).ok());
}

TEST_F(RejectionsTest, ARecordThatIsNoRejectionIsShownAsWhatItIs) {
  log_.Put(Partition(1), "\x0a\xff");
  EXPECT_EQ(All(10), "REJECTION_UNREADABLE ");
}

}  // namespace
}  // namespace kefu::ingest
