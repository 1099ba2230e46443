#pragma once

// How fields of filters are read from rows: `Text<&Case::case_id>("case_id")` and the like, for tables of fields.

#include <google/protobuf/generated_enum_reflection.h>
#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <type_traits>

#include "platform/base/time.h"
#include "services/query/filter.h"

namespace kefu::query::fields {

using google::protobuf::Message;

// The row type and the result of a getter such as &Case::case_id.
template <class Getter>
struct GetterOf;
template <class RowType, class ResultType>
struct GetterOf<ResultType (RowType::*)() const> {
  using Row = RowType;
  using Result = std::remove_cvref_t<ResultType>;
};

template <auto Get>
const auto& Read(const Message& row) {
  return (static_cast<const typename GetterOf<decltype(Get)>::Row&>(row).*Get)();
}
template <auto Get>
auto Copy(const Message& row) {
  return (static_cast<const typename GetterOf<decltype(Get)>::Row&>(row).*Get)();
}

inline void SetText(const std::string& text, FieldValue* out) {
  out->texts.push_back(text);
  out->present = !text.empty();
}
inline void SetNumber(int64_t number, FieldValue* out) {
  out->number = number;
  out->present = number != 0;
}

template <auto Get>
FilterField Text(std::string_view name) {
  return {name, FieldType::kText, [](const Message& row, FieldValue* out) { SetText(Read<Get>(row), out); }};
}
inline FilterField Searched(FilterField field) {
  field.searched = true;
  return field;
}
// The value of a Code.
template <auto Get>
FilterField CodeValue(std::string_view name) {
  return {name, FieldType::kText, [](const Message& row, FieldValue* out) { SetText(Read<Get>(row).value(), out); }};
}
template <auto Get>
FilterField CodeScheme(std::string_view name) {
  return {name, FieldType::kText, [](const Message& row, FieldValue* out) { SetText(Read<Get>(row).scheme(), out); }};
}
template <auto Get>
FilterField Enum(std::string_view name) {
  return {name, FieldType::kEnum, [](const Message& row, FieldValue* out) { SetNumber(Copy<Get>(row), out); },
          google::protobuf::GetEnumDescriptor<typename GetterOf<decltype(Get)>::Result>()};
}
template <auto Get>
FilterField Number(std::string_view name) {
  return {name, FieldType::kNumber, [](const Message& row, FieldValue* out) { SetNumber(Copy<Get>(row), out); }};
}
// An amount in minor units, whatever the currency.
template <auto Get>
FilterField Amount(std::string_view name) {
  return {name, FieldType::kNumber,
          [](const Message& row, FieldValue* out) { SetNumber(Read<Get>(row).minor_units(), out); }};
}
template <auto Get>
FilterField Bool(std::string_view name) {
  return {name, FieldType::kBool, [](const Message& row, FieldValue* out) {
            out->number = Copy<Get>(row);
            out->present = true;
          }};
}
template <auto Has, auto Get>
FilterField OptionalBool(std::string_view name) {
  return {name, FieldType::kBool, [](const Message& row, FieldValue* out) {
            out->number = Copy<Get>(row);
            out->present = Copy<Has>(row);
          }};
}
template <auto Has, auto Get>
FilterField Time(std::string_view name) {
  return {name, FieldType::kTime, [](const Message& row, FieldValue* out) {
            out->present = Copy<Has>(row);
            if (out->present) out->time = FromProto(Read<Get>(row));
          }};
}

template <class Texts>
inline void SetTexts(const Texts& texts, FieldValue* out) {
  for (const std::string& text : texts) out->texts.push_back(text);
  out->present = !out->texts.empty();
}

}  // namespace kefu::query::fields
