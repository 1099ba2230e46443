#include "services/verify/verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/verify/checks.h"

namespace kefu::verify {
namespace {

void SayWhatIsNotProven(const Known& known, Report& report) {
  std::string made;
  for (const auto& [name, bytes] : known.bundle) {
    const FileName::Kind kind = NameOf(name).kind;
    if (kind == FileName::kView || kind == FileName::kPage) made += (made.empty() ? "" : ", ") + Shown(name);
  }
  if (!made.empty())
    report.NotProven(
        fmt::format("{}: made by the server that exported. The manifest only says that these are the files it "
                    "wrote; what they show can be made again from the events.",
                    made));
  report.NotProven(
      "Verdicts and offsets in events.ndjson are the exporter's words; a record's place in the log is proven by its "
      "leaf_index, and a verdict by judging the log again (kefu audit replay).");
  report.NotProven("What manifest.json says of the request, of who asked, why and when, is signed by nobody.");
  if (std::any_of(known.manifest.covers.begin(), known.manifest.covers.end(), [](const Cover& c) { return !c.whole; }))
    report.NotProven("Of a selection nothing shows that nothing which belongs to it was left out; a whole range does.");
  if (known.newest.all.has_value())
    report.NotProven(fmt::format("Nothing is said of what was recorded after this checkpoint over {} records.",
                                 Grouped(known.newest.all->size)));
  if (known.question.since.empty())
    report.NotProven(
        "Without --since nothing is said of a log that was rewritten before this checkpoint was signed. Keep "
        "checkpoints/newest.note: next time --since shows that the log only grew.");
}

}  // namespace

Report Verify(const Bundle& bundle, const Question& question) {
  Report report(question.left_out);
  Known known{bundle, question};
  for (const FolderFault& fault : question.faults) report.Fails(Check::kListed, {Shown(fault.name)}, fault.what);
  const auto text = bundle.find("manifest.json");
  if (text == bundle.end()) {
    report.Fails(Check::kForm, {"manifest.json"}, "is missing; is this the folder of an evidence bundle?");
    return report;
  }
  std::string why;
  std::optional<Manifest> manifest = ReadManifest(text->second, &why);
  if (!manifest.has_value()) {
    report.Fails(Check::kForm, {"manifest.json"}, why);
    return report;
  }
  known.manifest = *std::move(manifest);
  CheckFiles(known, report);
  CheckKeys(known, report);
  CheckNotes(known, report);
  CheckEvents(known, report);
  CheckConsistency(known, report);
  CheckOwn(known, report);
  report.Holds(Check::kForm, "every file can be read as format version 1 says");
  SayWhatIsNotProven(known, report);
  return report;
}

}  // namespace kefu::verify
