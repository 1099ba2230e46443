#pragma once

// A row in memory. Most rows are protobuf messages; a view whose rows are folded very often may bring a class of its own
// that stays close to the stored bytes. Either way the stored bytes are a serialised message, so that whoever has only
// the bytes can read them.

#include <google/protobuf/message.h>

#include <concepts>
#include <memory>
#include <string>
#include <string_view>

namespace kefu::sdk {

// A row with its type erased.
class Row {
 public:
  virtual ~Row() = default;
  // False: these are no bytes of such a row; the row is then undefined.
  virtual bool Parse(std::string_view bytes) = 0;
  // Appends the stored form. The same row gives the same bytes.
  virtual void AppendTo(std::string* bytes) const = 0;
  // What the row takes in memory, all its parts included; an estimate for `stored_bytes` of encoded size.
  virtual size_t MemoryBytes(size_t stored_bytes) const = 0;
  // Asks the processor for the memory that a fold will soon look at.
  virtual void Prefetch() const {}
};

// A row that is not itself a message:
//   using Message = query::v1::Client;   // what its stored bytes are
//   bool Parse(std::string_view bytes);
//   void AppendTo(std::string* bytes) const;   // canonical: as Message would serialise itself
//   size_t MemoryBytes() const;
//   void Prefetch() const;
template <class T>
concept CustomRow = requires(T row, const T fixed, std::string* bytes) {
  typename T::Message;
  { row.Parse(std::string_view()) } -> std::same_as<bool>;
  fixed.AppendTo(bytes);
  { fixed.MemoryBytes() } -> std::convertible_to<size_t>;
  fixed.Prefetch();
};

namespace internal {

template <class T>
struct MessageOf {
  using Type = T;
};
template <CustomRow T>
struct MessageOf<T> {
  using Type = typename T::Message;
};

}  // namespace internal

// The message that a table's stored rows are.
template <class T>
using RowMessage = typename internal::MessageOf<T>::Type;

template <class T>
class RowOf final : public Row {
 public:
  T value;

  bool Parse(std::string_view bytes) override {
    if constexpr (CustomRow<T>) {
      return value.Parse(bytes);
    } else {
      return value.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    }
  }
  void AppendTo(std::string* bytes) const override {
    if constexpr (CustomRow<T>) {
      value.AppendTo(bytes);
    } else {
      value.AppendToString(bytes);
    }
  }
  size_t MemoryBytes(size_t stored_bytes) const override {
    if constexpr (CustomRow<T>) {
      return sizeof(*this) + value.MemoryBytes();
    } else {
      // Messages within messages and strings on the heap: measured between two and four times the encoded bytes.
      return sizeof(*this) + 3 * stored_bytes;
    }
  }
  void Prefetch() const override {
    if constexpr (CustomRow<T>) value.Prefetch();
  }
};

}  // namespace kefu::sdk
