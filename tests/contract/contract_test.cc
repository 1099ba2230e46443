// What was published stays: names, numbers, types, and the meaning of recorded bytes. UPDATE_GOLDEN=1 adds what is new;
// it never changes a line or a file that is there.

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "platform/base/hash.h"
#include "tests/contract/contract_dump.h"

namespace kefu::contract {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

const fs::path kGolden = fs::path(KEFU_SOURCE_DIR) / "tests/contract/golden";
const bool kUpdate = std::getenv("UPDATE_GOLDEN") != nullptr;

std::vector<std::string> ReadLines(const fs::path& path) {
  std::ifstream stream(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> Missing(const std::vector<std::string>& wanted, const std::vector<std::string>& present) {
  const std::set<std::string> have(present.begin(), present.end());
  std::vector<std::string> missing;
  for (const std::string& line : wanted)
    if (!have.contains(line)) missing.push_back(line);
  return missing;
}

TEST(Contracts, NothingPublishedIsGoneOrChanged) {
  const auto golden = ReadLines(kGolden / "descriptors.txt");
  ASSERT_FALSE(golden.empty() && !kUpdate) << "no golden file: run with UPDATE_GOLDEN=1";
  EXPECT_THAT(Missing(golden, DumpContracts()), IsEmpty())
      << "a change that breaks what is on disk or in callers; add a new field instead";
}

TEST(Contracts, TheGoldenFileKnowsAllThereIs) {
  const auto golden = ReadLines(kGolden / "descriptors.txt");
  const auto now = DumpContracts();
  if (kUpdate && Missing(golden, now).empty()) {
    fs::create_directories(kGolden);
    std::ofstream stream(kGolden / "descriptors.txt");
    for (const std::string& line : now) stream << line << "\n";
    return;
  }
  EXPECT_THAT(Missing(now, golden), IsEmpty()) << "new here; run with UPDATE_GOLDEN=1 and look at the difference";
}

TEST(Contracts, EveryFileOfOursIsAmongThem) {
  const fs::path top = fs::path(KEFU_SOURCE_DIR) / "proto";
  std::vector<std::string> there;
  for (const auto& entry : fs::recursive_directory_iterator(top / "kefu"))
    if (entry.path().extension() == ".proto") there.push_back(fs::relative(entry.path(), top).string());
  std::sort(there.begin(), there.end());
  EXPECT_EQ(DumpedFiles(), there);
}

// The control of the first test: a field that changed its number is found.
TEST(Contracts, AChangedNumberIsFound) {
  auto golden = DumpContracts();
  const std::string was = golden[0];
  auto changed = golden;
  changed[0].replace(changed[0].find_first_of("0123456789", changed[0].find(' ')), 1, "9");
  EXPECT_THAT(Missing(golden, changed), ::testing::ElementsAre(was));
}

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return bytes;
}

class RecordedBytes : public ::testing::TestWithParam<const google::protobuf::FieldDescriptor*> {
 protected:
  // First line: the bytes in hex. The rest: what they mean, as protobuf text.
  fs::path file() const { return kGolden / "events" / (GetParam()->name() + ".txt"); }
};

TEST_P(RecordedBytes, MeanForEverWhatTheyMeant) {
  if (!fs::exists(file())) {
    ASSERT_TRUE(kUpdate) << file() << " is missing: run with UPDATE_GOLDEN=1";
    fs::create_directories(file().parent_path());
    const events::v1::Event event = SampleEvent(GetParam());
    std::ofstream(file()) << Hex(Serialize(event)) << "\n" << event.DebugString();
  }
  std::ifstream stream(file());
  std::string hex;
  std::getline(stream, hex);
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  const std::string bytes = FromHex(hex);

  events::v1::Event decoded;
  ASSERT_TRUE(decoded.ParseFromString(bytes));
  events::v1::Event meant;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &meant));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(decoded, meant)) << decoded.DebugString();
  EXPECT_EQ(decoded.body_case(), GetParam()->number());
  EXPECT_TRUE(decoded.GetReflection()->GetUnknownFields(decoded).empty());
  // The same bytes again: nothing in them is unknown or out of order.
  EXPECT_EQ(Hex(Serialize(decoded)), hex);
}

INSTANTIATE_TEST_SUITE_P(EveryBody, RecordedBytes, ::testing::ValuesIn(Bodies()),
                         [](const auto& info) { return info.param->name(); });

}  // namespace
}  // namespace kefu::contract
