#include "projections/tree/size_row.h"

#include "platform/codec/wire.h"
#include "platform/merkle/tree.h"

namespace kefu::tree {

bool SizeRow::Parse(std::string_view bytes) {
  *this = SizeRow();
  codec::Field field;
  while (codec::TakeField(&bytes, &field)) {
    if (field.is_bytes != (field.number == Size::kOpenFieldNumber)) return false;
    switch (field.number) {
      case Size::kLeavesFieldNumber: leaves = static_cast<int64_t>(field.value); break;
      case Size::kLastOffsetFieldNumber: last_offset = static_cast<int64_t>(field.value); break;
      case Size::kGapsFieldNumber: gaps = static_cast<int64_t>(field.value); break;
      case Size::kOpenFieldNumber: open = field.payload; break;
      default: return false;
    }
  }
  return bytes.empty() && leaves >= 0 &&
         open.size() == static_cast<size_t>(leaves % merkle::kTileHashes) * merkle::kHashBytes;
}

void SizeRow::AppendTo(std::string* bytes) const {
  codec::AppendVarintField(bytes, Size::kLeavesFieldNumber, static_cast<uint64_t>(leaves));
  codec::AppendVarintField(bytes, Size::kLastOffsetFieldNumber, static_cast<uint64_t>(last_offset));
  codec::AppendVarintField(bytes, Size::kGapsFieldNumber, static_cast<uint64_t>(gaps));
  codec::AppendTextField(bytes, Size::kOpenFieldNumber, open);
}

}  // namespace kefu::tree
