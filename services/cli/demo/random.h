#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kefu::cli {

// SplitMix64. Frozen, and nothing of std's distributions: a seed must give the same sample with every compiler.
// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
class DemoRandom {
 public:
  explicit constexpr DemoRandom(uint64_t seed) : state_(seed) {}

  constexpr uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  // 0 to bound - 1. The tiny bias of a modulus does not matter here.
  int64_t Below(int64_t bound) { return static_cast<int64_t>(Next() % static_cast<uint64_t>(bound)); }
  // first to last, both included.
  int64_t Between(int64_t first, int64_t last) { return first + Below(last - first + 1); }
  // True `per_mille` times of a thousand.
  bool Chance(int64_t per_mille) { return Below(1000) < per_mille; }

  template <class T, size_t N>
  const T& Pick(const std::array<T, N>& choices) {
    return choices[static_cast<size_t>(Below(N))];
  }

 private:
  uint64_t state_;
};

// A seed of its own for each thing that is made up, so that more of one kind does not change what was there of another.
constexpr uint64_t SeedOf(uint64_t seed, uint64_t number, uint64_t purpose) {
  return DemoRandom(seed * 0x9e3779b97f4a7c15u + number * 0xd1342543de82ef95u + purpose).Next();
}

// A choice that is made `weight` times as often as one of weight 1.
template <class T>
struct Weighted {
  int weight;
  T value;
};

template <class T, size_t N>
const T& Draw(DemoRandom& random, const std::array<Weighted<T>, N>& choices) {
  int64_t total = 0;
  for (const auto& choice : choices) total += choice.weight;
  int64_t left = random.Below(total);
  for (const auto& choice : choices)
    if ((left -= choice.weight) < 0) return choice.value;
  return choices.back().value;
}

}  // namespace kefu::cli
