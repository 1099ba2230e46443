#pragma once

// Filters over rows: AIP-160 syntax bound to the fields a resource declares. docs/FILTERS.md is the reader's side of
// it.

#include <absl/container/inlined_vector.h>
#include <absl/time/time.h>
#include <google/protobuf/message.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/status.h"
#include "services/query/filter_syntax.h"

namespace kefu::query {

// kTexts is a list; it takes only `:`, "has this element".
enum class FieldType { kText, kTexts, kEnum, kNumber, kBool, kTime };
std::string_view NameOf(FieldType type);

// What a field of one row holds. Texts are borrowed from the row.
struct FieldValue {
  // Set and not the default: what `field:*` asks. A time or a bool that is absent compares false with everything.
  bool present = false;
  int64_t number = 0;
  absl::Time time;
  absl::InlinedVector<std::string_view, 2> texts;
};

struct FilterField {
  std::string_view name;
  FieldType type = FieldType::kText;
  void (*read)(const google::protobuf::Message& row, FieldValue* out) = nullptr;
  // kEnum only.
  const google::protobuf::EnumDescriptor* enum_type = nullptr;
  // A bare word looks here.
  bool searched = false;
};

// The fields of one resource, in the order documents list them. `read` is given rows of that resource only.
struct FilterTable {
  std::string_view resource;
  std::vector<FilterField> fields;

  const FilterField* Find(std::string_view name) const;
};

// A value as the filter gives it, in the type of its field. `anything` is the bare star.
struct FilterLiteral {
  std::string text;
  int64_t number = 0;
  absl::Time time;
  bool prefix = false;
  bool anything = false;
};

// Immutable; cheap to copy; thread-safe.
class Filter {
 public:
  // Takes every row.
  Filter();

  // kInvalidArgument (FILTER_INVALID, or FILTER_FIELD_UNKNOWN naming the nearest). `table` must outlive the filter.
  static StatusOr<Filter> Parse(std::string_view text, const FilterTable& table);

  bool empty() const;
  bool Matches(const google::protobuf::Message& row) const;

  // Equal for filters that differ only in spaces, quotes, enum prefixes or the zone of a time.
  const std::string& normal_form() const;

  // The values of which every row that passes must have one in `field`, from `=` terms that all rows must meet (of
  // lists: from `:` terms); empty if the filter does not say. For choosing an index: rows still have to be matched.
  std::vector<FilterLiteral> MustBeOneOf(std::string_view field) const;
  // A time that `field` of every row that passes is before, from `<` and `<=` terms that all rows must meet; infinite
  // future if the filter does not say. For ending a scan early: rows still have to be matched.
  absl::Time MustBeBefore(std::string_view field) const;
  // Does the filter say nothing but MustBeOneOf on some of `fields`, each once? Then an index over all of them needs no
  // further matching.
  bool IsOnly(std::initializer_list<std::string_view> fields) const;

 private:
  struct Node;
  struct Root;
  friend struct FilterBinder;
  explicit Filter(std::shared_ptr<const Root> root);
  std::shared_ptr<const Root> root_;
};

}  // namespace kefu::query
