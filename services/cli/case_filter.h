#pragma once

#include <string>

#include "services/cli/verb.h"

namespace kefu::cli {

// Which cases: what `kefu case list`, `count` and `watch` share.
struct CaseFilter {
  std::string client;
  std::string kind;
  std::string status;
  std::string assignee;
  std::string branch;
  std::string matter;
  std::string owner;
  std::string external;
  // Next action due by this time, as TimeOf reads it.
  std::string due;
  bool open = false;
  bool overdue = false;
  // AIP-160, as the service takes it.
  std::string filter;

  // "clients/C-1" or "clients/-".
  std::string Parent() const;
  // All of it joined with AND. "Overdue" is told by this machine's clock.
  StatusOr<std::string> Text() const;
};

// A text as filters take it.
std::string QuotedText(const std::string& text);
// The services spell enum values in capitals.
std::string Capitals(std::string text);

void AddCaseFilterFlags(CLI::App& verb, CaseFilter& filter);

}  // namespace kefu::cli
