#include "services/cli/import/mapping.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/hash.h"
#include "platform/runtime/suggest.h"

namespace kefu::cli {
namespace {

using events::v1::Event;

// A name that may stand in an event id.
bool IsPlainName(std::string_view name) {
  return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
    return std::islower(static_cast<unsigned char>(c)) || std::isdigit(static_cast<unsigned char>(c)) || c == '-' ||
           c == '_';
  });
}

// Turns the YAML tree into a Mapping. Every error names the line.
class Loader {
 public:
  Loader(std::string path, Mapping* mapping) : path_(std::move(path)), mapping_(*mapping) {}

  Status Load(const YAML::Node& root) {
    RETURN_IF_ERROR(
        Keys(root, {"mapping", "rows", "tables", "times", "first_row", "each_row", "pairs", "event", "rules"}));
    ASSIGN_OR_RETURN(mapping_.name, Text(root["mapping"], root, "mapping"));
    if (!IsPlainName(mapping_.name))
      return At(root["mapping"], InvalidArgument("the mapping's name is 1 to 32 of a-z, 0-9, - and _: it is in every "
                                                 "event id"));
    RETURN_IF_ERROR(LoadTables(root["tables"]));
    RETURN_IF_ERROR(LoadTimes(root["times"]));
    RETURN_IF_ERROR(LoadRows(root["rows"]));
    RETURN_IF_ERROR(LoadValues(root["first_row"], &mapping_.first_row));
    RETURN_IF_ERROR(LoadValues(root["each_row"], &mapping_.each_row));
    RETURN_IF_ERROR(LoadPairs(root["pairs"]));
    mapping_.event = std::make_unique<MessagePlan>(Event::descriptor());
    RETURN_IF_ERROR(LoadFields(root["event"], mapping_.event.get()));
    return LoadRules(root["rules"], root);
  }

 private:
  Status At(const YAML::Node& node, const Status& status) const {
    if (status.ok()) return status;
    const int line = node ? node.Mark().line + 1 : 1;
    return Annotate(status, fmt::format("{}:{}", path_, line));
  }

  Status Keys(const YAML::Node& node, const std::vector<std::string>& known) const {
    if (!node.IsMap()) return At(node, InvalidArgument("expected names and values"));
    for (const auto& item : node) {
      const auto key = item.first.as<std::string>("");
      if (std::find(known.begin(), known.end(), key) == known.end())
        return At(item.first, InvalidArgument("unknown key \"{}\"{}", key, runtime::DidYouMean(key, known)));
    }
    return OkStatus();
  }

  StatusOr<std::string> Text(const YAML::Node& node, const YAML::Node& parent, std::string_view what) const {
    if (!node) return At(parent, InvalidArgument("{} is missing", what));
    if (!node.IsScalar()) return At(node, InvalidArgument("{} must be one value", what));
    return node.Scalar();
  }

  // One text, or a list of texts.
  StatusOr<std::set<std::string>> Texts(const YAML::Node& node) const {
    std::set<std::string> texts;
    if (node.IsScalar()) {
      texts.insert(node.Scalar());
    } else if (node.IsSequence()) {
      for (const auto& item : node) {
        if (!item.IsScalar()) return At(item, InvalidArgument("expected a text"));
        texts.insert(item.Scalar());
      }
    } else {
      return At(node, InvalidArgument("expected a text or a list of texts"));
    }
    return texts;
  }

  StatusOr<bool> Choice(const YAML::Node& node, const std::string& yes, const std::string& no) const {
    if (node.IsScalar() && node.Scalar() == yes) return true;
    if (node.IsScalar() && node.Scalar() == no) return false;
    return At(node, InvalidArgument("must be {} or {}", yes, no));
  }

  // Remembers where new names are mentioned first.
  StatusOr<Template> ParseTemplate(const YAML::Node& node) {
    if (!node.IsScalar()) return At(node, InvalidArgument("expected one value"));
    auto made = Template::Parse(node.Scalar(), &mapping_.symbols, mapping_.vocabulary);
    if (!made.ok()) return At(node, made.status());
    Mention(node);
    return made;
  }

  int DeclareAt(const std::string& name, const YAML::Node& node) {
    const int symbol = mapping_.symbols.Declare(name);
    Mention(node);
    return symbol;
  }

  void Mention(const YAML::Node& node) {
    mapping_.mentioned_at.resize(static_cast<size_t>(mapping_.symbols.size()), node.Mark().line + 1);
  }

  Status LoadTables(const YAML::Node& node) {
    if (!node) return OkStatus();
    if (!node.IsMap()) return At(node, InvalidArgument("tables have names"));
    for (const auto& item : node) {
      if (!item.second.IsMap()) return At(item.second, InvalidArgument("a table is a list of \"text: value\""));
      ValueTable table;
      for (const auto& entry : item.second) {
        if (!entry.second.IsScalar()) return At(entry.second, InvalidArgument("expected one value"));
        if (entry.first.Scalar() == "*") {
          table.has_otherwise = true;
          table.otherwise = entry.second.Scalar();
        } else {
          table.values[entry.first.Scalar()] = entry.second.Scalar();
        }
      }
      mapping_.vocabulary.tables[item.first.Scalar()] = std::move(table);
    }
    return OkStatus();
  }

  Status LoadTimes(const YAML::Node& node) {
    if (!node) return OkStatus();
    if (!node.IsMap()) return At(node, InvalidArgument("time formats have names"));
    for (const auto& item : node) {
      RETURN_IF_ERROR(Keys(item.second, {"format", "zone"}));
      TimeFormat time;
      ASSIGN_OR_RETURN(time.format, Text(item.second["format"], item.second, "format"));
      const YAML::Node zone = item.second["zone"];
      if (zone && !absl::LoadTimeZone(zone.Scalar(), &time.zone))
        return At(zone, InvalidArgument("no time zone \"{}\": use a name such as Asia/Taipei", zone.Scalar()));
      if (!zone) time.zone = absl::UTCTimeZone();
      mapping_.vocabulary.times[item.first.Scalar()] = std::move(time);
    }
    return OkStatus();
  }

  Status LoadRows(const YAML::Node& node) {
    if (!node) return OkStatus();
    RETURN_IF_ERROR(Keys(node, {"delimiter", "columns", "empty", "case", "cases", "order", "clock", "unmatched"}));
    if (const YAML::Node delimiter = node["delimiter"]; delimiter) {
      if (!delimiter.IsScalar() || delimiter.Scalar().size() != 1 || delimiter.Scalar() == "\"")
        return At(delimiter, InvalidArgument("the delimiter is one character"));
      mapping_.delimiter = delimiter.Scalar()[0];
    }
    if (const YAML::Node columns = node["columns"]; columns) {
      if (!columns.IsSequence()) return At(columns, InvalidArgument("expected a list of names"));
      for (const auto& column : columns) mapping_.columns.push_back(column.as<std::string>(""));
    }
    if (const YAML::Node empty = node["empty"]; empty) {
      ASSIGN_OR_RETURN(const auto texts, Texts(empty));
      mapping_.empty_cells.insert(texts.begin(), texts.end());
    }
    if (const YAML::Node key = node["case"]; key) {
      ASSIGN_OR_RETURN(mapping_.case_key, ParseTemplate(key));
    }
    if (const YAML::Node cases = node["cases"]; cases) {
      ASSIGN_OR_RETURN(mapping_.together, Choice(cases, "together", "scattered"));
    }
    if (const YAML::Node order = node["order"]; order) {
      if (!mapping_.together)
        return At(order, InvalidArgument("rows can be put in order only where the rows of a case stand together"));
      ASSIGN_OR_RETURN(const std::string name, Text(order, node, "order"));
      mapping_.order = DeclareAt(name, order);
    }
    if (const YAML::Node clock = node["clock"]; clock) {
      ASSIGN_OR_RETURN(mapping_.clock, ParseTemplate(clock));
    }
    if (const YAML::Node unmatched = node["unmatched"]; unmatched) {
      ASSIGN_OR_RETURN(mapping_.unmatched_is_problem, Choice(unmatched, "quarantine", "count"));
    }
    return OkStatus();
  }

  Status LoadValues(const YAML::Node& node, std::vector<NamedValue>* values) {
    if (!node) return OkStatus();
    if (!node.IsMap()) return At(node, InvalidArgument("expected names and values"));
    for (const auto& item : node) {
      ASSIGN_OR_RETURN(Template value, ParseTemplate(item.second));
      const std::string name = item.first.Scalar();
      for (const NamedValue& other : mapping_.first_row)
        if (mapping_.symbols.names()[static_cast<size_t>(other.symbol)] == name)
          return At(item.first, InvalidArgument("{} has a value already", name));
      values->push_back({DeclareAt(name, item.first), std::move(value)});
    }
    return OkStatus();
  }

  Status LoadPairs(const YAML::Node& node) {
    if (!node) return OkStatus();
    if (!node.IsMap()) return At(node, InvalidArgument("pairs have names"));
    for (const auto& item : node) {
      RETURN_IF_ERROR(Keys(item.second, {"same", "begin", "end", "time"}));
      Pair pair;
      pair.symbol = DeclareAt(item.first.Scalar(), item.first);
      for (const char* key : {"begin", "end", "time"})
        if (!item.second[key]) return At(item.second, InvalidArgument("{} is missing", key));
      if (item.second["same"]) {
        ASSIGN_OR_RETURN(pair.same, ParseTemplate(item.second["same"]));
      }
      ASSIGN_OR_RETURN(pair.begin, LoadWhen(item.second["begin"]));
      ASSIGN_OR_RETURN(pair.end, LoadWhen(item.second["end"]));
      ASSIGN_OR_RETURN(pair.time, ParseTemplate(item.second["time"]));
      mapping_.pairs.push_back(std::move(pair));
    }
    return OkStatus();
  }

  StatusOr<When> LoadWhen(const YAML::Node& node) {
    if (!node.IsMap()) return At(node, InvalidArgument("expected \"column: what it must be\""));
    When when;
    for (const auto& item : node) {
      const std::string name = item.first.Scalar();
      if (name == "any") {
        if (!item.second.IsSequence()) return At(item.second, InvalidArgument("any takes a list of conditions"));
        for (const auto& inner : item.second) {
          ASSIGN_OR_RETURN(When one, LoadWhen(inner));
          when.any.push_back(std::move(one));
        }
      } else if (name == "row") {
        ASSIGN_OR_RETURN(when.first_row, Choice(item.second, "first", "later"));
      } else {
        ASSIGN_OR_RETURN(Condition condition, LoadCondition(item.second));
        condition.symbol = DeclareAt(name, item.first);
        when.all.push_back(std::move(condition));
      }
    }
    return when;
  }

  StatusOr<Condition> LoadCondition(const YAML::Node& node) {
    Condition condition;
    if (!node.IsMap()) {
      ASSIGN_OR_RETURN(condition.is, Texts(node));
      return condition;
    }
    RETURN_IF_ERROR(Keys(node, {"is", "is_not", "was", "was_not", "changed", "empty"}));
    const auto texts = [&](const char* key, std::optional<std::set<std::string>>* out) -> Status {
      if (!node[key]) return OkStatus();
      ASSIGN_OR_RETURN(*out, Texts(node[key]));
      return OkStatus();
    };
    RETURN_IF_ERROR(texts("is", &condition.is));
    RETURN_IF_ERROR(texts("is_not", &condition.is_not));
    RETURN_IF_ERROR(texts("was", &condition.was));
    RETURN_IF_ERROR(texts("was_not", &condition.was_not));
    if (node["changed"]) {
      ASSIGN_OR_RETURN(condition.changed, Choice(node["changed"], "true", "false"));
    }
    if (node["empty"]) {
      ASSIGN_OR_RETURN(condition.empty, Choice(node["empty"], "true", "false"));
    }
    return condition;
  }

  Status LoadFields(const YAML::Node& node, MessagePlan* plan) {
    if (!node) return OkStatus();
    if (!node.IsMap()) return At(node, InvalidArgument("expected fields and values"));
    for (const auto& item : node) {
      const std::string path = item.first.Scalar();
      const auto field = plan->Resolve(path);
      if (!field.ok()) return At(item.first, field.status());
      if (!item.second.IsSequence()) {
        RETURN_IF_ERROR(LoadField(path, item.second, plan));
        continue;
      }
      if (!(*field)->is_repeated())
        return At(item.second, InvalidArgument("{} takes one value", (*field)->full_name()));
      for (const auto& element : item.second) RETURN_IF_ERROR(LoadField(path, element, plan));
    }
    return OkStatus();
  }

  Status LoadField(const std::string& path, const YAML::Node& node, MessagePlan* plan) {
    if (node.IsMap()) {
      auto inner = plan->Open(path);
      if (!inner.ok()) return At(node, inner.status());
      return LoadFields(node, *inner);
    }
    ASSIGN_OR_RETURN(Template value, ParseTemplate(node));
    return At(node, plan->Set(path, std::move(value)));
  }

  Status LoadRules(const YAML::Node& node, const YAML::Node& root) {
    if (!node || !node.IsSequence() || node.size() == 0)
      return At(node ? node : root, InvalidArgument("rules is a list of at least one rule"));
    std::set<std::string> names;
    for (const auto& item : node) {
      RETURN_IF_ERROR(Keys(item, {"rule", "when", "once", "emit", "event", "set"}));
      Rule rule;
      ASSIGN_OR_RETURN(rule.name, Text(item["rule"], item, "rule"));
      if (!IsPlainName(rule.name) || !names.insert(rule.name).second)
        return At(item["rule"], InvalidArgument("a rule's name is 1 to 32 of a-z, 0-9, - and _, and its own"));
      if (item["when"]) {
        ASSIGN_OR_RETURN(rule.when, LoadWhen(item["when"]));
      }
      if (item["once"]) {
        ASSIGN_OR_RETURN(rule.once, ParseTemplate(item["once"]));
      }
      ASSIGN_OR_RETURN(const std::string body, Text(item["emit"], item, "emit"));
      ASSIGN_OR_RETURN(rule.body, FindBody(item["emit"], body));
      rule.event = std::make_unique<MessagePlan>(Event::descriptor());
      RETURN_IF_ERROR(LoadFields(item["event"], rule.event.get()));
      rule.fields = std::make_unique<MessagePlan>(rule.body->message_type());
      RETURN_IF_ERROR(LoadFields(item["set"], rule.fields.get()));
      mapping_.rules.push_back(std::move(rule));
    }
    return OkStatus();
  }

  StatusOr<const google::protobuf::FieldDescriptor*> FindBody(const YAML::Node& node, const std::string& name) const {
    const auto* oneof = Event::descriptor()->FindOneofByName("body");
    std::vector<std::string> names;
    for (int i = 0; i < oneof->field_count(); ++i) {
      if (oneof->field(i)->name() == name) return oneof->field(i);
      names.push_back(oneof->field(i)->name());
    }
    return At(node, InvalidArgument("no event \"{}\"{}", name, runtime::DidYouMean(name, names)));
  }

  const std::string path_;
  Mapping& mapping_;
};

}  // namespace

StatusOr<std::unique_ptr<Mapping>> ParseMapping(const std::string& text, const std::string& path) {
  auto mapping = std::make_unique<Mapping>();
  mapping->hash = Hex(Sha256(text));
  // yaml-cpp throws; nothing else here does.
  try {
    RETURN_IF_ERROR(Loader(path, mapping.get()).Load(YAML::Load(text)));
  } catch (const YAML::Exception& fault) {
    return InvalidArgument("{}:{}: {}", path, fault.mark.line + 1, fault.msg);
  }
  return mapping;
}

StatusOr<std::unique_ptr<Mapping>> LoadMapping(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return NotFound("no mapping file {}", path);
  std::ostringstream text;
  text << file.rdbuf();
  return ParseMapping(text.str(), path);
}

StatusOr<std::vector<int>> BindColumns(const Mapping& mapping, const std::vector<std::string>& header) {
  const std::vector<std::string>& names = mapping.columns.empty() ? header : mapping.columns;
  if (names.size() != header.size())
    return InvalidArgument("the mapping names {} columns, the file has {}", names.size(), header.size());
  std::vector<std::string> known = names;
  std::vector<bool> given(static_cast<size_t>(mapping.symbols.size()), false);
  const auto give = [&](int symbol) {
    given[static_cast<size_t>(symbol)] = true;
    known.push_back(mapping.symbols.names()[static_cast<size_t>(symbol)]);
  };
  for (const NamedValue& value : mapping.first_row) give(value.symbol);
  for (const NamedValue& value : mapping.each_row) give(value.symbol);
  for (const Pair& pair : mapping.pairs) give(pair.symbol);
  std::vector<int> places;
  for (const std::string& name : names) {
    const int symbol = mapping.symbols.Find(name);
    if (symbol >= 0 && given[static_cast<size_t>(symbol)])
      return InvalidArgument("column \"{}\" stands twice, or the mapping has a value of the same name", name);
    if (symbol >= 0) given[static_cast<size_t>(symbol)] = true;
    places.push_back(symbol);
  }
  for (int symbol = 0; symbol < mapping.symbols.size(); ++symbol) {
    if (given[static_cast<size_t>(symbol)]) continue;
    const std::string& name = mapping.symbols.names()[static_cast<size_t>(symbol)];
    return InvalidArgument("line {} of the mapping: the file has no column \"{}\"{}",
                           mapping.mentioned_at[static_cast<size_t>(symbol)], name, runtime::DidYouMean(name, known));
  }
  return places;
}

}  // namespace kefu::cli
