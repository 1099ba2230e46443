#include "projections/statistics/distinct.h"

#include <algorithm>
#include <bit>
#include <string>

#include "platform/base/hash.h"

namespace kefu::statistics {
namespace {

// Bits of a hash that are not the register's number, and thereby the largest register less one.
constexpr int kRankBits = 64 - kRegisterBits;

void Raise(uint64_t hash, std::string* registers) {
  const size_t place = hash >> kRankBits;
  const uint64_t rest = (hash << kRegisterBits) | (uint64_t{1} << (kRegisterBits - 1));
  const auto rank = static_cast<char>(std::countl_zero(rest) + 1);
  (*registers)[place] = std::max((*registers)[place], rank);
}

void ToRegisters(DistinctClients* set) {
  set->mutable_registers()->assign(kRegisters, '\0');
  for (const uint64_t hash : set->hashes()) Raise(hash, set->mutable_registers());
  set->clear_hashes();
}

void AddHash(uint64_t hash, DistinctClients* set) {
  if (!IsExact(*set)) return Raise(hash, set->mutable_registers());
  auto& hashes = *set->mutable_hashes();
  const auto place = std::lower_bound(hashes.begin(), hashes.end(), hash);
  if (place != hashes.end() && *place == hash) return;
  if (hashes.size() == kExactClients) {
    ToRegisters(set);
    return Raise(hash, set->mutable_registers());
  }
  const auto at = place - hashes.begin();
  hashes.Add(hash);
  std::rotate(hashes.begin() + at, hashes.end() - 1, hashes.end());
}

}  // namespace

void AddClient(std::string_view client_id, DistinctClients* set) { AddHash(FastHash64(client_id), set); }

void Unite(const DistinctClients& from, DistinctClients* into) {
  if (IsExact(from)) {
    for (const uint64_t hash : from.hashes()) AddHash(hash, into);
    return;
  }
  if (IsExact(*into)) ToRegisters(into);
  std::string& registers = *into->mutable_registers();
  for (size_t i = 0; i < registers.size() && i < from.registers().size(); ++i)
    registers[i] = std::max(registers[i], from.registers()[i]);
}

bool IsExact(const DistinctClients& set) { return set.registers().empty(); }

}  // namespace kefu::statistics
