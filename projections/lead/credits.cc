#include "projections/lead/credits.h"

namespace kefu::lead {

std::vector<int64_t> SplitAmount(int64_t minor_units,
                                 const google::protobuf::RepeatedPtrField<events::v1::LeadCredit>& credits) {
  __extension__ typedef __int128 Wide;
  constexpr int kWhole = 10'000;
  std::vector<int64_t> parts;
  parts.reserve(static_cast<size_t>(credits.size()));
  Wide left = minor_units;
  for (const auto& credit : credits) {
    // Doors let in shares of 0 to 10,000 only, so a part is never larger than the amount.
    const Wide part = Wide{minor_units} * credit.share_bp() / kWhole;
    parts.push_back(static_cast<int64_t>(part));
    left -= part;
  }
  if (!parts.empty()) parts.front() = static_cast<int64_t>(left + parts.front());
  return parts;
}

}  // namespace kefu::lead
