#include "services/cli/replayer/rows.h"

#include <gmock/gmock.h>

#include "kefu/query/v1/client.pb.h"
#include "platform/codec/key.h"

namespace kefu::replayer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

struct Clients {
  static constexpr std::string_view kName = "clients";
  static constexpr uint8_t kId = 7;
  using Key = codec::KeyOf<std::string>;
  using Row = query::v1::Client;
};
struct Notes {
  static constexpr std::string_view kName = "notes";
  static constexpr uint8_t kId = 3;
  using Key = codec::KeyOf<std::string>;
  using Row = sdk::RawBytes;
};
struct ByName {
  static constexpr std::string_view kName = "by_name";
  static constexpr uint8_t kId = 5;
  using Of = Clients;
  // Without the client's id: two clients of one name claim one entry, which a view must not do.
  using Key = codec::KeyOf<std::string>;
  static void Keys(const Of::Row& row, sdk::IndexKeys& out) {
    if (row.display_name().empty()) return;
    out.AddEncoded(Key::Encode(row.display_name()));
    out.AddEncoded(Key::Encode(row.display_name()));
  }
};
struct TwoTables {
  static constexpr std::string_view kName = "two";
  static constexpr int32_t kVersion = 1;
  using Events = sdk::TypeList<>;
  using Tables = sdk::TypeList<Clients, Notes>;
  using Indexes = sdk::TypeList<ByName>;
};

class RowsTest : public ::testing::Test {
 protected:
  RowsTest() : rows(sdk::Describe<TwoTables>()), view(rows) {}

  void Name(const std::string& client, const std::string& name) {
    view.Edit<Clients>(client).set_display_name(name);
    ASSERT_TRUE(rows.Keep().ok());
  }
  std::vector<std::pair<std::string, std::string>> All() {
    const auto listing = rows.List();
    EXPECT_TRUE(listing.ok()) << ToString(listing.status());
    std::vector<std::pair<std::string, std::string>> all;
    for (const Entry& entry : listing->entries) all.emplace_back(entry.key, entry.value);
    return all;
  }

  Rows rows;
  sdk::View<TwoTables> view;
};

std::string Bytes(const std::string& name) {
  query::v1::Client row;
  row.set_display_name(name);
  return row.SerializeAsString();
}

TEST_F(RowsTest, AFoldReadsItsOwnWritesAndTheNextOneReadsThemToo) {
  EXPECT_EQ(view.Find<Clients>("C-1"), nullptr);
  view.Edit<Clients>("C-1").set_display_name("Wang");
  EXPECT_EQ(view.Find<Clients>("C-1")->display_name(), "Wang");
  view.PutRaw<Notes>("one", "N");
  EXPECT_EQ(view.FindRaw<Notes>("N"), "one");
  ASSERT_TRUE(rows.Keep().ok());
  EXPECT_EQ(view.Find<Clients>("C-1")->display_name(), "Wang");
  EXPECT_EQ(view.FindRaw<Notes>("N"), "one");
  EXPECT_EQ(view.FindRaw<Notes>("M"), std::nullopt);
}

TEST_F(RowsTest, WhatIsForgottenLeavesNoTrace) {
  Name("C-1", "Wang");
  view.PutRaw<Notes>("one", "N");
  ASSERT_TRUE(rows.Keep().ok());
  const auto before = All();
  view.Edit<Clients>("C-1").set_display_name("Li");
  view.Edit<Clients>("C-2");
  view.PutRaw<Notes>("two", "N");
  view.PutRaw<Notes>("two", "M");
  rows.Forget();
  EXPECT_EQ(All(), before);
  view.Erase<Clients>("C-1");
  EXPECT_EQ(view.Find<Clients>("C-1"), nullptr);
  rows.Forget();
  EXPECT_EQ(All(), before);
}

TEST_F(RowsTest, ErasedRowsGoWithTheirEntries) {
  Name("C-1", "Wang");
  view.Erase<Clients>("C-1");
  view.Erase<Clients>("C-9");
  ASSERT_TRUE(rows.Keep().ok());
  EXPECT_THAT(All(), IsEmpty());
  view.Erase<Clients>("C-1");
  view.Edit<Clients>("C-1").set_display_name("Li");
  ASSERT_TRUE(rows.Keep().ok());
  EXPECT_THAT(All(), ElementsAre(Pair("\x05" + codec::Key("Li"), codec::Key("C-1")),
                                 Pair("\x07" + codec::Key("C-1"), Bytes("Li"))));
}

TEST_F(RowsTest, EntriesLieByTheirTablesAndFollowTheRows) {
  Name("C-2", "Li");
  Name("C-1", "Wang");
  Name("C-2", "Zhao");
  Name("C-3", "");
  view.PutRaw<Notes>("", "N");
  ASSERT_TRUE(rows.Keep().ok());
  EXPECT_THAT(All(), ElementsAre(Pair("\x03" + codec::Key("N"), ""),
                                 Pair("\x05" + codec::Key("Wang"), codec::Key("C-1")),
                                 Pair("\x05" + codec::Key("Zhao"), codec::Key("C-2")),
                                 Pair("\x07" + codec::Key("C-1"), Bytes("Wang")),
                                 Pair("\x07" + codec::Key("C-2"), Bytes("Zhao")), Pair("\x07" + codec::Key("C-3"), "")));
}

TEST_F(RowsTest, AnEntryThatTwoRowsClaimIsAFault) {
  Name("C-1", "Wang");
  Name("C-2", "Wang");
  const auto listing = rows.List();
  EXPECT_EQ(listing.status().code(), StatusCode::kInternal);
  EXPECT_THAT(ToString(listing.status()), HasSubstr("view two"));
}

// The bytes that are hashed, written out.
TEST_F(RowsTest, TheDigestIsOverLengthsKeysAndValues) {
  EXPECT_EQ(DigestOf(Listing()), Hex(Sha256("")));
  Listing listing;
  listing.entries = {{"\x03k", "value"}, {"\x07", ""}};
  const std::string seven("\x80\0\0\0\0\0\0", 7);
  EXPECT_EQ(DigestOf(listing), Hex(Sha256(seven + "\x02" + seven + "\x05" + "\x03kvalue" + seven + "\x01" + seven +
                                          std::string(1, '\0') + "\x07")));
}

}  // namespace
}  // namespace kefu::replayer
