#include "services/verify/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "services/verify/text.h"

namespace kefu::verify {
namespace {

constexpr int64_t kListedFailures = 20;
constexpr std::string_view kNames[kChecks] = {"form",       "listed", "names",   "hashes", "signature",   "key_chain",
                                              "key_in_force", "log",
                                              "checkpoint", "order",  "records", "proofs", "tree_size",   "leaf",
                                              "inclusion",  "text",   "range",   "whole",  "consistency", "since"};

std::string TextOf(const Place& place) {
  std::string text = Shown(place.file);
  if (place.line > 0) text += fmt::format(" line {}", Grouped(place.line));
  return text.empty() ? text : text + ": ";
}

}  // namespace

std::string_view NameOf(Check check) { return kNames[static_cast<int>(check)]; }

void Report::Holds(Check check, std::string text) {
  if (!Failed(check) && !left_out_.contains(check)) findings_.push_back({check, true, {}, std::move(text)});
}

void Report::Fails(Check check, Place place, std::string text) {
  if (left_out_.contains(check)) return;
  if (++failures_[static_cast<int>(check)] > kListedFailures) return;
  findings_.push_back({check, false, std::move(place), std::move(text)});
}

bool Report::AllHolds() const {
  return std::all_of(failures_.begin(), failures_.end(), [](int64_t count) { return count == 0; });
}

std::string Report::Text() const {
  std::string text;
  for (const Finding& finding : findings_)
    text += fmt::format("{} {}{}\n", finding.holds ? "✓" : "✗", TextOf(finding.place), finding.text);
  for (int check = 0; check < kChecks; ++check)
    if (failures_[check] > kListedFailures)
      text += fmt::format("✗ {} more of the kind \"{}\"\n", Grouped(failures_[check] - kListedFailures), kNames[check]);
  if (!not_proven_.empty()) text += "\nNot proven:\n";
  for (const std::string& line : not_proven_) text += fmt::format("· {}\n", line);
  text += AllHolds() ? "\nAll that can be checked holds.\n" : "\nThis bundle does not hold. Do not rely on it.\n";
  return text;
}

std::string Report::JsonText() const {
  nlohmann::ordered_json json;
  json["holds"] = AllHolds();
  json["findings"] = nlohmann::ordered_json::array();
  for (const Finding& finding : findings_) {
    nlohmann::ordered_json& told = json["findings"].emplace_back();
    told["check"] = NameOf(finding.check);
    told["holds"] = finding.holds;
    if (!finding.place.file.empty()) told["file"] = Shown(finding.place.file);
    if (finding.place.line > 0) told["line"] = finding.place.line;
    if (finding.place.partition >= 0) told["partition"] = finding.place.partition;
    if (finding.place.offset >= 0) told["offset"] = finding.place.offset;
    told["text"] = finding.text;
  }
  nlohmann::ordered_json& failures = json["failures"] = nlohmann::ordered_json::object();
  for (int check = 0; check < kChecks; ++check)
    if (failures_[check] > 0) failures[std::string(kNames[check])] = failures_[check];
  json["not_proven"] = not_proven_;
  return json.dump() + "\n";
}

}  // namespace kefu::verify
