#pragma once

// Answers of the query services that a bundle takes along, and what its papers need of them.

#include <string>
#include <vector>

#include "services/cli/audit/asked_moment.h"
#include "services/cli/audit/bundle_writer.h"
#include "services/cli/audit/case_file.h"
#include "services/cli/verb.h"

namespace kefu::cli {

// What --view may name.
std::vector<std::string> AnswerNames();

// Asks `moment` for what `names` has (empty: what its paper shows best), writes each to views/, and puts what the papers show
// into `file`, whose head and events are there already; also the names of staff (views/staff.json) and the branch's zone
// (views/calendar.json). An answer that the server does not have is left out with a remark, unless it was named; views that
// cannot be opened as of the moment are an error.
Status TakeAnswers(Tool& tool, const std::vector<std::string>& names, AskedMoment& moment, CaseFile* file,
                   BundleWriter* writer);

}  // namespace kefu::cli
