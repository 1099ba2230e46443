#include "services/query/filter.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "platform/base/check.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/runtime/suggest.h"

namespace kefu::query {

struct Filter::Node {
  FilterSyntax::Kind kind = FilterSyntax::Kind::kAll;
  std::vector<Node> children;
  // kCompare: one field. kSearch: all that are searched.
  std::vector<const FilterField*> fields;
  Comparator comparator = Comparator::kEqual;
  FilterLiteral literal;
};

struct Filter::Root {
  Node node;
  std::string normal_form;
};

namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// ASCII letters match whatever their case.
bool Contains(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return Lower(a) == Lower(b); }) != text.end();
}

template <class T>
bool Holds(Comparator comparator, const T& left, const T& right) {
  switch (comparator) {
    case Comparator::kEqual:
    case Comparator::kHas:
      return left == right;
    case Comparator::kNotEqual:
      return left != right;
    case Comparator::kLess:
      return left < right;
    case Comparator::kLessEqual:
      return left <= right;
    case Comparator::kGreater:
      return left > right;
    case Comparator::kGreaterEqual:
      return left >= right;
  }
  return false;
}

bool TextHolds(Comparator comparator, std::string_view text, const FilterLiteral& literal) {
  if (comparator == Comparator::kHas) return Contains(text, literal.text);
  if (literal.prefix) return text.starts_with(literal.text) == (comparator == Comparator::kEqual);
  return Holds<std::string_view>(comparator, text, literal.text);
}

bool CompareHolds(const FilterField& field, Comparator comparator, const FilterLiteral& literal,
                  const google::protobuf::Message& row) {
  FieldValue value;
  field.read(row, &value);
  if (literal.anything) return value.present == (comparator != Comparator::kNotEqual);
  switch (field.type) {
    case FieldType::kText:
      return TextHolds(comparator, value.texts.empty() ? "" : value.texts.front(), literal);
    case FieldType::kTexts:
      return std::any_of(value.texts.begin(), value.texts.end(), [&](std::string_view text) {
        return literal.prefix ? text.starts_with(literal.text) : text == literal.text;
      });
    case FieldType::kEnum:
    case FieldType::kNumber:
      return Holds(comparator, value.number, literal.number);
    case FieldType::kBool:
      return value.present && Holds(comparator, value.number, literal.number);
    case FieldType::kTime:
      return value.present && Holds(comparator, value.time, literal.time);
  }
  return false;
}

bool SearchHolds(const std::vector<const FilterField*>& fields, const FilterLiteral& literal,
                 const google::protobuf::Message& row) {
  for (const FilterField* field : fields) {
    FieldValue value;
    field->read(row, &value);
    for (const std::string_view text : value.texts)
      if (Contains(text, literal.text)) return true;
  }
  return false;
}

std::string Quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '*') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + '"';
}

}  // namespace

// Turns syntax into nodes that know their fields and types.
struct FilterBinder {
  const FilterTable& table;

  StatusOr<Filter::Node> Bind(const FilterSyntax& syntax) const {
    Filter::Node node;
    node.kind = syntax.kind;
    for (const FilterSyntax& child : syntax.children) {
      ASSIGN_OR_RETURN(Filter::Node bound, Bind(child));
      node.children.push_back(std::move(bound));
    }
    if (syntax.kind == FilterSyntax::Kind::kSearch) RETURN_IF_ERROR(BindSearch(syntax, &node));
    if (syntax.kind == FilterSyntax::Kind::kCompare) RETURN_IF_ERROR(BindCompare(syntax, &node));
    return node;
  }

  Status BindSearch(const FilterSyntax& syntax, Filter::Node* node) const {
    for (const FilterField& field : table.fields)
      if (field.searched) node->fields.push_back(&field);
    if (node->fields.empty())
      return FilterError(syntax.argument.at, fmt::format("{} have no text to search; compare a field", table.resource));
    node->literal.text = syntax.argument.text;
    return OkStatus();
  }

  Status BindCompare(const FilterSyntax& syntax, Filter::Node* node) const {
    const FilterField* field = table.Find(syntax.field.text);
    if (field == nullptr) return UnknownField(syntax.field);
    node->fields.push_back(field);
    node->comparator = syntax.comparator;
    const FilterText& argument = syntax.argument;
    const bool has = syntax.comparator == Comparator::kHas;
    const bool equality = has || syntax.comparator == Comparator::kEqual || syntax.comparator == Comparator::kNotEqual;
    if (argument.star && argument.text.empty()) {
      if (!equality) return FilterError(argument.at, "\"*\" goes with \":\", \"=\" and \"!=\" only");
      node->literal.anything = true;
      return OkStatus();
    }
    if (field->type == FieldType::kTexts && !has)
      return FilterError(syntax.field.at, fmt::format("\"{}\" is a list; ask {}:value", field->name, field->name));
    if ((field->type == FieldType::kEnum || field->type == FieldType::kBool) && !equality)
      return FilterError(syntax.field.at, fmt::format("\"{}\" has no order; use \"=\" or \"!=\"", field->name));
    if (argument.star) {
      if (!equality || (field->type != FieldType::kText && field->type != FieldType::kTexts))
        return FilterError(argument.at, "a \"*\" at the end goes with text and \"=\" only");
      node->literal.prefix = !(has && field->type == FieldType::kText);
    }
    return BindLiteral(*field, argument, &node->literal);
  }

  static Status BindLiteral(const FilterField& field, const FilterText& argument, FilterLiteral* literal) {
    switch (field.type) {
      case FieldType::kText:
      case FieldType::kTexts:
        literal->text = argument.text;
        return OkStatus();
      case FieldType::kEnum:
        return BindEnum(field, argument, literal);
      case FieldType::kNumber: {
        const char* end = argument.text.data() + argument.text.size();
        const auto [stop, fault] = std::from_chars(argument.text.data(), end, literal->number);
        if (fault == std::errc() && stop == end) return OkStatus();
        return FilterError(argument.at, fmt::format("\"{}\" is a whole number", field.name));
      }
      case FieldType::kBool:
        if (argument.text != "true" && argument.text != "false")
          return FilterError(argument.at, fmt::format("\"{}\" is true or false", field.name));
        literal->number = argument.text == "true";
        return OkStatus();
      case FieldType::kTime: {
        auto time = ParseRfc3339(argument.text);
        if (!time.ok())
          return FilterError(argument.at, fmt::format("\"{}\" is a time such as \"2026-07-01T00:00:00Z\"", field.name));
        literal->time = *time;
        return OkStatus();
      }
    }
    return OkStatus();
  }

  // CASE_STATUS_OPEN may be written OPEN.
  static std::string_view ShortName(const google::protobuf::EnumDescriptor& type,
                                    const google::protobuf::EnumValueDescriptor& value) {
    const std::string& zero = type.value(0)->name();
    constexpr std::string_view kUnspecified = "UNSPECIFIED";
    std::string_view name = value.name();
    if (zero.ends_with(kUnspecified) && name.size() > zero.size() - kUnspecified.size())
      name.remove_prefix(zero.size() - kUnspecified.size());
    return name;
  }

  static Status BindEnum(const FilterField& field, const FilterText& argument, FilterLiteral* literal) {
    const auto& type = *field.enum_type;
    std::vector<std::string> known;
    for (int i = 0; i < type.value_count(); ++i) {
      const auto& value = *type.value(i);
      if (argument.text == value.name() || argument.text == ShortName(type, value)) {
        literal->number = value.number();
        literal->text = value.name();
        return OkStatus();
      }
      known.push_back(value.name());
    }
    return FilterError(argument.at, fmt::format("\"{}\" is no value of \"{}\"{}", argument.text, field.name,
                                                Nearest(argument.text, known)));
  }

  Status UnknownField(const FilterText& name) const {
    std::vector<std::string> known;
    for (const FilterField& field : table.fields) known.emplace_back(field.name);
    return WithReason(InvalidArgument("filter, at byte {}: {} have no field \"{}\"{}", name.at, table.resource,
                                      name.text, Nearest(name.text, known)),
                      "FILTER_FIELD_UNKNOWN", "filter");
  }

  static std::string Nearest(std::string_view given, const std::vector<std::string>& known) {
    const std::string hint = runtime::DidYouMean(given, known);
    return hint.empty() ? "; docs/FILTERS.md lists what there is" : hint;
  }

  static std::string Print(const Filter::Node& node) {
    switch (node.kind) {
      case FilterSyntax::Kind::kSearch:
        return Quote(node.literal.text);
      case FilterSyntax::Kind::kCompare:
        return fmt::format("{} {} {}", node.fields.front()->name, Symbol(node.comparator),
                           PrintLiteral(*node.fields.front(), node.literal));
      case FilterSyntax::Kind::kNot: {
        const Filter::Node& child = node.children.front();
        return child.kind == FilterSyntax::Kind::kNot ? "NOT (" + Print(child) + ")" : "NOT " + Print(child);
      }
      case FilterSyntax::Kind::kAll:
      case FilterSyntax::Kind::kAny:
        break;
    }
    std::string joined;
    for (const Filter::Node& child : node.children) {
      if (!joined.empty()) joined += node.kind == FilterSyntax::Kind::kAll ? " AND " : " OR ";
      joined += Print(child);
    }
    return joined.empty() ? joined : "(" + joined + ")";
  }

  static std::string PrintLiteral(const FilterField& field, const FilterLiteral& literal) {
    if (literal.anything) return "*";
    switch (field.type) {
      case FieldType::kText:
      case FieldType::kTexts: {
        std::string quoted = Quote(literal.text);
        if (literal.prefix) quoted.insert(quoted.size() - 1, "*");
        return quoted;
      }
      case FieldType::kEnum:
        return literal.text;
      case FieldType::kNumber:
        return std::to_string(literal.number);
      case FieldType::kBool:
        return literal.number != 0 ? "true" : "false";
      case FieldType::kTime:
        return Quote(FormatRfc3339(literal.time));
    }
    return {};
  }

  static bool Matches(const Filter::Node& node, const google::protobuf::Message& row) {
    const auto holds = [&](const Filter::Node& child) { return Matches(child, row); };
    switch (node.kind) {
      case FilterSyntax::Kind::kAll:
        return std::all_of(node.children.begin(), node.children.end(), holds);
      case FilterSyntax::Kind::kAny:
        return std::any_of(node.children.begin(), node.children.end(), holds);
      case FilterSyntax::Kind::kNot:
        return !holds(node.children.front());
      case FilterSyntax::Kind::kCompare:
        return CompareHolds(*node.fields.front(), node.comparator, node.literal, row);
      case FilterSyntax::Kind::kSearch:
        return SearchHolds(node.fields, node.literal, row);
    }
    return false;
  }

  static bool IsEquality(const Filter::Node& node, std::string_view field) {
    if (node.kind != FilterSyntax::Kind::kCompare || node.fields.front()->name != field) return false;
    const Comparator equal = node.fields.front()->type == FieldType::kTexts ? Comparator::kHas : Comparator::kEqual;
    return node.comparator == equal && !node.literal.prefix && !node.literal.anything;
  }

  static std::vector<FilterLiteral> Required(const Filter::Node& node, std::string_view field) {
    if (IsEquality(node, field)) return {node.literal};
    std::vector<FilterLiteral> found;
    if (node.kind == FilterSyntax::Kind::kAll) {
      for (const Filter::Node& child : node.children) {
        found = Required(child, field);
        if (!found.empty()) return found;
      }
    }
    if (node.kind == FilterSyntax::Kind::kAny) {
      for (const Filter::Node& child : node.children) {
        if (!IsEquality(child, field)) return {};
        const auto same = [&](const FilterLiteral& other) {
          return other.text == child.literal.text && other.number == child.literal.number &&
                 other.time == child.literal.time;
        };
        if (std::none_of(found.begin(), found.end(), same)) found.push_back(child.literal);
      }
    }
    return found;
  }

  static absl::Time Before(const Filter::Node& node, std::string_view field) {
    absl::Time before = absl::InfiniteFuture();
    if (node.kind == FilterSyntax::Kind::kAll)
      for (const Filter::Node& child : node.children) before = std::min(before, Before(child, field));
    if (node.kind != FilterSyntax::Kind::kCompare || node.fields.front()->name != field) return before;
    if (node.comparator == Comparator::kLess) before = node.literal.time;
    // Times have microseconds in keys, nanoseconds in rows.
    if (node.comparator == Comparator::kLessEqual) before = node.literal.time + absl::Microseconds(1);
    return before;
  }

  static bool IsOnly(const Filter::Node& node, std::initializer_list<std::string_view> fields) {
    const std::vector<Filter::Node> single{node};
    std::vector<std::string_view> used;
    for (const Filter::Node& child : node.kind == FilterSyntax::Kind::kAll ? node.children : single) {
      if (child.kind == FilterSyntax::Kind::kAll) return false;
      const auto names = [&](std::string_view field) { return !Required(child, field).empty(); };
      const auto field = std::find_if(fields.begin(), fields.end(), names);
      if (field == fields.end() || std::find(used.begin(), used.end(), *field) != used.end()) return false;
      used.push_back(*field);
    }
    return true;
  }
};

std::string_view NameOf(FieldType type) {
  switch (type) {
    case FieldType::kText:
      return "text";
    case FieldType::kTexts:
      return "list of texts";
    case FieldType::kEnum:
      return "enum";
    case FieldType::kNumber:
      return "number";
    case FieldType::kBool:
      return "bool";
    case FieldType::kTime:
      return "time";
  }
  return "?";
}

const FilterField* FilterTable::Find(std::string_view name) const {
  for (const FilterField& field : fields)
    if (field.name == name) return &field;
  return nullptr;
}

Filter::Filter() : root_(std::make_shared<Root>()) {}
Filter::Filter(std::shared_ptr<const Root> root) : root_(std::move(root)) {}

StatusOr<Filter> Filter::Parse(std::string_view text, const FilterTable& table) {
  ASSIGN_OR_RETURN(const FilterSyntax syntax, ParseFilterSyntax(text));
  auto root = std::make_shared<Root>();
  ASSIGN_OR_RETURN(root->node, FilterBinder{table}.Bind(syntax));
  root->normal_form = FilterBinder::Print(root->node);
  return Filter(std::move(root));
}

bool Filter::empty() const { return root_->node.kind == FilterSyntax::Kind::kAll && root_->node.children.empty(); }
bool Filter::Matches(const google::protobuf::Message& row) const { return FilterBinder::Matches(root_->node, row); }
const std::string& Filter::normal_form() const { return root_->normal_form; }
std::vector<FilterLiteral> Filter::MustBeOneOf(std::string_view field) const {
  return FilterBinder::Required(root_->node, field);
}

absl::Time Filter::MustBeBefore(std::string_view field) const { return FilterBinder::Before(root_->node, field); }

bool Filter::IsOnly(std::initializer_list<std::string_view> fields) const {
  return FilterBinder::IsOnly(root_->node, fields);
}

}  // namespace kefu::query
