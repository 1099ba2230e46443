#pragma once

// Resource names (AIP-122). All functions: kInvalidArgument (NAME_INVALID) about the field they were given.

#include <string>
#include <string_view>

#include "platform/base/status.h"

namespace kefu::query {

// "clients/{client}" gives the client's id.
StatusOr<std::string> ClientOf(std::string_view name, std::string_view field);
// The same, but "clients/-" gives the empty id: all clients.
StatusOr<std::string> ParentClientOf(std::string_view name, std::string_view field);

struct CaseName {
  // Empty for "-".
  std::string client_id;
  std::string case_id;
};
// "clients/{client}/cases/{case}".
StatusOr<CaseName> CaseOf(std::string_view name, std::string_view field);

struct LeadName {
  // Empty for "-".
  std::string client_id;
  std::string lead_id;
};
// "clients/{client}/leads/{lead}".
StatusOr<LeadName> LeadOf(std::string_view name, std::string_view field);

struct SegmentName {
  std::string scheme;
  std::string segment;
};
// "schemes/{scheme}/segments/{segment}".
StatusOr<SegmentName> SegmentOf(std::string_view name, std::string_view field);

// "views/{view}".
StatusOr<std::string> ViewOf(std::string_view name, std::string_view field);

}  // namespace kefu::query
