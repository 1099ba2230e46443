#pragma once

// JSON of strangers, read strictly: what two readers could understand differently is refused.

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace kefu::verify {

using Json = nlohmann::json;

// Nothing, and why, unless `text` is one JSON value in UTF-8, nested at most 200 deep, in which no object has a member
// twice.
std::optional<Json> ReadJson(std::string_view text, std::string* why);

// Members of `object`. False, and why, if it is not there or of another kind.
bool ReadMember(const Json& object, const char* name, int64_t* number, std::string* why);
bool ReadMember(const Json& object, const char* name, std::string* text, std::string* why);
bool ReadMember(const Json& object, const char* name, bool* flag, std::string* why);
// The member, if it is a list or object; null and why otherwise.
const Json* ListMember(const Json& object, const char* name, std::string* why);
const Json* ObjectMember(const Json& object, const char* name, std::string* why);

// True if `object` is one and has no members but these.
bool HasOnly(const Json& object, std::initializer_list<std::string_view> names, std::string* why);

}  // namespace kefu::verify
