#include "services/verify/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <vector>

#include "services/verify/text.h"

namespace kefu::verify {
namespace {

constexpr int kMaxDepth = 200;

// The member, or null and why.
const Json* Member(const Json& object, const char* name, std::string* why) {
  if (!object.is_object()) {
    *why = "it is not an object";
    return nullptr;
  }
  const auto found = object.find(name);
  if (found != object.end()) return &*found;
  *why = fmt::format("\"{}\" is missing", name);
  return nullptr;
}

}  // namespace

std::optional<Json> ReadJson(std::string_view text, std::string* why) {
  std::vector<std::set<std::string>> members;
  bool is_too_deep = false;
  std::string doubled;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kMaxDepth) is_too_deep = true;
    if (event == Json::parse_event_t::object_start) members.emplace_back();
    if (event == Json::parse_event_t::object_end) members.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto& name = parsed.get_ref<const std::string&>();
      if (!members.back().insert(name).second) doubled = name;
    }
    return true;
  };
  Json value;
  try {
    value = Json::parse(text.begin(), text.end(), watch);
  } catch (const Json::parse_error& error) {
    *why = fmt::format("it is not JSON from byte {} on", error.byte);
    return std::nullopt;
  } catch (const Json::exception&) {
    *why = "it is not JSON";
    return std::nullopt;
  }
  if (is_too_deep) {
    *why = fmt::format("it is nested deeper than {} levels", kMaxDepth);
    return std::nullopt;
  }
  if (!doubled.empty()) {
    *why = fmt::format("it has the member \"{}\" twice", Shown(doubled));
    return std::nullopt;
  }
  return value;
}

bool ReadMember(const Json& object, const char* name, int64_t* number, std::string* why) {
  const Json* member = Member(object, name, why);
  if (member == nullptr) return false;
  if (member->is_number_unsigned()) {
    const auto value = member->get<uint64_t>();
    if (value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      *number = static_cast<int64_t>(value);
      return true;
    }
  }
  *why = fmt::format("\"{}\" is not a whole number from 0", name);
  return false;
}

bool ReadMember(const Json& object, const char* name, std::string* text, std::string* why) {
  const Json* member = Member(object, name, why);
  if (member == nullptr) return false;
  if (!member->is_string()) {
    *why = fmt::format("\"{}\" is not a text", name);
    return false;
  }
  *text = member->get_ref<const std::string&>();
  return true;
}

bool ReadMember(const Json& object, const char* name, bool* flag, std::string* why) {
  const Json* member = Member(object, name, why);
  if (member == nullptr) return false;
  if (!member->is_boolean()) {
    *why = fmt::format("\"{}\" is neither true nor false", name);
    return false;
  }
  *flag = member->get<bool>();
  return true;
}

const Json* ListMember(const Json& object, const char* name, std::string* why) {
  const Json* member = Member(object, name, why);
  if (member == nullptr || member->is_array()) return member;
  *why = fmt::format("\"{}\" is not a list", name);
  return nullptr;
}

const Json* ObjectMember(const Json& object, const char* name, std::string* why) {
  const Json* member = Member(object, name, why);
  if (member == nullptr || member->is_object()) return member;
  *why = fmt::format("\"{}\" is not an object", name);
  return nullptr;
}

bool HasOnly(const Json& object, std::initializer_list<std::string_view> names, std::string* why) {
  if (!object.is_object()) {
    *why = "it is not an object";
    return false;
  }
  for (const auto& [name, value] : object.items()) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    *why = fmt::format("\"{}\" is nothing that this format has there", Shown(name));
    return false;
  }
  return true;
}

}  // namespace kefu::verify
