#include "services/verify/bundle_testing.h"

#include <absl/time/time.h>
#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/json_util.h>
#include <openssl/evp.h>

#include <cstdlib>
#include <numeric>

#include "kefu/events/v1/event.pb.h"
#include "platform/testkit/events.h"
#include "platform/testkit/history.h"

namespace kefu::verify {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string Digest(std::string_view bytes) {
  std::string digest(32, '\0');
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<uint8_t*>(digest.data()), nullptr, EVP_sha256(), nullptr);
  return digest;
}

Hash AsHash(std::string_view bytes) {
  Hash hash;
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

std::string AsBytes(const Hash& hash) { return {hash.begin(), hash.end()}; }

Hash LeafOf(std::string_view bytes) { return AsHash(Digest(std::string(1, '\0') + std::string(bytes))); }

Hash Joined(const Hash& left, const Hash& right) { return AsHash(Digest("\x01" + AsBytes(left) + AsBytes(right))); }

// The largest power of two smaller than `n`, which is at least 2.
int64_t Split(int64_t n) {
  int64_t k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

std::vector<Hash> SubProof(const Leaves& leaves, int64_t m, int64_t begin, int64_t end, bool is_known) {
  const int64_t n = end - begin;
  if (m == n) return is_known ? std::vector<Hash>{} : std::vector<Hash>{TreeHash(leaves, begin, end)};
  const int64_t k = Split(n);
  std::vector<Hash> proof;
  if (m <= k) {
    proof = SubProof(leaves, m, begin, begin + k, is_known);
    proof.push_back(TreeHash(leaves, begin + k, end));
  } else {
    proof = SubProof(leaves, m - k, begin + k, end, false);
    proof.push_back(TreeHash(leaves, begin, begin + k));
  }
  return proof;
}

OrderedJson PathJson(const std::vector<Hash>& path) {
  OrderedJson json = OrderedJson::array();
  for (const Hash& hash : path) json.push_back(Base64Of(hash));
  return json;
}

void AddEvent(const TestLog& log, const TestAsked& asked, int64_t partition, int64_t index, Bundle* bundle) {
  const TestRecord& record = log.partitions[partition][index];
  (*bundle)[RecordName(partition, record.offset)] = record.bytes;
  OrderedJson line;
  line["partition"] = partition;
  line["offset"] = record.offset;
  line["leaf_index"] = index;
  line["verdict"] = {{"outcome", "VERDICT_OUTCOME_APPLIED"}, {"rule", ""}};
  events::v1::Event event;
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  if (event.ParseFromString(record.bytes) && google::protobuf::util::MessageToJsonString(event, &json, options).ok()) {
    line["event"] = OrderedJson::parse(json);
  } else {
    line["undecodable"] = true;
  }
  (*bundle)["events.ndjson"] += line.dump() + "\n";

  const int64_t size = asked.sizes[partition];
  const Leaves leaves = LeavesOf(log.partitions[partition], size);
  OrderedJson proof;
  proof["partition"] = partition;
  proof["offset"] = record.offset;
  proof["leaf_index"] = index;
  proof["tree_size"] = size;
  proof["leaf_hash"] = Base64Of(leaves[index]);
  proof["path"] = PathJson(InclusionPath(leaves, index, 0, size));
  (*bundle)["proofs.ndjson"] += proof.dump() + "\n";
}

void AddNotes(const TestLog& log, const TestKey& newest, const TestAsked& asked, std::optional<int64_t> since, const std::vector<int64_t>& sizes,
              Bundle* bundle) {
  const TestKey& key = KeyInForce(newest, asked, sizes);
  (*bundle)[NoteName(since, {})] = key.Sign(log.Text(sizes));
  for (size_t partition = 0; partition < sizes.size(); ++partition)
    (*bundle)[NoteName(since, partition)] = key.Sign(log.Text(static_cast<int64_t>(partition), sizes[partition]));
}

}  // namespace

TestKey::TestKey(std::string name, uint8_t seed) : name_(std::move(name)) {
  std::string secret;
  for (uint8_t i = 0; i < 32; ++i) secret.push_back(static_cast<char>(seed + i));
  key_.reset(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, reinterpret_cast<const uint8_t*>(secret.data()), 32),
      EVP_PKEY_free);
  std::string open(33, '\x01');
  size_t size = 32;
  EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<uint8_t*>(open.data()) + 1, &size);
  hash_ = Digest(name_ + "\n" + open).substr(0, 4);
  verifier_key_ = fmt::format("{}+{}+{}", name_, HexOf(hash_), Base64Encode(open));
}

VerifierKey TestKey::Public() const {
  std::string why;
  return VerifierKey::Parse(verifier_key_, &why).value();
}

std::string TestKey::Sign(std::string_view text) const {
  std::string signature(64, '\0');
  size_t size = signature.size();
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key_.get());
  EVP_DigestSign(context, reinterpret_cast<uint8_t*>(signature.data()), &size,
                 reinterpret_cast<const uint8_t*>(text.data()), text.size());
  EVP_MD_CTX_free(context);
  return fmt::format("{}\n— {} {}\n", text, name_, Base64Encode(hash_ + signature));
}

Leaves LeavesOf(const std::vector<TestRecord>& records, int64_t size) {
  Leaves leaves;
  for (int64_t i = 0; i < size; ++i) leaves.push_back(LeafOf(records[i].bytes));
  return leaves;
}

Hash TreeHash(const Leaves& leaves, int64_t begin, int64_t end) {
  if (begin == end) return AsHash(Digest(""));
  if (end - begin == 1) return leaves[begin];
  const int64_t k = Split(end - begin);
  return Joined(TreeHash(leaves, begin, begin + k), TreeHash(leaves, begin + k, end));
}

std::vector<Hash> InclusionPath(const Leaves& leaves, int64_t index, int64_t begin, int64_t end) {
  if (end - begin == 1) return {};
  const int64_t k = Split(end - begin);
  const bool is_left = index < begin + k;
  std::vector<Hash> path =
      is_left ? InclusionPath(leaves, index, begin, begin + k) : InclusionPath(leaves, index, begin + k, end);
  path.push_back(is_left ? TreeHash(leaves, begin + k, end) : TreeHash(leaves, begin, begin + k));
  return path;
}

std::vector<Hash> ConsistencyPath(const Leaves& leaves, int64_t old_size, int64_t size) {
  if (old_size == 0 || old_size == size) return {};
  return SubProof(leaves, old_size, 0, size, true);
}

std::string TestLog::Text(int64_t partition, int64_t size) const {
  return fmt::format("{}\n{}\n{}\n", OriginOf(id, partition), size,
                     Base64Of(TreeHash(LeavesOf(partitions[partition], size), 0, size)));
}

std::string TestLog::Text(const std::vector<int64_t>& sizes) const {
  int64_t sum = 0;
  Leaves leaves;
  for (size_t partition = 0; partition < sizes.size(); ++partition) {
    sum += sizes[partition];
    leaves.push_back(LeafOf(Text(static_cast<int64_t>(partition), sizes[partition])));
  }
  return fmt::format("{}\n{}\n{}\npartitions {}\n", OriginOf(id), sum,
                     Base64Of(TreeHash(leaves, 0, static_cast<int64_t>(leaves.size()))), sizes.size());
}

std::vector<int64_t> TestLog::Sizes() const {
  std::vector<int64_t> sizes;
  for (const auto& records : partitions) sizes.push_back(static_cast<int64_t>(records.size()));
  return sizes;
}

std::string KeyChangeText(std::string_view log_id, int64_t size, const TestKey& old, const TestKey& next) {
  return fmt::format("{}\nkey change\n{}\n{}\n{}\n", OriginOf(log_id), size, old.verifier_key(), next.verifier_key());
}

const TestKey& KeyInForce(const TestKey& key, const TestAsked& asked, const std::vector<int64_t>& sizes) {
  const int64_t size = std::accumulate(sizes.begin(), sizes.end(), int64_t{0});
  for (const TestKeyBefore& before : asked.keys_before)
    if (size <= before.size) return before.key;
  return key;
}

// Of some honest logs; from a seed of its own, so that all else is as it would be without.
void ChangeKeys(uint64_t seed, Honest* honest) {
  Random random(seed * 31 + 7);
  int64_t total = 0;
  for (const int64_t size : honest->asked.sizes) total += size;
  if (total == 0 || !random.Chance(40)) return;
  int64_t size = 0;
  for (int64_t changes = 1 + random.Below(2); changes > 0; --changes) {
    // The last one signed the newest checkpoint.
    size += random.Below(total - size);
    const auto key = static_cast<uint8_t>((seed + static_cast<uint64_t>(changes) * 71) % kHonestKeys);
    honest->asked.keys_before.push_back({TestKey(honest->key.Public().name(), key), size});
  }
}

Bundle MakeBundle(const TestLog& log, const TestKey& key, const TestAsked& asked) {
  Bundle bundle;
  bundle["events.ndjson"];
  bundle["proofs.ndjson"];
  OrderedJson covers = OrderedJson::array();
  for (const Cover& cover : asked.covers) {
    covers.push_back({{"partition", cover.partition},
                      {"from_offset", cover.from_offset},
                      {"until_offset", cover.until_offset},
                      {"whole", cover.whole}});
    const auto& records = log.partitions[cover.partition];
    for (int64_t index = 0; index < asked.sizes[cover.partition]; ++index) {
      const int64_t offset = records[index].offset;
      const bool is_asked = offset >= cover.from_offset && offset < cover.until_offset;
      if (is_asked && (cover.whole || index % asked.every == 0)) AddEvent(log, asked, cover.partition, index, &bundle);
    }
  }
  AddNotes(log, key, asked, {}, asked.sizes, &bundle);
  for (size_t i = 0; i < asked.keys_before.size(); ++i) {
    const auto& [old, size] = asked.keys_before[i];
    const TestKey& next = i + 1 < asked.keys_before.size() ? asked.keys_before[i + 1].key : key;
    bundle[KeyChangeName(static_cast<int64_t>(i))] = old.Sign(KeyChangeText(log.id, size, old, next));
  }
  for (size_t since = 0; since < asked.since.size(); ++since) {
    AddNotes(log, key, asked, since, asked.since[since], &bundle);
    for (size_t partition = 0; partition < asked.sizes.size(); ++partition) {
      OrderedJson line;
      line["since"] = since;
      line["partition"] = partition;
      line["old_size"] = asked.since[since][partition];
      line["new_size"] = asked.sizes[partition];
      line["path"] = PathJson(ConsistencyPath(LeavesOf(log.partitions[partition], asked.sizes[partition]),
                                              asked.since[since][partition], asked.sizes[partition]));
      bundle["checkpoints/consistency.ndjson"] += line.dump() + "\n";
    }
  }
  bundle["views/case.json"] = "{\"case_id\":\"K-1\"}\n";
  bundle["summary.txt"] = "The case K-1, as it was.\n";
  bundle["case.html"] = "<!doctype html><title>K-1</title>\n";

  OrderedJson manifest;
  manifest["format"] = "kefu-evidence/1";
  manifest["log_id"] = log.id;
  manifest["partitions"] = log.partitions.size();
  manifest["asked"] = {{"case", "K-1"}};
  manifest["asked_by"] = "auditor-7";
  manifest["reason"] = "complaint 12/2026";
  manifest["made_at"] = "2026-05-01T00:00:00Z";
  manifest["program_version"] = "0.1.0";
  manifest["verifier_key"] = key.verifier_key();
  manifest["covers"] = covers;
  bundle["manifest.json"] = manifest.dump();
  FixManifest(&bundle);
  return bundle;
}

bool FixManifest(Bundle* bundle) {
  OrderedJson manifest = OrderedJson::parse((*bundle)["manifest.json"], nullptr, false);
  if (!manifest.is_object()) return false;
  OrderedJson files = OrderedJson::array();
  for (const auto& [name, bytes] : *bundle) {
    // A name that is not UTF-8 has no place in JSON.
    if (name != "manifest.json")
      files.push_back({{"name", name}, {"size", bytes.size()}, {"sha256", HexOf(Digest(bytes))}});
  }
  manifest["files"] = files;
  (*bundle)["manifest.json"] = manifest.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
  return true;
}

Honest MakeHonest(uint64_t seed, int records) {
  // Records that are no events are meant.
  google::protobuf::SetLogHandler(nullptr);
  Random random(seed);
  Honest honest{
      {}, TestKey(random.Chance(50) ? "kefu" : "客服/audit", static_cast<uint8_t>(seed % kHonestKeys)), {}, {}, {}};
  TestLog& log = honest.log;
  log.id =
      random.Chance(20) ? fmt::format("branch {}+{}", seed, "三") : fmt::format("0190b3c8-{:04x}/kefu.events", seed);
  log.partitions.resize(1 + random.Below(3));
  testkit::HistoryOptions options;
  options.seed = seed;
  options.clients = 5;
  options.events = records;
  options.undertakings = 20;
  options.case_facts = 10;
  const bool leaves_out = random.Chance(30);
  for (const events::v1::Event& event : testkit::RandomHistory(options)) {
    // The last partition is left empty by some.
    auto& partition = log.partitions[random.Below(static_cast<int64_t>(log.partitions.size()))];
    const absl::Time at = testkit::Beginning() + absl::Milliseconds(1000 * static_cast<int64_t>(partition.size()) + 7);
    const std::string bytes = random.Chance(4) ? "\xff" + random.Bytes(20) : testkit::Recorded(event, at);
    const int64_t before = partition.empty() ? -1 : partition.back().offset;
    partition.push_back({bytes, before + 1 + (leaves_out && random.Chance(30) ? random.Below(3) : 0)});
  }

  TestAsked& asked = honest.asked;
  asked.every = 1 + random.Below(3);
  std::vector<int64_t> older;
  for (const auto& records_of_one : log.partitions) {
    const auto partition = static_cast<int64_t>(asked.sizes.size());
    const auto size = static_cast<int64_t>(records_of_one.size());
    asked.sizes.push_back(size);
    older.push_back(random.Below(size + 1));
    if (size == 0) continue;
    // All of it, or from one record to another.
    const int64_t first = random.Chance(50) ? 0 : random.Below(size);
    const int64_t last = random.Chance(50) ? size - 1 : first + random.Below(size - first);
    if (random.Chance(90))
      asked.covers.push_back(
          {partition, records_of_one[first].offset, records_of_one[last].offset + 1, random.Chance(60)});
  }
  if (random.Chance(60)) asked.since.push_back(older);
  ChangeKeys(seed, &honest);
  honest.bundle = MakeBundle(log, honest.key, asked);

  honest.question.keys.push_back(
      asked.keys_before.empty() ? honest.key.Public() : asked.keys_before.front().key.Public());
  if (!asked.since.empty() && random.Chance(70)) {
    const int64_t partition = random.Below(static_cast<int64_t>(log.partitions.size()));
    std::string why;
    const std::string text = random.Chance(70) ? log.Text(older) : log.Text(partition, older[partition]);
    honest.question.since.push_back({"kept.note", ReadCheckpoint(KeyInForce(honest.key, asked, older).Sign(text), &why).value()});
  }
  return honest;
}

uint64_t SeedOr(uint64_t otherwise) {
  const char* given = std::getenv("KEFU_SEED");
  return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

}  // namespace kefu::verify
