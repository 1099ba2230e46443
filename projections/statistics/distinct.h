#pragma once

// How many different clients: exact up to 128, a HyperLogLog with 4,096 registers above. The stored form depends on
// which clients were seen and on nothing else, so uniting in any order gives the same bytes.
//
// Source: Flajolet et al. 2007, "HyperLogLog".

#include <cstdint>
#include <string_view>

#include "projections/statistics/rows.pb.h"

namespace kefu::statistics {

inline constexpr int kExactClients = 128;
inline constexpr int kRegisterBits = 12;
inline constexpr int kRegisters = 1 << kRegisterBits;

void AddClient(std::string_view client_id, DistinctClients* set);
void Unite(const DistinctClients& from, DistinctClients* into);

// Then the hashes are the answer; else services/query estimates it.
bool IsExact(const DistinctClients& set);

}  // namespace kefu::statistics
