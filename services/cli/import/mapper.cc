#include "services/cli/import/mapper.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/event/validate.h"

namespace kefu::cli {
namespace {

using events::v1::Event;

constexpr size_t kMaxRowsOfCase = 100'000;
constexpr size_t kMaxScatteredCases = 4'000'000;

std::string Trim(const std::string& text) {
  size_t begin = 0;
  size_t end = text.size();
  while (begin < end && std::isspace(static_cast<unsigned char>(text[begin]))) ++begin;
  while (end > begin && std::isspace(static_cast<unsigned char>(text[end - 1]))) --end;
  return text.substr(begin, end - begin);
}

// A key as a part of an event id: itself where it is short and plain, else its hash.
std::string IdPart(const std::string& key) {
  const bool plain = !key.empty() && key.size() <= 48 &&
                     std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~' && c != ':'; });
  return plain ? key : Hex(Sha256(key)).substr(0, 32);
}

uint64_t OnceKey(const Rule& rule, const std::string& value) { return FastHash64(rule.name + '\0' + value); }

}  // namespace

Mapper::Mapper(const Mapping& mapping, std::vector<int> places, Clock* clock)
    : mapping_(mapping), places_(std::move(places)), clock_(clock) {}

ImportItem Mapper::TakeItem() {
  ImportItem item = std::move(items_.front());
  items_.pop_front();
  return item;
}

void Mapper::Quarantine(int64_t line, std::string raw, Status problem) {
  ++counts_.quarantined;
  items_.push_back({line, {}, std::move(problem), std::move(raw)});
}

Status Mapper::Add(CsvRow csv) {
  ++counts_.rows;
  if (!csv.problem.ok()) {
    Quarantine(csv.line, std::move(csv.raw), std::move(csv.problem));
    return OkStatus();
  }
  auto read = Read(csv);
  std::string key = std::to_string(counts_.rows);
  if (read.ok() && mapping_.case_key.has_value()) {
    auto evaluated = mapping_.case_key->Evaluate(read->values);
    if (evaluated.ok() && evaluated->empty())
      evaluated = WithReason(InvalidArgument("the row names no case"), "EMPTY_VALUE");
    if (!evaluated.ok()) read = evaluated.status();
    if (evaluated.ok()) key = *std::move(evaluated);
  }
  if (!read.ok()) {
    Quarantine(csv.line, std::move(csv.raw), read.status());
    return OkStatus();
  }
  if (mapping_.together) return AddTogether(*std::move(read), std::move(key));
  ASSIGN_OR_RETURN(Case * current, FindCase(key));
  read->ordinal = ++current->rows;
  Process(*std::move(read), current);
  return OkStatus();
}

StatusOr<Mapper::Row> Mapper::Read(CsvRow csv) {
  Row row;
  row.values.resize(static_cast<size_t>(mapping_.symbols.size()));
  for (size_t column = 0; column < places_.size(); ++column) {
    if (places_[column] < 0) continue;
    std::string cell = Trim(csv.cells[column]);
    if (!mapping_.empty_cells.contains(cell)) row.values[static_cast<size_t>(places_[column])] = std::move(cell);
  }
  if (mapping_.order >= 0) {
    const std::string& text = row.values[static_cast<size_t>(mapping_.order)];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), row.order);
    if (error != std::errc() || end != text.data() + text.size() || text.empty())
      return WithReason(InvalidArgument("the order of the row is no whole number"), "BAD_NUMBER");
  }
  csv.cells.clear();
  row.csv = std::move(csv);
  return row;
}

Status Mapper::AddTogether(Row row, std::string key) {
  if (!has_case_ || together_.key != key) {
    RETURN_IF_ERROR(FinishCase());
    if (!seen_cases_.insert(FastHash64(key)).second) {
      Quarantine(row.csv.line, std::move(row.csv.raw),
                 WithReason(InvalidArgument("rows of its case ended before; \"cases: scattered\" would take it"),
                            "CASE_CAME_BACK"));
      return OkStatus();
    }
    together_ = Case{.key = std::move(key)};
    has_case_ = true;
  }
  if (buffer_.size() >= kMaxRowsOfCase)
    return ResourceExhausted("line {}: a case has more than {} rows; \"cases: scattered\" holds only one of them",
                             row.csv.line, kMaxRowsOfCase);
  row.ordinal = ++together_.rows;
  buffer_.push_back(std::move(row));
  return OkStatus();
}

Status Mapper::FinishCase() {
  if (!has_case_) return OkStatus();
  has_case_ = false;
  if (mapping_.order >= 0)
    std::stable_sort(buffer_.begin(), buffer_.end(), [](const Row& a, const Row& b) { return a.order < b.order; });
  for (Row& row : buffer_) Process(std::move(row), &together_);
  buffer_.clear();
  CloseBegun(&together_);
  return OkStatus();
}

StatusOr<Mapper::Case*> Mapper::FindCase(const std::string& key) {
  const auto [place, added] = scattered_.try_emplace(key);
  if (added) place->second.key = key;
  if (scattered_.size() > kMaxScatteredCases)
    return ResourceExhausted("more than {} cases; sort the file by case and say \"cases: together\"",
                             kMaxScatteredCases);
  return &place->second;
}

Status Mapper::Finish() {
  RETURN_IF_ERROR(FinishCase());
  // In the order of their keys: a hash map's own order is nobody's promise.
  std::vector<Case*> rest;
  for (auto& [key, one] : scattered_) rest.push_back(&one);
  std::sort(rest.begin(), rest.end(), [](const Case* a, const Case* b) { return a->key < b->key; });
  for (Case* one : rest) CloseBegun(one);
  scattered_.clear();
  return OkStatus();
}

void Mapper::CloseBegun(Case* current) {
  std::vector<Begun> open;
  for (auto& by_same : current->begun) {
    for (auto& [same, begun] : by_same)
      if (begun.silent) open.push_back(std::move(begun));
  }
  current->begun.clear();
  std::sort(open.begin(), open.end(), [](const Begun& a, const Begun& b) { return a.line < b.line; });
  for (Begun& begun : open)
    Quarantine(begun.line, std::move(begun.raw),
               WithReason(InvalidArgument("it begins something that no later row ends"), "BEGIN_WITHOUT_END"));
}

void Mapper::Process(Row row, Case* current) {
  std::vector<Event> events;
  std::vector<PairMove> moves;
  Values kept = current->kept;
  absl::Time time = current->clock;
  bool matched = false;
  saying_.clear();
  Status status = SetValues(&row, *current, &kept);
  if (status.ok()) status = CheckClock(row, *current, &time);
  if (status.ok()) status = JoinPairs(&row, *current, &moves);
  if (status.ok()) status = Map(row, *current, &events, &matched);
  const bool begins = std::any_of(moves.begin(), moves.end(), [](const PairMove& move) { return move.begins; });
  if (status.ok() && !matched && !begins && mapping_.unmatched_is_problem)
    status = WithReason(InvalidArgument("no rule of the mapping takes this row"), "NO_RULE");
  if (!status.ok()) {
    Quarantine(row.csv.line, std::move(row.csv.raw), std::move(status));
    return;
  }
  current->kept = std::move(kept);
  current->clock = time;
  said_.insert(saying_.begin(), saying_.end());
  const bool silent = events.empty();
  for (Event& event : events) items_.push_back({row.csv.line, std::move(event), OkStatus(), {}});
  if (!silent) {
    ++counts_.mapped;
  } else if (!begins) {
    ++counts_.unchanged;
  }
  Commit(std::move(row), current, moves, silent);
}

void Mapper::Commit(Row row, Case* current, const std::vector<PairMove>& moves, bool silent) {
  current->begun.resize(mapping_.pairs.size());
  for (const PairMove& move : moves) {
    auto& begun = current->begun[move.pair];
    const auto found = begun.find(move.same);
    if (!move.begins) {
      if (found == begun.end()) {
        ++counts_.ends_without_begin;
      } else {
        if (found->second.silent) ++counts_.paired;
        begun.erase(found);
      }
      continue;
    }
    if (found != begun.end() && found->second.silent)
      Quarantine(
          found->second.line, std::move(found->second.raw),
          WithReason(InvalidArgument("it begins something that begins again before it ends"), "BEGIN_WITHOUT_END"));
    begun[move.same] = {move.time, row.csv.line, silent ? row.csv.raw : std::string(), silent};
  }
  current->previous = std::move(row.values);
}

Status Mapper::SetValues(Row* row, const Case& current, Values* kept) const {
  if (current.previous.empty()) {
    kept->clear();
    for (const NamedValue& value : mapping_.first_row) {
      ASSIGN_OR_RETURN(kept->emplace_back(), value.value.Evaluate(row->values));
      row->values[static_cast<size_t>(value.symbol)] = kept->back();
    }
  } else {
    for (size_t i = 0; i < mapping_.first_row.size(); ++i)
      row->values[static_cast<size_t>(mapping_.first_row[i].symbol)] = (*kept)[i];
  }
  for (const NamedValue& value : mapping_.each_row) {
    ASSIGN_OR_RETURN(std::string text, value.value.Evaluate(row->values));
    row->values[static_cast<size_t>(value.symbol)] = std::move(text);
  }
  return OkStatus();
}

Status Mapper::CheckClock(const Row& row, const Case& current, absl::Time* time) const {
  if (!mapping_.clock.has_value()) return OkStatus();
  ASSIGN_OR_RETURN(const std::string text, mapping_.clock->Evaluate(row.values));
  const auto parsed = ParseRfc3339(text);
  if (!parsed.ok()) return WithReason(InvalidArgument("the row's clock is no time"), "BAD_TIME");
  if (*parsed < current.clock)
    return WithReason(InvalidArgument("its time is before that of the row before it in its case"), "TIME_WENT_BACK");
  *time = *parsed;
  return OkStatus();
}

Status Mapper::JoinPairs(Row* row, const Case& current, std::vector<PairMove>* moves) const {
  for (size_t i = 0; i < mapping_.pairs.size(); ++i) {
    const Pair& pair = mapping_.pairs[i];
    const bool begins = Holds(pair.begin, *row, current);
    if (!begins && !Holds(pair.end, *row, current)) continue;
    PairMove move{.pair = i, .begins = begins};
    ASSIGN_OR_RETURN(move.same, pair.same.Evaluate(row->values));
    if (begins) {
      ASSIGN_OR_RETURN(move.time, pair.time.Evaluate(row->values));
    } else if (i < current.begun.size()) {
      const auto found = current.begun[i].find(move.same);
      if (found != current.begun[i].end()) row->values[static_cast<size_t>(pair.symbol)] = found->second.time;
    }
    moves->push_back(std::move(move));
  }
  return OkStatus();
}

Status Mapper::Map(const Row& row, const Case& current, std::vector<Event>* events, bool* matched) {
  for (const Rule& rule : mapping_.rules) {
    if (!Holds(rule.when, row, current)) continue;
    *matched = true;
    std::string id = fmt::format("{}:{}:{}:{}", mapping_.name, IdPart(current.key), row.ordinal, rule.name);
    if (rule.once.has_value()) {
      ASSIGN_OR_RETURN(const std::string value, rule.once->Evaluate(row.values));
      const uint64_t key = OnceKey(rule, value);
      if (value.empty() || said_.contains(key)) continue;
      saying_.push_back(key);
      id = fmt::format("{}:{}:{}", mapping_.name, IdPart(value), rule.name);
    }
    Event event;
    RETURN_IF_ERROR(mapping_.event->Fill(row.values, &event));
    RETURN_IF_ERROR(rule.event->Fill(row.values, &event));
    event.set_event_id(std::move(id));
    event.set_imported(true);
    RETURN_IF_ERROR(rule.fields->Fill(row.values, event.GetReflection()->MutableMessage(&event, rule.body)));
    RETURN_IF_ERROR(Annotate(event::Validate(event, clock_->Now()), fmt::format("rule {}", rule.name)));
    events->push_back(std::move(event));
  }
  return OkStatus();
}

bool Mapper::Holds(const When& when, const Row& row, const Case& current) const {
  if (when.first_row.has_value() && *when.first_row != current.previous.empty()) return false;
  for (const Condition& condition : when.all)
    if (!Holds(condition, row, current)) return false;
  return when.any.empty() ||
         std::any_of(when.any.begin(), when.any.end(), [&](const When& one) { return Holds(one, row, current); });
}

bool Mapper::Holds(const Condition& condition, const Row& row, const Case& current) const {
  static const std::string nothing;
  const auto symbol = static_cast<size_t>(condition.symbol);
  const std::string& now = row.values[symbol];
  const std::string& before = current.previous.empty() ? nothing : current.previous[symbol];
  return (!condition.is.has_value() || condition.is->contains(now)) &&
         (!condition.is_not.has_value() || !condition.is_not->contains(now)) &&
         (!condition.was.has_value() || condition.was->contains(before)) &&
         (!condition.was_not.has_value() || !condition.was_not->contains(before)) &&
         (!condition.changed.has_value() || *condition.changed == (now != before)) &&
         (!condition.empty.has_value() || *condition.empty == now.empty());
}

}  // namespace kefu::cli
