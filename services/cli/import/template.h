#pragma once

// The values of a mapping: text with cells of the row put in, such as "uci-{caller_id | slug}".
//
//   {name}                 a column or a named value
//   {name | f | g: x}      the same, put through functions from left to right; "{{" is a plain brace
//
// One rule for gaps: a template that needs an empty value is itself empty, unless a `default` says otherwise.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/status.h"

namespace kefu::cli {

// The named values of a row. Columns first, then what the mapping names.
class Symbols {
 public:
  // The place of `name`; made if it is new.
  int Declare(const std::string& name);
  // -1 if there is none.
  int Find(std::string_view name) const;
  const std::vector<std::string>& names() const { return names_; }
  int size() const { return static_cast<int>(names_.size()); }

 private:
  std::vector<std::string> names_;
  std::map<std::string, int, std::less<>> places_;
};

// By place in Symbols.
using Values = std::vector<std::string>;

// What a cell's text stands for.
struct ValueTable {
  std::map<std::string, std::string, std::less<>> values;
  // For all other texts, if `has_otherwise`.
  std::string otherwise;
  bool has_otherwise = false;
};

// How a cell's text says a time.
struct TimeFormat {
  // strptime letters as absl::ParseTime takes them.
  std::string format;
  // IANA name; used where the text itself has no offset.
  absl::TimeZone zone;
};

// What functions may refer to by name.
struct Vocabulary {
  std::map<std::string, ValueTable, std::less<>> tables;
  std::map<std::string, TimeFormat, std::less<>> times;
};

// Immutable after parsing, which costs; evaluating is cheap.
class Template {
 public:
  // `vocabulary` must outlive the template. Names that `symbols` lacks are declared there: whether they are columns is
  // known once the file is open. kInvalidArgument for an unknown function or a bad argument.
  static StatusOr<Template> Parse(std::string_view text, Symbols* symbols, const Vocabulary& vocabulary);

  // Reasons: NOT_IN_TABLE, BAD_TIME, TIME_DOES_NOT_EXIST, BAD_NUMBER. Messages never repeat the cell.
  StatusOr<std::string> Evaluate(const Values& values) const;

  // True if no cell is in it.
  bool constant() const { return constant_; }
  // All values it can have, where that is known: of a constant, or of one cell looked up in a table.
  std::vector<std::string> PossibleValues() const;
  // The symbols it reads.
  const std::vector<int>& reads() const { return reads_; }

 private:
  enum class Function { kLower, kUpper, kSlug, kDefault, kTable, kTime, kHash, kMinorUnits, kUntil, kOr };
  struct Call {
    Function function;
    std::string text;                   // default
    int number = 0;                     // hash, minor_units
    int symbol = -1;                    // until, or
    const ValueTable* table = nullptr;  // table
    const TimeFormat* time = nullptr;   // time
  };
  struct Piece {
    std::string text;  // literal; or the symbol's name
    int symbol = -1;
    std::vector<Call> calls;
  };

  StatusOr<Call> ParseCall(std::string_view text, Symbols* symbols, const Vocabulary& vocabulary);
  Status ParsePlaceholder(std::string_view text, Symbols* symbols, const Vocabulary& vocabulary);
  static Status Run(const Call& call, const Piece& piece, const Values& values, std::string* value);

  std::vector<Piece> pieces_;
  std::vector<int> reads_;
  bool constant_ = true;
};

}  // namespace kefu::cli
