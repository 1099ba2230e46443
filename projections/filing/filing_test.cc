#include "projections/filing/filing.h"

#include <gtest/gtest.h>

#include "platform/testkit/golden.h"
#include "platform/testkit/projection_driver.h"

namespace kefu::filing {
namespace {

using namespace testkit;
using events::v1::Event;

Draft Filed(std::string_view return_id, std::string_view sha) {
  return Draft().Client("").With([=](Event& event) {
    auto& body = *event.mutable_regulatory_return_filed();
    body.set_return_id(std::string(return_id));
    body.set_request("{\"name\":\"reports/complaints\"}");
    body.set_position("P");
    body.set_sha256(std::string(sha));
    body.set_size_bytes(17);
    body.set_program_version("0.7");
    body.set_addressee("證監局");
    event.mutable_actor()->set_id("A-1");
  });
}

TEST(Filing, IsFoundByItsIdAndInTheOrderOfFiling) {
  ProjectionDriver<FilingView> test;
  test.Given(Filed("Q2", std::string(32, 'b')), Filed("Q1", std::string(32, 'a')));
  ExpectGolden("projections/filing/golden/filing.txt", test.run().Dump());
}

// The second is on the log, and stays without effect.
TEST(Filing, OfTwoByOneIdTheFirstStands) {
  ProjectionDriver<FilingView> test;
  test.Given(Filed("Q1", std::string(32, 'a')), Filed("Q1", std::string(32, 'b')));
  const auto* row = test.Row<Filings>("Q1");
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->filed().sha256(), std::string(32, 'a'));
  EXPECT_EQ(row->offset(), 0);
}

}  // namespace
}  // namespace kefu::filing
