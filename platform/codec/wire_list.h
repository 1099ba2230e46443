#pragma once

// A repeated field kept encoded, its entries one behind the other in one piece of memory: a few hundred bytes that are
// scanned, moved and written out faster than as many objects are.

#include <string>
#include <string_view>

#include "platform/codec/wire.h"

namespace kefu::codec {

// Of messages or texts in field kField. Entries are addressed by where they begin; a change moves those behind it.
// Concurrency: none. Cost: a change moves the bytes behind it; finding an entry walks the ones before it.
template <int kField>
class WireList {
 public:
  struct Entry {
    size_t begin = 0;
    size_t end = 0;
    std::string_view payload;
  };

  int size() const { return size_; }
  const std::string& bytes() const { return bytes_; }
  size_t begin() const { return 0; }
  size_t end() const { return bytes_.size(); }

  // The entry that begins at `at`.
  Entry At(size_t at) const {
    std::string_view rest = std::string_view(bytes_).substr(at + kTagBytes);
    uint64_t length = 0;
    TakeVarint(&rest, &length);
    const size_t payload = bytes_.size() - rest.size();
    return {at, payload + length, rest.substr(0, length)};
  }

  // Appends a whole field, tag included, as it came.
  void AppendWhole(std::string_view field) {
    bytes_.append(field);
    ++size_;
  }
  void Insert(size_t at, std::string_view payload) {
    // One move of what lies behind.
    std::string whole;
    whole.reserve(payload.size() + 8);
    AppendHead(&whole, payload.size());
    whole.append(payload);
    bytes_.insert(at, whole);
    ++size_;
  }
  void Append(std::string_view payload) {
    AppendHead(&bytes_, payload.size());
    bytes_.append(payload);
    ++size_;
  }
  // `payload` must not lie in this list.
  void Replace(const Entry& entry, std::string_view payload) {
    if (payload.size() == entry.payload.size()) {
      bytes_.replace(entry.end - payload.size(), payload.size(), payload);
      return;
    }
    Erase(entry);
    Insert(entry.begin, payload);
  }
  // Changes one byte of an entry's payload.
  void SetByte(const Entry& entry, size_t index, char byte) {
    bytes_[entry.end - entry.payload.size() + index] = byte;
  }
  void Erase(const Entry& entry) {
    bytes_.erase(entry.begin, entry.end - entry.begin);
    --size_;
  }
  size_t MemoryBytes() const { return bytes_.capacity() > kInline ? bytes_.capacity() + 1 : 0; }

 private:
  // std::string holds so many bytes itself.
  static constexpr size_t kInline = 15;
  static constexpr size_t kTagBytes = kField < 16 ? 1 : 2;
  static_assert(kField < 2048);

  static void AppendHead(std::string* bytes, size_t length) {
    AppendVarint(bytes, BytesTag(kField));
    AppendVarint(bytes, length);
  }

  std::string bytes_;
  int size_ = 0;
};

}  // namespace kefu::codec
