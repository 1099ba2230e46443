#pragma once

// Numbers that must not be mixed up are types of their own.

#include <fmt/format.h>

#include <compare>
#include <cstdint>
#include <functional>

namespace kefu {

template <class Tag, class Number>
class StrongNumber {
 public:
  constexpr StrongNumber() = default;
  constexpr explicit StrongNumber(Number value) : value_(value) {}
  constexpr Number value() const { return value_; }
  friend constexpr auto operator<=>(StrongNumber, StrongNumber) = default;
  constexpr StrongNumber Next() const { return StrongNumber(value_ + 1); }

 private:
  Number value_ = 0;
};

// A part of the log; one client's events are all in one. 0 to count - 1.
using Partition = StrongNumber<struct PartitionTag, int32_t>;
// The place of a record in its partition, from 0.
using Offset = StrongNumber<struct OffsetTag, int64_t>;

// Offset n plus a count.
constexpr Offset operator+(Offset offset, int64_t count) { return Offset(offset.value() + count); }
// How many records lie between two offsets.
constexpr int64_t operator-(Offset a, Offset b) { return a.value() - b.value(); }

}  // namespace kefu

template <class Tag, class Number>
struct std::hash<kefu::StrongNumber<Tag, Number>> {
  size_t operator()(kefu::StrongNumber<Tag, Number> id) const { return std::hash<Number>()(id.value()); }
};

template <class Tag, class Number>
struct fmt::formatter<kefu::StrongNumber<Tag, Number>> : fmt::formatter<Number> {
  template <class Context>
  auto format(kefu::StrongNumber<Tag, Number> id, Context& context) const {
    return fmt::formatter<Number>::format(id.value(), context);
  }
};
