#include "projections/engine/build_compare.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <memory>

#include "platform/codec/key.h"
#include "platform/log/position.h"

namespace kefu::engine {

namespace {

using admin::v1::CompareBuildsResponse;
using admin::v1::RowDifference;
using Value = std::optional<std::string_view>;

// A table or an index of the view, by the first byte of its keys.
struct Part {
  std::string_view name;
  const google::protobuf::Message* prototype = nullptr;
  std::vector<std::string> (*describe)(std::string_view key) = nullptr;
};

Part PartOf(const sdk::Projection& view, uint8_t id) {
  for (const sdk::TableInfo& table : view.tables) {
    if (table.id == id) return {table.name, table.prototype, table.describe};
    for (const sdk::IndexInfo& index : table.indexes)
      if (index.id == id) return {index.name, nullptr, index.describe};
  }
  // A table that only the other version has.
  return {};
}

std::string JsonOf(const Part& part, std::string_view value) {
  if (part.prototype != nullptr) {
    const std::unique_ptr<google::protobuf::Message> row(part.prototype->New());
    std::string json;
    if (row->ParseFromArray(value.data(), static_cast<int>(value.size())) &&
        google::protobuf::util::MessageToJsonString(*row, &json).ok())
      return json;
  }
  return fmt::format("{{\"base64url\":\"{}\"}}", log::Base64UrlEncode(value));
}

RowDifference Show(Partition partition, const Part& part, std::string_view key, Value before, Value after,
                   bool expected) {
  RowDifference difference;
  difference.set_partition(partition.value());
  difference.set_table(std::string(part.name));
  difference.set_expected(expected);
  if (part.describe != nullptr) {
    for (std::string& piece : part.describe(key.substr(1))) difference.add_key(std::move(piece));
  } else {
    difference.add_key(Hex(key));
  }
  if (before) difference.set_serving(JsonOf(part, *before));
  if (after) difference.set_other(JsonOf(part, *after));
  return difference;
}

// Keeps unexpected ones before expected ones, and at most `limit` in all.
void Keep(RowDifference difference, int limit, CompareBuildsResponse* into) {
  auto& kept = *into->mutable_differences();
  if (kept.size() >= limit) {
    if (difference.expected() || kept.empty() || !kept.rbegin()->expected()) return;
    kept.RemoveLast();
  }
  *kept.Add() = std::move(difference);
  for (int at = kept.size() - 1; at > 0 && kept[at - 1].expected() && !kept[at].expected(); --at)
    kept.SwapElements(at, at - 1);
}

}  // namespace

void AddToDigest(std::string_view key, std::string_view value, Sha256Stream* digest) {
  std::string lengths;
  codec::AppendPart(lengths, static_cast<int64_t>(key.size()));
  codec::AppendPart(lengths, static_cast<int64_t>(value.size()));
  digest->Update(lengths);
  digest->Update(key);
  digest->Update(value);
}

StatusOr<CompareBuildsResponse> CompareBuilds(
    const store::Snapshot& snapshot, Partition partition, const sdk::Projection& view, store::TableId serving,
    store::TableId other, const std::function<bool(std::string_view, std::string_view, Value, Value)>& expected,
    int limit) {
  CompareBuildsResponse answer;
  Sha256Stream before_digest, after_digest;
  const auto differ = [&](std::string_view key, Value before, Value after) {
    const Part part = PartOf(view, static_cast<uint8_t>(key.front()));
    const bool is_expected = expected(part.name, key.substr(1), before, after);
    if (is_expected) {
      answer.set_expected_differences(answer.expected_differences() + 1);
    } else {
      answer.set_unexpected_differences(answer.unexpected_differences() + 1);
    }
    if (limit > 0) Keep(Show(partition, part, key, before, after, is_expected), limit, &answer);
  };
  const auto before = snapshot.Scan(serving, "", "");
  const auto after = snapshot.Scan(other, "", "");
  while (before->Valid() || after->Valid()) {
    const int order = !before->Valid() ? 1 : !after->Valid() ? -1 : before->key().compare(after->key());
    if (order < 0) {
      differ(before->key(), before->value(), std::nullopt);
    } else if (order > 0) {
      differ(after->key(), std::nullopt, after->value());
    } else if (before->value() != after->value()) {
      differ(before->key(), before->value(), after->value());
    }
    if (order <= 0) {
      AddToDigest(before->key(), before->value(), &before_digest);
      before->Next();
    }
    if (order >= 0) {
      AddToDigest(after->key(), after->value(), &after_digest);
      after->Next();
    }
  }
  RETURN_IF_ERROR(before->status());
  RETURN_IF_ERROR(after->status());
  answer.set_serving_digest(Hex(before_digest.Finish()));
  answer.set_other_digest(Hex(after_digest.Finish()));
  return answer;
}

void AddComparison(const CompareBuildsResponse& one, int limit, CompareBuildsResponse* sum) {
  sum->set_serving_build(one.serving_build());
  sum->set_other_build(one.other_build());
  // Until FinishDigests: the digests one after the other.
  sum->set_serving_digest(sum->serving_digest() + one.serving_digest());
  sum->set_other_digest(sum->other_digest() + one.other_digest());
  sum->set_expected_differences(sum->expected_differences() + one.expected_differences());
  sum->set_unexpected_differences(sum->unexpected_differences() + one.unexpected_differences());
  for (const RowDifference& difference : one.differences()) Keep(difference, limit, sum);
}

void FinishDigests(CompareBuildsResponse* sum) {
  sum->set_serving_digest(Hex(Sha256(sum->serving_digest())));
  sum->set_other_digest(Hex(Sha256(sum->other_digest())));
}

}  // namespace kefu::engine
