// Tens of thousands of mutations, each refused and named; and a control for each check.
//
// What is not refused is what says nothing else (white space, JSON said otherwise), changes what nobody signs (views,
// pages, verdicts, the request), or leaves something out of a selection: IsHarmless decides that by means of its own,
// and it is counted. What no verifier can find is in verify_test.cc as well, case by case; above all a log rewritten by
// whoever has the key, without --since.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <set>

#include "services/verify/mutations_testing.h"

namespace kefu::verify {
namespace {

constexpr int kShards = 8;
constexpr int kMutationsPerShard = 6'300;
constexpr int kRecords = 4;
// So many of each bundle, then another one.
constexpr int kMutationsPerBundle = 40;

std::vector<Finding> Failures(const Report& report) {
  std::vector<Finding> failures;
  for (const Finding& finding : report.findings())
    if (!finding.holds) failures.push_back(finding);
  return failures;
}

// Is one of the files named, at the line if that is known?
bool IsNamed(const Mutation& mutation, const Report& report) {
  if (mutation.files.empty()) return true;
  std::vector<std::string> files = mutation.files;
  // Two notes of one partition, both signed: that one does not belong can be seen at the note over all.
  for (const std::string& file : mutation.files)
    if (const FileName parts = NameOf(file); parts.kind == FileName::kNote) files.push_back(NoteName(parts.since, {}));
  return std::ranges::any_of(Failures(report), [&](const Finding& finding) {
    return std::ranges::any_of(files, [&](const std::string& file) {
      const bool is_file = finding.place.file == file || finding.text.find(file) != std::string::npos;
      const bool is_line = mutation.line == 0 || finding.place.line == mutation.line ||
                           finding.text.find(fmt::format("line {} of", mutation.line)) != std::string::npos;
      return is_file && is_line;
    });
  });
}

// Mutations from a seed, with the bundles they are of.
class Mutations {
 public:
  explicit Mutations(uint64_t seed) : seed_(seed) {}

  // The next one; `honest` is what it was made of.
  Mutation Next(const Honest** honest) {
    for (;; ++tries_) {
      if (bundle_ == nullptr || count_ % kMutationsPerBundle == 0) {
        other_ = std::move(bundle_);
        bundle_ = std::make_unique<Honest>(MakeHonest(seed_ * 1'000'003 + static_cast<uint64_t>(count_), kRecords));
        if (other_ == nullptr) other_ = std::make_unique<Honest>(MakeHonest(seed_ * 1'000'003 + 999'983, kRecords));
        ++count_;
      }
      Random random(seed_ * 7'919'000'003 + static_cast<uint64_t>(tries_));
      std::optional<Mutation> mutation = Mutate(*bundle_, *other_, random);
      if (!mutation.has_value()) continue;
      ++tries_;
      ++count_;
      *honest = bundle_.get();
      return *std::move(mutation);
    }
  }

 private:
  const uint64_t seed_;
  int64_t tries_ = 0;
  int64_t count_ = 0;
  std::unique_ptr<Honest> bundle_;
  std::unique_ptr<Honest> other_;
};

class Shard : public ::testing::TestWithParam<int> {};

TEST_P(Shard, RefusesEveryMutationAndNamesIt) {
  const uint64_t seed = SeedOr(20260301) + static_cast<uint64_t>(GetParam());
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  Mutations mutations(seed);
  std::map<std::string, int> kinds;
  int refused = 0;
  int harmless = 0;
  while (refused < kMutationsPerShard) {
    const Honest* honest = nullptr;
    const Mutation mutation = mutations.Next(&honest);
    if (IsHarmless(mutation, *honest)) {
      ++harmless;
      continue;
    }
    const Report report = Verify(mutation.bundle, honest->question);
    ASSERT_FALSE(report.AllHolds()) << mutation.kind << (mutation.fixed ? ", manifest made to fit" : "") << " of "
                                    << ::testing::PrintToString(mutation.files) << "\n"
                                    << report.Text();
    ASSERT_TRUE(IsNamed(mutation, report))
        << mutation.kind << (mutation.fixed ? ", manifest made to fit" : "") << " of "
        << ::testing::PrintToString(mutation.files) << " line " << mutation.line << "\n"
        << report.Text();
    ++kinds[mutation.kind];
    ++refused;
  }
  printf(
      "KEFU_SEED=%lu: %d mutations of %zu kinds refused and named, %d more said nothing else, or what nobody signs\n",
      seed, refused, kinds.size(), harmless);
  if (GetParam() == 0)
    for (const auto& [kind, count] : kinds) printf("  %5d %s\n", count, kind.c_str());
  EXPECT_GT(kinds.size(), 45u);
}

INSTANTIATE_TEST_SUITE_P(Mutations, Shard, ::testing::Range(0, kShards));

// Nothing is checked twice for show: each check, left out, lets something through that all others let through as well.
TEST(Controls, EachCheckIsNeeded) {
  const uint64_t seed = SeedOr(20260301);
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  std::map<Check, std::string> through;
  // What the auditor's own checkpoint alone finds is a server that signs another log: no mutation without the key.
  {
    Honest honest = MakeHonest(seed, 20);
    for (uint64_t next = seed; honest.log.Sizes()[0] < 3; ++next) honest = MakeHonest(next, 20);
    std::string why;
    honest.question.since = {{"kept.note", ReadCheckpoint(honest.key.Sign(honest.log.Text(0, 2)), &why).value()}};
    honest.log.partitions[0][0].bytes += "x";
    const Bundle fork = MakeBundle(honest.log, honest.key, honest.asked);
    ASSERT_FALSE(Verify(fork, honest.question).AllHolds());
    honest.question.left_out = {Check::kSince};
    if (Verify(fork, honest.question).AllHolds()) through[Check::kSince] = "sign another log with the key";
  }
  Mutations mutations(seed);
  for (int i = 0; i < 6'000 && through.size() < static_cast<size_t>(kChecks); ++i) {
    const Honest* honest = nullptr;
    const Mutation mutation = mutations.Next(&honest);
    const Report report = Verify(mutation.bundle, honest->question);
    std::set<Check> failed;
    for (const Finding& failure : Failures(report)) failed.insert(failure.check);
    if (failed.size() != 1 || through.contains(*failed.begin())) continue;
    Question question = honest->question;
    question.left_out = failed;
    ASSERT_TRUE(Verify(mutation.bundle, question).AllHolds());
    through[*failed.begin()] = mutation.kind + (mutation.fixed ? ", manifest made to fit" : "");
  }
  for (int i = 0; i < kChecks; ++i) {
    const auto check = static_cast<Check>(i);
    EXPECT_TRUE(through.contains(check)) << NameOf(check) << " left out, nothing gets through";
    if (through.contains(check))
      printf("without %-11s: %s\n", std::string(NameOf(check)).c_str(), through[check].c_str());
  }
}

// A server that has the key, and rewrites what was signed before. Only older checkpoints find that, and they do.
TEST(Controls, AForkUnderTheSameKeyIsFoundByEveryOlderCheckpointThatCoversIt) {
  const uint64_t first = SeedOr(500);
  int found = 0;
  for (uint64_t seed = first; seed < first + 150; ++seed) {
    SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
    Honest honest = MakeHonest(seed, 12);
    Random random(seed);
    const auto partition = static_cast<size_t>(random.Below(static_cast<int64_t>(honest.log.partitions.size())));
    auto& records = honest.log.partitions[partition];
    if (records.size() < 2) continue;
    const int64_t kept = 1 + random.Below(static_cast<int64_t>(records.size()) - 1);
    std::vector<int64_t> sizes = honest.log.Sizes();
    sizes[partition] = kept;
    std::string why;
    const bool over_all = random.Chance(50);
    const std::string note =
        honest.key.Sign(over_all ? honest.log.Text(sizes) : honest.log.Text(static_cast<int64_t>(partition), kept));
    honest.asked.since = {sizes};
    honest.question.since.clear();
    const OwnCheckpoint own{"kept.note", ReadCheckpoint(note, &why).value()};

    // Whoever kept nothing cannot see it.
    records[static_cast<size_t>(random.Below(kept))].bytes += "x";
    const Bundle fork = MakeBundle(honest.log, honest.key, honest.asked);
    EXPECT_TRUE(Verify(fork, honest.question).AllHolds());
    honest.question.since = {own};
    const Report report = Verify(fork, honest.question);
    EXPECT_FALSE(report.AllHolds());
    EXPECT_TRUE(report.Failed(Check::kSince));
    ++found;
  }
  printf("%d forks under the same key, all of them found by a kept checkpoint and by nothing else\n", found);
  EXPECT_GT(found, 80);
}

// Whatever lies there, the program ends, soon, and does not say that it holds.
TEST(Garbage, IsRefusedAndNeverCrashes) {
  const uint64_t seed = SeedOr(7);
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  Random random(seed);
  const Honest honest = MakeHonest(3, 12);
  const auto value = [&random](auto&& self, int depth) -> Json {
    switch (random.Below(depth > 6 ? 6 : 9)) {
      case 0:
        return nullptr;
      case 1:
        return random.Chance(50);
      case 2:
        return random.Below(1'000'000);
      case 3:
        return -1.5e300;
      case 4:
        return std::string(static_cast<size_t>(random.Below(50)), 'a');
      case 5:
        return uint64_t{18446744073709551615u};
      case 6: {
        Json list = Json::array();
        for (int64_t i = random.Below(4); i > 0; --i) list.push_back(self(self, depth + 1));
        return list;
      }
      default: {
        static const char* const kNames[] = {"partition", "offset",      "leaf_index", "event",  "verdict",
                                             "files",     "covers",      "path",       "format", "log_id",
                                             "name",      "occurred_at", "actor",      "outcome"};
        Json object = Json::object();
        for (int64_t i = random.Below(6); i > 0; --i) object[kNames[random.Below(14)]] = self(self, depth + 1);
        return object;
      }
    }
  };
  for (int i = 0; i < 1'500; ++i) {
    Bundle bundle = honest.bundle;
    const auto file = std::next(bundle.begin(), random.Below(static_cast<int64_t>(bundle.size())));
    const FileName::Kind kind = NameOf(file->first).kind;
    file->second =
        random.Chance(40) ? random.Bytes(static_cast<size_t>(random.Below(3'000))) : value(value, 0).dump() + "\n";
    if (random.Chance(70)) FixManifest(&bundle);
    const Report report = Verify(bundle, honest.question);
    if (kind != FileName::kView && kind != FileName::kPage) {
      EXPECT_FALSE(report.AllHolds()) << file->first;
    }
    EXPECT_FALSE(report.Text().empty() || report.JsonText().empty());
  }
}

TEST(Garbage, ThatIsMadeToCostMuchCostsLittle) {
  const Honest honest = MakeHonest(3, 12);
  const std::string deep_list(2'000'000, '[');
  std::string deep_object;
  for (int i = 0; i < 100'000; ++i) deep_object += "{\"a\":";
  std::string closed = deep_object + "1" + std::string(100'000, '}');
  std::string deep_event =
      R"({"partition":0,"offset":0,"leaf_index":0,"verdict":{"outcome":""},"event":)" + closed + "}\n";
  std::string many_lines;
  for (int i = 0; i < 50'000; ++i) many_lines += "{}\n";
  std::string many_signatures = honest.bundle.at("checkpoints/newest.note");
  const std::string signature = many_signatures.substr(many_signatures.rfind("\n\n") + 2);
  while (many_signatures.size() < 900'000) many_signatures += signature;
  const std::string digits = "{\"partition\":" + std::string(1'000'000, '9') + "}\n";
  for (const std::string& text : {deep_list, deep_object, closed, deep_event, many_lines, many_signatures, digits}) {
    for (const char* name :
         {"manifest.json", "events.ndjson", "proofs.ndjson", "checkpoints/newest.note", "records/0-0.pb"}) {
      Bundle bundle = honest.bundle;
      bundle[name] = text;
      // What is nested so deep, the test itself could not write again.
      if (std::string_view(name) != "manifest.json") FixManifest(&bundle);
      const auto began = std::chrono::steady_clock::now();
      const Report report = Verify(bundle, honest.question);
      EXPECT_FALSE(report.AllHolds()) << name << " " << text.substr(0, 20);
      EXPECT_LT(report.Text().size(), 50'000u);
      EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20))
          << name << " " << text.substr(0, 20);
    }
  }
}

}  // namespace
}  // namespace kefu::verify
