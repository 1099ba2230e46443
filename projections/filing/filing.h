#pragma once

// Returns that were filed with regulators: by id, and in the order of filing.

#include "kefu/audit/v1/audit.pb.h"
#include "projections/sdk/projection.h"

namespace kefu::filing {

struct Filings {
  static constexpr std::string_view kName = "filings";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<std::string>;  // return id
  using Row = audit::v1::FiledReturn;
};

struct FilingsByOffset {
  static constexpr std::string_view kName = "by_offset";
  static constexpr uint8_t kId = 2;
  using Of = Filings;
  using Key = codec::KeyOf<Offset, std::string>;  // where it is recorded; return id
  static void Keys(const Of::Row& row, sdk::IndexKeys& out) {
    out.AddEncoded(Key::Encode(Offset(row.offset()), row.filed().return_id()));
  }
};

struct FilingView {
  static constexpr std::string_view kName = "filing";
  static constexpr int32_t kVersion = 1;
  using Events = sdk::TypeList<events::v1::RegulatoryReturnFiled>;
  using Tables = sdk::TypeList<Filings>;
  using Indexes = sdk::TypeList<FilingsByOffset>;

  static sdk::Outcome Apply(const sdk::Recorded<events::v1::RegulatoryReturnFiled>& filed,
                            sdk::View<FilingView>& view);
};

}  // namespace kefu::filing
