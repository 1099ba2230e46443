#include "services/query/filter_syntax.h"

#include <utility>

#include "platform/base/reason.h"

namespace kefu::query {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  StatusOr<FilterSyntax> Parse() {
    if (text_.size() > kMaxFilterBytes)
      return FilterError(0, fmt::format("{} bytes long; at most {} are allowed", text_.size(), kMaxFilterBytes));
    SkipSpace();
    if (AtEnd()) return FilterSyntax{};
    ASSIGN_OR_RETURN(FilterSyntax root, Expression(1));
    if (!AtEnd()) return FilterError(at_, "\")\" without \"(\"");
    return root;
  }

 private:
  using Kind = FilterSyntax::Kind;

  StatusOr<FilterSyntax> Expression(int depth) {
    if (depth > kMaxFilterDepth) return FilterError(at_, fmt::format("parentheses deeper than {}", kMaxFilterDepth));
    std::vector<FilterSyntax> parts;
    do {
      RETURN_IF_ERROR(Sequence(depth, &parts));
    } while (TakeKeyword("AND"));
    return Join(Kind::kAll, std::move(parts));
  }

  Status Sequence(int depth, std::vector<FilterSyntax>* parts) {
    do {
      ASSIGN_OR_RETURN(FilterSyntax factor, Factor(depth));
      parts->push_back(std::move(factor));
    } while (!AtEnd() && Peek() != ')' && !AtKeyword("AND"));
    return OkStatus();
  }

  StatusOr<FilterSyntax> Factor(int depth) {
    std::vector<FilterSyntax> parts;
    do {
      ASSIGN_OR_RETURN(FilterSyntax term, Term(depth));
      parts.push_back(std::move(term));
    } while (TakeKeyword("OR"));
    return Join(Kind::kAny, std::move(parts));
  }

  StatusOr<FilterSyntax> Term(int depth) {
    bool negated = TakeKeyword("NOT");
    if (!negated && !AtEnd() && Peek() == '-') {
      negated = true;
      ++at_;
    }
    ASSIGN_OR_RETURN(FilterSyntax simple, Simple(depth));
    if (!negated) return simple;
    FilterSyntax inverse;
    inverse.kind = Kind::kNot;
    inverse.children.push_back(std::move(simple));
    return inverse;
  }

  StatusOr<FilterSyntax> Simple(int depth) {
    if (AtEnd()) return FilterError(at_, "a term is missing at the end");
    if (Peek() != '(') return Restriction();
    const size_t opened = at_++;
    SkipSpace();
    ASSIGN_OR_RETURN(FilterSyntax inner, Expression(depth + 1));
    if (AtEnd()) return FilterError(opened, "\"(\" is never closed");
    ++at_;
    SkipSpace();
    return inner;
  }

  StatusOr<FilterSyntax> Restriction() {
    if (AtKeyword("AND") || AtKeyword("OR") || AtKeyword("NOT")) return FilterError(at_, "a term is missing here");
    if (++terms_ > kMaxFilterTerms) return FilterError(at_, fmt::format("more than {} terms", kMaxFilterTerms));
    FilterSyntax made;
    const bool quoted = Peek() == '"' || Peek() == '\'';
    ASSIGN_OR_RETURN(FilterText first, quoted ? Quoted() : Word(/*in_argument=*/false));
    if (!quoted && !AtEnd() && Peek() == '(') return FilterError(at_, "functions are not supported");
    SkipSpace();
    Comparator comparator;
    if (!TakeComparator(&comparator)) {
      made.kind = Kind::kSearch;
      made.argument = std::move(first);
      return made;
    }
    if (quoted) return FilterError(first.at, "the left side of a comparison is a field's name, without quotes");
    if (first.star) return FilterError(first.at, "a field's name has no \"*\"");
    SkipSpace();
    if (AtEnd()) return FilterError(at_, fmt::format("a value is missing after \"{}\"", Symbol(comparator)));
    made.kind = Kind::kCompare;
    made.field = std::move(first);
    made.comparator = comparator;
    const bool quoted_value = Peek() == '"' || Peek() == '\'';
    ASSIGN_OR_RETURN(made.argument, quoted_value ? Quoted() : Word(/*in_argument=*/true));
    SkipSpace();
    return made;
  }

  StatusOr<FilterText> Quoted() {
    FilterText made{{}, false, at_};
    const char quote = text_[at_++];
    while (!AtEnd()) {
      char c = text_[at_++];
      if (c == quote) return made;
      if (made.star) return FilterError(at_ - 2, "\"*\" may only be last; write \\* for the character itself");
      if (c == '*') {
        made.star = true;
        continue;
      }
      if (c == '\\') {
        if (AtEnd()) break;
        c = text_[at_++];
        if (c == 'n')
          c = '\n';
        else if (c == 't')
          c = '\t';
        else if (c != '"' && c != '\'' && c != '\\' && c != '*')
          return FilterError(at_ - 2, "unknown escape; there are \\\" \\' \\\\ \\* \\n \\t");
      }
      made.text.push_back(c);
    }
    return FilterError(made.at, "the quote is never closed");
  }

  // In an argument the characters of comparators are ordinary, so that 2026-07-01T00:00:00Z needs no quotes.
  StatusOr<FilterText> Word(bool in_argument) {
    FilterText made{{}, false, at_};
    constexpr std::string_view kBreaks = "()\"',";
    constexpr std::string_view kComparators = "=!<>:";
    while (!AtEnd() && !IsSpace(Peek()) && kBreaks.find(Peek()) == kBreaks.npos &&
           (in_argument || kComparators.find(Peek()) == kComparators.npos)) {
      if (made.star) return FilterError(at_ - 1, "\"*\" may only be last");
      if (Peek() == '*')
        made.star = true;
      else
        made.text.push_back(Peek());
      ++at_;
    }
    if (made.text.empty() && !made.star)
      return FilterError(at_, AtEnd() ? "a term is missing at the end"
                                      : fmt::format("\"{}\" is not expected here", text_.substr(at_, 1)));
    return made;
  }

  bool TakeComparator(Comparator* comparator) {
    constexpr std::pair<std::string_view, Comparator> kAll[] = {
        {"<=", Comparator::kLessEqual}, {">=", Comparator::kGreaterEqual}, {"!=", Comparator::kNotEqual},
        {"=", Comparator::kEqual},      {"<", Comparator::kLess},          {">", Comparator::kGreater},
        {":", Comparator::kHas}};
    for (const auto& [symbol, meaning] : kAll) {
      if (!text_.substr(at_).starts_with(symbol)) continue;
      at_ += symbol.size();
      *comparator = meaning;
      return true;
    }
    return false;
  }

  bool AtKeyword(std::string_view keyword) const {
    const std::string_view rest = text_.substr(at_);
    if (!rest.starts_with(keyword)) return false;
    return rest.size() == keyword.size() || IsSpace(rest[keyword.size()]) || rest[keyword.size()] == '(' ||
           rest[keyword.size()] == ')';
  }
  bool TakeKeyword(std::string_view keyword) {
    if (!AtKeyword(keyword)) return false;
    at_ += keyword.size();
    SkipSpace();
    return true;
  }

  static FilterSyntax Join(Kind kind, std::vector<FilterSyntax> parts) {
    if (parts.size() == 1) return std::move(parts.front());
    FilterSyntax joined;
    joined.kind = kind;
    joined.children = std::move(parts);
    return joined;
  }

  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return text_[at_]; }
  void SkipSpace() {
    while (!AtEnd() && IsSpace(Peek())) ++at_;
  }

  std::string_view text_;
  size_t at_ = 0;
  int terms_ = 0;
};

}  // namespace

std::string_view Symbol(Comparator comparator) {
  switch (comparator) {
    case Comparator::kEqual:
      return "=";
    case Comparator::kNotEqual:
      return "!=";
    case Comparator::kLess:
      return "<";
    case Comparator::kLessEqual:
      return "<=";
    case Comparator::kGreater:
      return ">";
    case Comparator::kGreaterEqual:
      return ">=";
    case Comparator::kHas:
      return ":";
  }
  return "?";
}

Status FilterError(size_t at, std::string_view what) {
  return WithReason(InvalidArgument("filter, at byte {}: {}", at, what), "FILTER_INVALID", "filter");
}

StatusOr<FilterSyntax> ParseFilterSyntax(std::string_view text) { return Parser(text).Parse(); }

}  // namespace kefu::query
