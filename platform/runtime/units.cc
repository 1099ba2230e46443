#include "platform/runtime/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace kefu::runtime {
namespace {

struct Unit {
  std::string_view name;
  int64_t bytes;
};

constexpr std::array<Unit, 5> kBinary{{{"TiB", int64_t{1} << 40},
                                       {"GiB", int64_t{1} << 30},
                                       {"MiB", int64_t{1} << 20},
                                       {"KiB", int64_t{1} << 10},
                                       {"B", 1}}};
constexpr std::array<Unit, 4> kDecimal{
    {{"TB", 1'000'000'000'000}, {"GB", 1'000'000'000}, {"MB", 1'000'000}, {"KB", 1'000}}};

int64_t UnitBytes(std::string_view name) {
  if (name.empty()) return 1;
  for (const Unit& unit : kBinary) {
    if (name == unit.name) return unit.bytes;
  }
  for (const Unit& unit : kDecimal) {
    if (name == unit.name) return unit.bytes;
  }
  return 0;
}

}  // namespace

StatusOr<int64_t> ParseBytes(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  std::string_view unit(end, text.data() + text.size() - end);
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  const int64_t factor = UnitBytes(unit);
  if (error != std::errc() || factor == 0 || !std::isfinite(number)) {
    return InvalidArgument("\"{}\" is no size such as 64MiB, 1.5GiB or 4096", text);
  }
  const double bytes = number * static_cast<double>(factor);
  if (std::fabs(bytes) >= 9.2e18) return InvalidArgument("\"{}\" is too large", text);
  // Whole numbers stay exact where a double could not hold them.
  if (number == std::floor(number) && std::fabs(number) < 9e15) return static_cast<int64_t>(number) * factor;
  return static_cast<int64_t>(bytes);
}

std::string FormatBytes(int64_t bytes) {
  for (const Unit& unit : kBinary) {
    if (bytes != 0 && bytes % unit.bytes == 0) {
      return unit.bytes == 1 ? fmt::format("{}", bytes) : fmt::format("{}{}", bytes / unit.bytes, unit.name);
    }
  }
  return "0";
}

std::string ApproximateBytes(int64_t bytes) {
  for (const Unit& unit : kBinary) {
    if (bytes >= unit.bytes && unit.bytes > 1) {
      return fmt::format("{:.1f} {}", static_cast<double>(bytes) / static_cast<double>(unit.bytes), unit.name);
    }
  }
  return fmt::format("{} B", bytes);
}

StatusOr<absl::Duration> ParseDuration(std::string_view text) {
  absl::Duration duration;
  if (!absl::ParseDuration(std::string(text), &duration)) {
    return InvalidArgument("\"{}\" is no duration such as 30s, 1m30s or 250ms", text);
  }
  return duration;
}

}  // namespace kefu::runtime
