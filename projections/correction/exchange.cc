#include "projections/correction/exchange.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "kefu/query/v1/case.pb.h"
#include "projections/statistics/distinct.h"
#include "projections/statistics/rows.pb.h"

namespace kefu::correction {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using statistics::Cell;

template <class M>
bool Read(const StoredRow& stored, M* message) {
  return !stored || message->ParseFromString(*stored);
}

Exchanged Own(const StoredRow& live, const StoredRow& was, const StoredRow& now) { return {live == was, now}; }

// A row that is empty goes, unless the fold leaves one.
Exchanged Result(const Message& row, bool empty, const StoredRow& now) {
  if (empty && !now) return {true, std::nullopt};
  return {true, row.SerializeAsString()};
}

// All fields are numbers that clients add up to.
Exchanged Sums(const Message& prototype, const StoredRow& live, const StoredRow& was, const StoredRow& now) {
  const std::unique_ptr<Message> sum(prototype.New()), less(prototype.New()), more(prototype.New());
  if (!Read(live, sum.get()) || !Read(was, less.get()) || !Read(now, more.get())) return {};
  const auto* reflection = sum->GetReflection();
  bool empty = true;
  for (int i = 0; i < prototype.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = prototype.GetDescriptor()->field(i);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_INT64 || field->is_repeated()) return {};
    const int64_t value = reflection->GetInt64(*sum, field) - reflection->GetInt64(*less, field) +
                          reflection->GetInt64(*more, field);
    reflection->SetInt64(sum.get(), field, value);
    empty = empty && value == 0;
  }
  return Result(*sum, empty, now);
}

void ExchangeSums(const Cell& was, const Cell& now, Cell& cell) {
  std::map<std::string, int64_t> sums;
  for (const auto& sum : cell.sums()) sums[sum.name()] += sum.value();
  for (const auto& sum : was.sums()) sums[sum.name()] -= sum.value();
  std::map<std::string, int64_t> added;
  for (const auto& sum : now.sums()) added[sum.name()] += sum.value();
  for (const auto& [name, value] : added) sums[name] += value;
  cell.clear_sums();
  for (const auto& [name, value] : sums) {
    if (value == 0 && !added.contains(name)) continue;
    auto& sum = *cell.add_sums();
    sum.set_name(name);
    sum.set_value(value);
  }
}

void ExchangeDurations(const Cell& was, const Cell& now, Cell& cell) {
  std::map<int32_t, int64_t> counts;
  const auto add = [&](const statistics::Durations& durations, int64_t sign) {
    for (int i = 0; i < durations.buckets_size() && i < durations.counts_size(); ++i)
      counts[durations.buckets(i)] += sign * durations.counts(i);
  };
  add(cell.durations(), 1);
  add(was.durations(), -1);
  add(now.durations(), 1);
  const int64_t sum = cell.durations().sum_milliseconds() - was.durations().sum_milliseconds() +
                      now.durations().sum_milliseconds();
  cell.clear_durations();
  for (const auto& [bucket, count] : counts) {
    if (count == 0) continue;
    cell.mutable_durations()->add_buckets(bucket);
    cell.mutable_durations()->add_counts(count);
  }
  if (cell.has_durations()) cell.mutable_durations()->set_sum_milliseconds(sum);
}

void ExchangeClients(const Cell& was, const Cell& now, Cell& cell) {
  auto& hashes = *cell.mutable_clients()->mutable_hashes();
  for (const uint64_t hash : was.clients().hashes()) {
    const auto& still = now.clients().hashes();
    if (std::binary_search(still.begin(), still.end(), hash)) continue;
    const auto found = std::lower_bound(hashes.begin(), hashes.end(), hash);
    if (found != hashes.end() && *found == hash) hashes.erase(found);
  }
  statistics::Unite(now.clients(), cell.mutable_clients());
}

Exchanged Cells(const StoredRow& live, const StoredRow& was, const StoredRow& now) {
  Cell cell, less, more;
  if (!Read(live, &cell) || !Read(was, &less) || !Read(now, &more)) return {};
  cell.set_count(cell.count() - less.count() + more.count());
  if (cell.count() < 0) return {};
  if (cell.count() == 0) return {true, std::nullopt};
  ExchangeSums(less, more, cell);
  ExchangeDurations(less, more, cell);
  ExchangeClients(less, more, cell);
  return {true, cell.SerializeAsString()};
}

Exchanged Case(const StoredRow& live, const StoredRow& was, const StoredRow& now) {
  query::v1::Case before, first, after;
  if (!live || !was || !now) return Own(live, was, now);
  if (!Read(live, &before) || !Read(was, &first) || !Read(now, &after)) return {};
  const int64_t revision = before.revision();
  before.set_revision(first.revision());
  if (before.SerializeAsString() != *was) return {};
  after.set_revision(revision);
  return {true, after.SerializeAsString()};
}

}  // namespace

bool KeepsHistory(const sdk::Projection& view) {
  return view.takes_refused || view.takes_all;
}

bool TakesEventsAlone(const sdk::Projection& view) { return view.name == "text"; }

bool IsSeeded(const sdk::Projection& view, std::string_view table) {
  return view.name == "statistics" && table == "known_values";
}

Exchanged Exchange(const sdk::Projection& view, const sdk::TableInfo& table, const StoredRow& live,
                   const StoredRow& was, const StoredRow& now) {
  const auto is = [&](std::string_view of_view, std::string_view name) {
    return view.name == of_view && table.name == name;
  };
  if (is("book", "owners") || is("programme", "tallies") || is("programme", "years"))
    return Sums(*table.prototype, live, was, now);
  if (is("statistics", "cells")) return Cells(live, was, now);
  if (is("case", "cases")) return Case(live, was, now);
  return Own(live, was, now);
}

}  // namespace kefu::correction
