#pragma once

// A declared mapping: how rows of somebody else's table become events. docs/IMPORT.md explains the file.

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/status.h"
#include "services/cli/import/message_plan.h"
#include "services/cli/import/template.h"

namespace google::protobuf {
class FieldDescriptor;
}

namespace kefu::cli {

// What one value must be for a rule to hold.
struct Condition {
  int symbol = -1;
  std::optional<std::set<std::string>> is;
  std::optional<std::set<std::string>> is_not;
  // The same value in the row before, of the same case; "" in the first row.
  std::optional<std::set<std::string>> was;
  std::optional<std::set<std::string>> was_not;
  std::optional<bool> changed;
  std::optional<bool> empty;
};

// All of `all`, and one of `any` unless that is empty.
struct When {
  // Only the first row of a case, or only later ones.
  std::optional<bool> first_row;
  std::vector<Condition> all;
  std::vector<When> any;
};

// A value made of others.
struct NamedValue {
  int symbol = -1;
  Template value;
};

// A row that begins something and the next row that ends it, in the same case and with the same `same`.
struct Pair {
  // In the ending row: when it began; empty where no beginning was seen.
  int symbol = -1;
  Template same;
  When begin;
  When end;
  Template time;
};

// One event out of a row.
struct Rule {
  std::string name;
  When when;
  // Emits at most once a run for each value of it; such an event's id has this value in place of case and row.
  std::optional<Template> once;
  const google::protobuf::FieldDescriptor* body = nullptr;
  // Attributes of the event that differ from the mapping's own.
  std::unique_ptr<MessagePlan> event;
  std::unique_ptr<MessagePlan> fields;
};

// Immutable once loaded. Not movable: templates point into `vocabulary`.
struct Mapping {
  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  std::string name;
  // SHA-256 of the file, for resuming.
  std::string hash;

  char delimiter = ',';
  // Names by position; empty: those of the header.
  std::vector<std::string> columns;
  // Cells with these texts count as empty.
  std::set<std::string, std::less<>> empty_cells;
  // Whose history a row belongs to; absent: every row is a history of its own.
  std::optional<Template> case_key;
  // All rows of a case follow each other; a case that comes again is quarantined. Else they may be anywhere, and one
  // row of every case is kept in memory.
  bool together = true;
  // A whole number to sort the rows of a case by; -1: as they stand.
  int order = -1;
  // A time that may not go back within a case; absent: not checked.
  std::optional<Template> clock;
  // Rows for which no rule holds: counted, or quarantined as NO_RULE.
  bool unmatched_is_problem = true;

  Vocabulary vocabulary;
  Symbols symbols;
  std::vector<NamedValue> first_row;
  std::vector<NamedValue> each_row;
  std::vector<Pair> pairs;
  std::unique_ptr<MessagePlan> event;
  std::vector<Rule> rules;
  // For every symbol: the line that mentions it first, for errors.
  std::vector<int> mentioned_at;
};

// Reads and checks a mapping. kInvalidArgument names file, line and what is wrong, with the nearest name that exists.
StatusOr<std::unique_ptr<Mapping>> LoadMapping(const std::string& path);
// The same from text; `path` is for messages.
StatusOr<std::unique_ptr<Mapping>> ParseMapping(const std::string& text, const std::string& path);

// The place of each column among the symbols (-1: not used). kInvalidArgument if the mapping uses a name that is
// neither a column nor a value of its own.
StatusOr<std::vector<int>> BindColumns(const Mapping& mapping, const std::vector<std::string>& header);

}  // namespace kefu::cli
