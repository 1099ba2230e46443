// The program's own arithmetic, honest bundles, and what is said of dishonest ones, case by case.

#include "services/verify/verify.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "platform/testkit/events.h"
#include "services/verify/bundle_testing.h"
#include "services/verify/tree.h"

namespace kefu::verify {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return bytes;
}

// The known answers of the first implementation of RFC 6962, github.com/google/certificate-transparency.
TEST(Tree, HasTheRootsOfTheKnownAnswers) {
  const char* const records[] = {
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  const char* const roots[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                               "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                               "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                               "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                               "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                               "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                               "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                               "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                               "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  std::vector<Hash> leaves;
  for (int size = 0; size <= 8; ++size) {
    EXPECT_EQ(HexOf(RootOf(leaves)), roots[size]) << size;
    if (size < 8) leaves.push_back(LeafHash(FromHex(records[size])));
  }
}

TEST(Tree, AgreesWithTheRecursiveDefinitionAndWithNothingElse) {
  Leaves leaves;
  for (int i = 0; i < 70; ++i) leaves.push_back(LeafHash(fmt::format("record {}", i)));
  for (int64_t size = 1; size <= 70; ++size) {
    const Hash root = TreeHash(leaves, 0, size);
    EXPECT_EQ(RootOf({leaves.begin(), leaves.begin() + size}), root);
    for (int64_t index = 0; index < size; ++index) {
      std::vector<Hash> path = InclusionPath(leaves, index, 0, size);
      EXPECT_EQ(RootByInclusion(leaves[index], index, size, path), root) << index << " of " << size;
      EXPECT_NE(RootByInclusion(leaves[index], (index + 1) % (size + 1), size, path), root) << index << " of " << size;
      path.push_back(root);
      EXPECT_EQ(RootByInclusion(leaves[index], index, size, path), std::nullopt);
    }
    EXPECT_EQ(RootByInclusion(leaves[0], size, size, {}), std::nullopt);
    for (int64_t old_size = 0; old_size <= size; ++old_size) {
      const Hash old_root = TreeHash(leaves, 0, old_size);
      std::vector<Hash> path = ConsistencyPath(leaves, old_size, size);
      EXPECT_TRUE(IsConsistent(old_size, old_root, size, root, path)) << old_size << " of " << size;
      EXPECT_FALSE(IsConsistent(old_size, leaves[69], size, root, path) && size < 70) << old_size << " of " << size;
      EXPECT_FALSE(IsConsistent(old_size, old_root, size, NodeHash(root, root), path) && old_size > 0);
      path.push_back(root);
      EXPECT_FALSE(IsConsistent(old_size, old_root, size, root, path));
    }
    EXPECT_FALSE(IsConsistent(size + 1, root, size, root, {}));
  }
}

TEST(Text, Base64HasOneWayOfSayingEachThing) {
  for (const std::string bytes : {"", "a", "ab", "abc", "\xff\xfe\xfd\xfc"})
    EXPECT_EQ(Base64Decode(Base64Encode(bytes)), bytes);
  for (const char* text : {"YQ", "YQ=", "YR==", "YWI", "YW J", "YQ==YQ==", "====", "YWJj\n", "-_-_"})
    EXPECT_EQ(Base64Decode(text), std::nullopt) << text;
}

TEST(Text, NothingReachesATerminalThatCouldTurnIt) {
  EXPECT_EQ(Shown("客服 K-1"), "客服 K-1");
  EXPECT_EQ(Shown("a\x1b[2J\n\xff"), "a\\x1b[2J\\x0a\\xff");
  EXPECT_EQ(Shown("\u202e"), "\\xe2\\x80\\xae");
  EXPECT_LT(Shown(std::string(100'000, 'a')).size(), 200u);
}

TEST(Text, OriginsHaveNoCharacterThatNamesMayNotHave) {
  EXPECT_EQ(OriginOf("branch 1+2\t三"), "kefu/branch-1-2-三");
  EXPECT_EQ(OriginOf("a\xff\u00a0"
                     "b",
                     3),
            "kefu/a--b/3");
  EXPECT_EQ(OriginOf(""), "kefu/-");
}

// A log of two partitions: all of partition 0, some of partition 1, and an older checkpoint.
class Evidence : public ::testing::Test {
 protected:
  Evidence() : key_("kefu", 1), other_key_("kefu", 2) {
    log_ = MakeHonest(77, 40).log;
    log_.id = "log-1";
    log_.partitions.resize(2);
    for (int64_t p : {0, 1}) Number(p);
    log_.partitions[0][0].bytes = testkit::Recorded(testkit::Finish(testkit::Opened("K-1"), 1), testkit::Beginning());
    asked_.sizes = log_.Sizes();
    asked_.since = {{log_.Sizes()[0] - 4, 3}};
    asked_.covers = {{0, 0, asked_.sizes[0], true}, {1, 0, asked_.sizes[1], false}};
    bundle_ = MakeBundle(log_, key_, asked_);
    question_.keys = {key_.Public()};
  }
  void Number(int64_t partition) {
    int64_t offset = 0;
    for (TestRecord& record : log_.partitions[partition]) record.offset = offset++;
  }
  OwnCheckpoint Own(const std::string& text) const {
    std::string why;
    return {"kept.note", ReadCheckpoint(key_.Sign(text), &why).value()};
  }
  std::string Say() const { return Verify(bundle_, question_).Text(); }

  TestKey key_;
  TestKey other_key_;
  TestLog log_;
  TestAsked asked_;
  Bundle bundle_;
  Question question_;
};

TEST_F(Evidence, ThatHoldsIsSaidToHoldInPlainWords) {
  question_.since = {Own(log_.Text(asked_.since[0]))};
  const Report report = Verify(bundle_, question_);
  EXPECT_TRUE(report.AllHolds());
  const std::string text = report.Text();
  EXPECT_THAT(text, Not(HasSubstr("✗")));
  EXPECT_THAT(text, HasSubstr(fmt::format("✓ the key {} signed this checkpoint over ", key_.verifier_key())));
  EXPECT_THAT(text, HasSubstr("✓ since your checkpoint kept.note over "));
  EXPECT_THAT(text, HasSubstr("every record is there"));
  EXPECT_THAT(text, HasSubstr("· case.html, summary.txt, views/case.json: made by the server that exported."));
  EXPECT_THAT(text, HasSubstr("· Nothing is said of what was recorded after this checkpoint over "));
  EXPECT_THAT(text, HasSubstr("· Of a selection nothing shows"));
  EXPECT_THAT(text, Not(HasSubstr("Without --since")));
}

TEST_F(Evidence, WithoutTheAuditorsOwnCheckpointItSaysWhatThatLeavesOpen) {
  EXPECT_THAT(Say(), HasSubstr("· Without --since nothing is said of a log that was rewritten before"));
}

TEST_F(Evidence, ProgramsGetJson) {
  bundle_["summary.txt"] += "more";
  const Json json = Json::parse(Verify(bundle_, question_).JsonText());
  EXPECT_EQ(json["holds"], false);
  EXPECT_EQ(json["failures"]["hashes"], 1);
  bool found = false;
  for (const Json& finding : json["findings"])
    found = found || (finding["check"] == "hashes" && finding["file"] == "summary.txt" && finding["holds"] == false);
  EXPECT_TRUE(found) << json;
}

TEST_F(Evidence, AChangedFieldIsNamedAndItsValueIsNot) {
  // The adversary also writes the manifest anew.
  const size_t at = bundle_["events.ndjson"].find("\"source\":\"test\"");
  ASSERT_NE(at, std::string::npos);
  bundle_["events.ndjson"].replace(at, 15, "\"source\":\"tesu\"");
  FixManifest(&bundle_);
  EXPECT_THAT(Say(), HasSubstr("✗ events.ndjson line 1: does not say what records/0-0.pb says: field event.source\n"));
  EXPECT_THAT(Say(), Not(HasSubstr("tesu")));
}

TEST_F(Evidence, AFieldByItsSecondNameCouldHideAnother) {
  const size_t at = bundle_["events.ndjson"].find("\"event_id\":");
  ASSERT_NE(at, std::string::npos);
  bundle_["events.ndjson"].insert(at, "\"eventId\":\"e-other\",");
  FixManifest(&bundle_);
  EXPECT_THAT(Say(), HasSubstr("\"eventId\" is no name of a field"));
}

TEST_F(Evidence, AMemberThatIsThereTwiceIsRefused) {
  const size_t at = bundle_["events.ndjson"].find("\"event_id\":");
  bundle_["events.ndjson"].insert(at, "\"event_id\":\"e-other\",");
  FixManifest(&bundle_);
  EXPECT_THAT(Say(), HasSubstr("✗ events.ndjson line 1: it has the member \"event_id\" twice"));
}

TEST_F(Evidence, OfAnotherKeyIsRefusedAndTheKeyNamed) {
  bundle_ = MakeBundle(log_, other_key_, asked_);
  EXPECT_THAT(Say(),
              HasSubstr("✗ checkpoints/newest.note: it is not signed by the key given; its signatures are by kefu+" +
                        other_key_.verifier_key().substr(5, 8)));
  EXPECT_THAT(Say(),
              HasSubstr("✗ manifest.json: says that the log is signed with the key " + other_key_.verifier_key()));
}

TEST_F(Evidence, AfterAChangeOfKeyBothAreGiven) {
  Bundle newer = MakeBundle(log_, other_key_, asked_);
  for (const auto& [name, bytes] : bundle_)
    if (NameOf(name).kind == FileName::kNote && NameOf(name).since.has_value()) newer[name] = bytes;
  bundle_ = newer;
  FixManifest(&bundle_);
  question_.keys.push_back(other_key_.Public());
  EXPECT_TRUE(Verify(bundle_, question_).AllHolds()) << Say();
  question_.keys = {other_key_.Public()};
  EXPECT_THAT(Say(), HasSubstr("✗ checkpoints/since-0.note: it is not signed by the key given"));
}

TEST_F(Evidence, TheKeyThatTheAuditorHasLeadsToTheOneItWasChangedTo) {
  const int64_t size = asked_.since[0][0] + asked_.since[0][1];
  asked_.keys_before = {{key_, size}};
  bundle_ = MakeBundle(log_, other_key_, asked_);
  question_.since = {Own(log_.Text(asked_.since[0]))};
  EXPECT_TRUE(Verify(bundle_, question_).AllHolds()) << Say();
  EXPECT_THAT(Say(), HasSubstr(fmt::format("✓ the key {} was changed to {} after {} records: the key before signed that "
                                           "(checkpoints/key-change-0.note)",
                                           key_.verifier_key(), other_key_.verifier_key(), size)));
  EXPECT_THAT(Say(), HasSubstr(fmt::format("✓ the key {} signed this checkpoint over ", other_key_.verifier_key())));
  // Without what was said of it the new key is a stranger's.
  bundle_.erase("checkpoints/key-change-0.note");
  FixManifest(&bundle_);
  EXPECT_THAT(Say(), HasSubstr("✗ checkpoints/newest.note: it is not signed by the key given"));
  EXPECT_THAT(Say(), HasSubstr("(if the key was changed, checkpoints/key-change-0.note would have to say so)"));
}

TEST_F(Evidence, TrustGoesFromAKeyToTheNextAndNeverBack) {
  asked_.keys_before = {{key_, asked_.since[0][0] + asked_.since[0][1]}};
  bundle_ = MakeBundle(log_, other_key_, asked_);
  question_.keys = {other_key_.Public()};
  EXPECT_THAT(Say(), HasSubstr("✗ checkpoints/since-0.note: it is not signed by the key given"));
  EXPECT_THAT(Say(), Not(HasSubstr("✗ checkpoints/newest")));
  EXPECT_THAT(Say(), HasSubstr("· checkpoints/key-change-0.note tells of a key before the one you gave"));
  // Whoever needs nothing of before is not kept by it.
  asked_.since.clear();
  bundle_ = MakeBundle(log_, other_key_, asked_);
  EXPECT_TRUE(Verify(bundle_, question_).AllHolds()) << Say();
}

TEST_F(Evidence, AKeyThatWasLaidDownSignsNothingMoreAndDoesNotComeBack) {
  const int64_t size = asked_.since[0][0] + asked_.since[0][1];
  const TestKey third("kefu", 3);
  asked_.keys_before = {{key_, size}, {other_key_, size}};
  bundle_ = MakeBundle(log_, third, asked_);
  EXPECT_TRUE(Verify(bundle_, question_).AllHolds()) << Say();
  for (auto& [name, note] : bundle_)
    if (NameOf(name).kind == FileName::kNote && !NameOf(name).since.has_value())
      note = key_.Sign(note.substr(0, note.rfind("\n\n") + 1));
  FixManifest(&bundle_);
  EXPECT_THAT(Say(), HasSubstr("which was laid down after " + Grouped(size) + " (checkpoints/key-change-0.note)"));

  bundle_ = MakeBundle(log_, key_, asked_);
  EXPECT_THAT(Say(), HasSubstr("✗ checkpoints/key-change-1.note: brings back the key " + key_.verifier_key()));

  asked_.keys_before[1].size = size - 1;
  bundle_ = MakeBundle(log_, third, asked_);
  EXPECT_THAT(Say(), HasSubstr("✗ checkpoints/key-change-1.note: is after "));
}

TEST_F(Evidence, TheAuditorsOwnCheckpointByAKeyThatWasLaidDownBeforeItIsRefused) {
  asked_.keys_before = {{key_, 5}};
  asked_.since.clear();
  bundle_ = MakeBundle(log_, other_key_, asked_);
  question_.since = {Own(log_.Text(asked_.sizes))};
  EXPECT_THAT(Say(), HasSubstr("✗ kept.note: is over "));
  EXPECT_THAT(Say(), HasSubstr("which was laid down after 5 (checkpoints/key-change-0.note)"));
}

TEST_F(Evidence, WhatIsSaidOfAChangeIsReadStrictly) {
  const auto says = [&](const std::string& text) {
    bundle_["checkpoints/key-change-0.note"] = key_.Sign(text);
    FixManifest(&bundle_);
    return Say();
  };
  const std::string good = KeyChangeText(log_.id, 7, key_, other_key_);
  EXPECT_THAT(says(good), Not(HasSubstr("✗ checkpoints/key-change-0.note: its")));
  EXPECT_THAT(says(good + "more\n"), HasSubstr("does not have five lines"));
  EXPECT_THAT(says(log_.Text(asked_.sizes)), HasSubstr("✗ checkpoints/key-change-0.note: its text does not have five lines"));
  EXPECT_THAT(says("kefu/log-1\nkey  change\n7\na\nb\n"), HasSubstr("second line is not \"key change\""));
  EXPECT_THAT(says("kefu/log-1\nkey change\n07\na\nb\n"), HasSubstr("third line is not a size"));
  EXPECT_THAT(says("kefu/log-1\nkey change\n7\na\nb\n"), HasSubstr("fourth line is no verifier key"));
  EXPECT_THAT(says(KeyChangeText("log-2", 7, key_, other_key_)),
              HasSubstr("is a change of the key of kefu/log-2, and would have to be of kefu/log-1"));
}

TEST_F(Evidence, ALogThatWasRewrittenUnderTheSameKeyIsFoundByTheAuditorsOwnCheckpointAlone) {
  const OwnCheckpoint over_all = Own(log_.Text(asked_.since[0]));
  const OwnCheckpoint of_one = Own(log_.Text(0, asked_.since[0][0]));
  // The server changes an old record and signs it all again: nothing in the bundle itself can show that.
  log_.partitions[0][1].bytes = log_.partitions[0][2].bytes;
  bundle_ = MakeBundle(log_, key_, asked_);
  EXPECT_TRUE(Verify(bundle_, question_).AllHolds());
  question_.since = {over_all};
  EXPECT_THAT(Say(), HasSubstr("✗ kept.note: over "));
  question_.since = {of_one};
  EXPECT_THAT(Say(), HasSubstr("✗ kept.note: partition 0 does not begin with the "));
}

TEST_F(Evidence, OfAnOlderLogIsFoundByTheAuditorsNewerCheckpointAlone) {
  const OwnCheckpoint over_all = Own(log_.Text(asked_.sizes));
  const OwnCheckpoint of_one = Own(log_.Text(0, asked_.sizes[0]));
  for (int64_t p : {0, 1}) log_.partitions[p].resize(asked_.since[0][p]);
  asked_ = {asked_.since[0], {}, {{0, 0, asked_.since[0][0], true}}, 1};
  bundle_ = MakeBundle(log_, key_, asked_);
  EXPECT_TRUE(Verify(bundle_, question_).AllHolds());
  question_.since = {over_all};
  EXPECT_THAT(Say(), HasSubstr("records are gone, or this is an older log"));
  question_.since = {of_one};
  EXPECT_THAT(Say(), HasSubstr("records are gone, or this is an older log"));
}

TEST_F(Evidence, TwoLogsOfOneSizeAreFoundByTheAuditorsOwnCheckpoint) {
  question_.since = {Own(log_.Text(asked_.sizes)), Own(log_.Text(0, asked_.sizes[0]))};
  EXPECT_TRUE(Verify(bundle_, question_).AllHolds()) << Say();
  log_.partitions[0].back().bytes += "x";
  bundle_ = MakeBundle(log_, key_, asked_);
  EXPECT_THAT(Say(), HasSubstr("with another root: there are two logs"));
  EXPECT_THAT(Say(), HasSubstr("partition 0 does not begin with the"));
}

TEST_F(Evidence, TheAuditorsOwnCheckpointMustBeSignedAndOfThisLog) {
  std::string why;
  question_.since = {{"kept.note", ReadCheckpoint(other_key_.Sign(log_.Text(asked_.sizes)), &why).value()}};
  EXPECT_THAT(Say(), HasSubstr("✗ kept.note: it is not signed by the key given"));
  TestLog other = log_;
  other.id = "log-2";
  question_.since = {Own(other.Text(asked_.sizes)), Own(other.Text(1, 2))};
  EXPECT_THAT(Say(), HasSubstr("✗ kept.note: is of kefu/log-2, and this bundle is of kefu/log-1"));
  EXPECT_THAT(Say(), HasSubstr("✗ kept.note: is of kefu/log-2/1, and this bundle is of kefu/log-1"));
}

TEST_F(Evidence, AnExportOfNothingHoldsAndSaysSo) {
  asked_.covers = {};
  bundle_ = MakeBundle(log_, key_, asked_);
  EXPECT_TRUE(Verify(bundle_, question_).AllHolds()) << Say();
  EXPECT_THAT(Say(), HasSubstr("✓ there are no events in this bundle"));
}

TEST_F(Evidence, OfANewerFormatSaysSo) {
  auto& manifest = bundle_["manifest.json"];
  manifest.replace(manifest.find("kefu-evidence/1"), 15, "kefu-evidence/2");
  EXPECT_THAT(Say(), HasSubstr("its format is \"kefu-evidence/2\", and this program knows \"kefu-evidence/1\""));
}

TEST_F(Evidence, ARecordOfANewerProgramIsNotGuessed) {
  // Field 1999 of Event, which nobody has.
  log_.partitions[0][0].bytes += FromHex("fa7c0161");
  bundle_ = MakeBundle(log_, key_, asked_);
  EXPECT_THAT(Say(), HasSubstr("the record has a field 1999 that this version of kefu-verify does not know"));
}

TEST_F(Evidence, NobodyMaySayOfAReadableRecordThatItIsNot) {
  auto& events = bundle_["events.ndjson"];
  const size_t begin = events.find("\"event\":");
  events.replace(begin, events.find('\n') - begin, "\"undecodable\":true}");
  FixManifest(&bundle_);
  EXPECT_THAT(Say(), HasSubstr("✗ events.ndjson line 1: says that records/0-0.pb cannot be read, and it can"));
}

// What cannot be found, said as plainly in a test as in the README.
TEST_F(Evidence, WhatIsLeftOutOfASelectionIsNotFound) {
  asked_.every = 3;
  bundle_ = MakeBundle(log_, key_, asked_);
  EXPECT_TRUE(Verify(bundle_, question_).AllHolds());
}

TEST_F(Evidence, ViewsPagesAndTheRequestAreTheExportersWords) {
  bundle_["case.html"] = "<!doctype html><title>another story</title>";
  auto& manifest = bundle_["manifest.json"];
  manifest.replace(manifest.find("auditor-7"), 9, "auditor-8");
  FixManifest(&bundle_);
  EXPECT_TRUE(Verify(bundle_, question_).AllHolds());
}

TEST(HonestBundles, NoneIsRefused) {
  const uint64_t first = SeedOr(1);
  int64_t events = 0;
  for (uint64_t seed = first; seed < first + 700; ++seed) {
    const Honest honest = MakeHonest(seed, 1 + static_cast<int>(seed % 23));
    const Report report = Verify(honest.bundle, honest.question);
    ASSERT_TRUE(report.AllHolds()) << "KEFU_SEED=" << seed << "\n" << report.Text();
    const auto& lines = honest.bundle.at("events.ndjson");
    events += std::count(lines.begin(), lines.end(), '\n');
  }
  printf("700 honest bundles with %ld events from KEFU_SEED=%lu on\n", events, first);
}

}  // namespace
}  // namespace kefu::verify
