#include "services/cli/import/template.h"

#include <cctype>
#include <charconv>
#include <optional>

#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/runtime/suggest.h"

namespace kefu::cli {
namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

// Only ASCII letters have a case here, so the result does not depend on a locale.
std::string Mapped(std::string_view text, int (*change)(int)) {
  std::string mapped(text);
  for (char& c : mapped)
    if (static_cast<unsigned char>(c) < 0x80) c = static_cast<char>(change(c));
  return mapped;
}

// "Awaiting User Info" becomes "awaiting-user-info". Letters outside ASCII are kept.
std::string Slug(std::string_view text) {
  std::string slug;
  bool gap = false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && !std::isalnum(byte)) {
      gap = true;
      continue;
    }
    if (gap && !slug.empty()) slug.push_back('-');
    gap = false;
    slug.push_back(byte < 0x80 ? static_cast<char>(std::tolower(byte)) : c);
  }
  return slug;
}

StatusOr<std::string> ParseLocalTime(const TimeFormat& time, const std::string& text, const std::string& name) {
  // Read as if in UTC: a text that carries its own offset is then right already, and one that does not gives the
  // clock-face time, whose zone is looked up below.
  absl::Time parsed;
  std::string error;
  if (!absl::ParseTime(time.format, text, absl::UTCTimeZone(), &parsed, &error))
    return WithReason(InvalidArgument("{} is no time of the form {}", name, time.format), "BAD_TIME", name);
  const bool has_offset = time.format.find("%z") != std::string::npos || time.format.find("%Ez") != std::string::npos ||
                          time.format.find("RFC3339") != std::string::npos;
  if (has_offset) return FormatRfc3339(parsed);
  const absl::CivilSecond face = absl::ToCivilSecond(parsed, absl::UTCTimeZone());
  const absl::TimeZone::TimeInfo info = time.zone.At(face);
  if (info.kind == absl::TimeZone::TimeInfo::SKIPPED)
    return WithReason(InvalidArgument("{} lies in an hour that the clocks skipped", name), "TIME_DOES_NOT_EXIST", name);
  // An hour that the clocks ran through twice means its first run.
  return FormatRfc3339(info.pre + (parsed - absl::FromCivil(face, absl::UTCTimeZone())));
}

// "1234.5" with two decimals becomes "123450". No floating point: money must not be rounded unseen.
std::optional<std::string> MinorUnits(std::string_view text, int decimals) {
  std::string digits;
  if (text.starts_with('-')) {
    digits = "-";
    text.remove_prefix(1);
  }
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string fraction(point == std::string_view::npos ? std::string_view() : text.substr(point + 1));
  while (fraction.size() > static_cast<size_t>(decimals) && fraction.back() == '0') fraction.pop_back();
  if (whole.empty() || fraction.size() > static_cast<size_t>(decimals)) return std::nullopt;
  fraction.resize(static_cast<size_t>(decimals), '0');
  digits.append(whole).append(fraction);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return std::to_string(number);
}

// From one RFC 3339 time to another, as "12.5s". Empty if it would run backwards.
std::string DurationText(const std::string& from, const std::string& to) {
  const auto begin = ParseRfc3339(from);
  const auto end = ParseRfc3339(to);
  if (!begin.ok() || !end.ok() || *end < *begin) return "";
  const int64_t nanoseconds = absl::ToInt64Nanoseconds(*end - *begin);
  return fmt::format("{}.{:09}s", nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000);
}

template <class Map>
std::vector<std::string> KeysOf(const Map& map) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : map) keys.push_back(key);
  return keys;
}

}  // namespace

int Symbols::Declare(const std::string& name) {
  const auto [place, added] = places_.try_emplace(name, size());
  if (added) names_.push_back(name);
  return place->second;
}

int Symbols::Find(std::string_view name) const {
  const auto found = places_.find(name);
  return found == places_.end() ? -1 : found->second;
}

StatusOr<Template> Template::Parse(std::string_view text, Symbols* symbols, const Vocabulary& vocabulary) {
  Template made;
  std::string literal;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((text[i] == '{' || text[i] == '}') && i + 1 < text.size() && text[i + 1] == text[i]) {
      literal.push_back(text[i++]);
    } else if (text[i] == '{') {
      const size_t end = text.find('}', i);
      if (end == std::string_view::npos) return InvalidArgument("\"{}\" opens a brace and does not close it", text);
      if (!literal.empty()) made.pieces_.push_back({std::exchange(literal, {}), -1, {}});
      RETURN_IF_ERROR(made.ParsePlaceholder(text.substr(i + 1, end - i - 1), symbols, vocabulary));
      i = end;
    } else {
      literal.push_back(text[i]);
    }
  }
  if (!literal.empty()) made.pieces_.push_back({std::move(literal), -1, {}});
  return made;
}

Status Template::ParsePlaceholder(std::string_view text, Symbols* symbols, const Vocabulary& vocabulary) {
  Piece piece;
  size_t bar = text.find('|');
  piece.text = Trim(text.substr(0, bar));
  if (piece.text.empty()) return InvalidArgument("\"{{{}}}\" names no column or value", text);
  piece.symbol = symbols->Declare(piece.text);
  reads_.push_back(piece.symbol);
  constant_ = false;
  while (bar != std::string_view::npos) {
    text.remove_prefix(bar + 1);
    bar = text.find('|');
    ASSIGN_OR_RETURN(Call call, ParseCall(Trim(text.substr(0, bar)), symbols, vocabulary));
    piece.calls.push_back(std::move(call));
  }
  pieces_.push_back(std::move(piece));
  return OkStatus();
}

StatusOr<Template::Call> Template::ParseCall(std::string_view text, Symbols* symbols, const Vocabulary& vocabulary) {
  static const std::map<std::string, Function, std::less<>> functions = {
      {"lower", Function::kLower}, {"upper", Function::kUpper},
      {"slug", Function::kSlug},   {"default", Function::kDefault},
      {"table", Function::kTable}, {"time", Function::kTime},
      {"hash", Function::kHash},   {"minor_units", Function::kMinorUnits},
      {"until", Function::kUntil}, {"or", Function::kOr}};
  const size_t colon = text.find(':');
  const std::string_view name = Trim(text.substr(0, colon));
  const std::string argument(colon == std::string_view::npos ? std::string_view() : Trim(text.substr(colon + 1)));
  const auto found = functions.find(name);
  if (found == functions.end())
    return InvalidArgument("no function \"{}\"{}", name, runtime::DidYouMean(name, KeysOf(functions)));
  Call call{found->second, argument};
  const auto number = [&](int least, int most) -> Status {
    const auto [end, error] = std::from_chars(argument.data(), argument.data() + argument.size(), call.number);
    if (error == std::errc() && end == argument.data() + argument.size() && call.number >= least && call.number <= most)
      return OkStatus();
    return InvalidArgument("{} takes a number from {} to {}", name, least, most);
  };
  switch (call.function) {
    case Function::kLower:
    case Function::kUpper:
    case Function::kSlug:
      if (!argument.empty()) return InvalidArgument("{} takes nothing", name);
      break;
    case Function::kDefault:
      if (argument.empty()) return InvalidArgument("default takes a text: {{x | default: none}}");
      break;
    case Function::kTable: {
      const auto table = vocabulary.tables.find(argument);
      if (table == vocabulary.tables.end())
        return InvalidArgument("no table \"{}\"{}", argument, runtime::DidYouMean(argument, KeysOf(vocabulary.tables)));
      call.table = &table->second;
      break;
    }
    case Function::kTime: {
      const auto time = vocabulary.times.find(argument);
      if (time == vocabulary.times.end())
        return InvalidArgument("no time format \"{}\"{}", argument,
                               runtime::DidYouMean(argument, KeysOf(vocabulary.times)));
      call.time = &time->second;
      break;
    }
    case Function::kHash:
      RETURN_IF_ERROR(number(8, 64));
      break;
    case Function::kMinorUnits:
      RETURN_IF_ERROR(number(0, 4));
      break;
    case Function::kUntil:
    case Function::kOr:
      if (argument.empty()) return InvalidArgument("{} takes the name of another value", name);
      call.symbol = symbols->Declare(argument);
      reads_.push_back(call.symbol);
      break;
  }
  return call;
}

StatusOr<std::string> Template::Evaluate(const Values& values) const {
  std::string text;
  for (const Piece& piece : pieces_) {
    if (piece.symbol < 0) {
      text += piece.text;
      continue;
    }
    std::string value = values[static_cast<size_t>(piece.symbol)];
    for (const Call& call : piece.calls) RETURN_IF_ERROR(Run(call, piece, values, &value));
    if (value.empty()) return std::string();
    text += value;
  }
  return text;
}

Status Template::Run(const Call& call, const Piece& piece, const Values& values, std::string* value) {
  if (value->empty()) {
    if (call.function == Function::kDefault) *value = call.text;
    if (call.function == Function::kOr) *value = values[static_cast<size_t>(call.symbol)];
    return OkStatus();
  }
  switch (call.function) {
    case Function::kLower:
      *value = Mapped(*value, [](int c) { return std::tolower(c); });
      break;
    case Function::kUpper:
      *value = Mapped(*value, [](int c) { return std::toupper(c); });
      break;
    case Function::kSlug:
      *value = Slug(*value);
      break;
    case Function::kDefault:
    case Function::kOr:
      break;
    case Function::kTable: {
      const auto found = call.table->values.find(*value);
      if (found == call.table->values.end() && !call.table->has_otherwise)
        return WithReason(InvalidArgument("{} has a value that table {} lacks", piece.text, call.text), "NOT_IN_TABLE",
                          piece.text);
      *value = found == call.table->values.end() ? call.table->otherwise : found->second;
      break;
    }
    case Function::kTime: {
      ASSIGN_OR_RETURN(*value, ParseLocalTime(*call.time, *value, piece.text));
      break;
    }
    case Function::kHash:
      *value = Hex(Sha256(*value)).substr(0, static_cast<size_t>(call.number));
      break;
    case Function::kMinorUnits: {
      auto units = MinorUnits(*value, call.number);
      if (!units.has_value())
        return WithReason(InvalidArgument("{} is no amount with at most {} decimals", piece.text, call.number),
                          "BAD_NUMBER", piece.text);
      *value = *std::move(units);
      break;
    }
    case Function::kUntil:
      *value = DurationText(*value, values[static_cast<size_t>(call.symbol)]);
      break;
  }
  return OkStatus();
}

std::vector<std::string> Template::PossibleValues() const {
  if (constant_) return {*Evaluate({})};
  if (pieces_.size() != 1 || pieces_[0].calls.empty() || pieces_[0].calls.back().function != Function::kTable)
    return {};
  const ValueTable& table = *pieces_[0].calls.back().table;
  std::vector<std::string> values;
  for (const auto& [text, value] : table.values) values.push_back(value);
  if (table.has_otherwise) values.push_back(table.otherwise);
  return values;
}

}  // namespace kefu::cli
