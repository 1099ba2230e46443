#pragma once

// How clients, cases and events look in tables and details.

#include <string>
#include <vector>

#include "kefu/query/v1/case.pb.h"
#include "kefu/query/v1/client.pb.h"
#include "services/cli/output.h"

namespace kefu::cli {

// "clients/C-1" for "C-1" and for itself.
std::string ClientName(const std::string& client);
// "clients/-/cases/K-1" for "K-1"; whole names stay.
std::string CaseName(const std::string& case_id);

// "3 parked events: reason", or empty.
std::string GapText(const query::v1::ViewGap& gap);
// "applied", "duplicate of 12", "refused: case_not_open (revision 3)".
std::string VerdictText(const events::v1::Verdict& verdict);

void PrintClient(const query::v1::Client& client);
void PrintCase(const query::v1::Case& one);

extern const std::vector<std::string> kCaseHeadings;
std::vector<std::string> CaseCells(const query::v1::Case& one);

}  // namespace kefu::cli
