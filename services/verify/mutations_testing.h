#pragma once

// What an adversary without the key might do to a bundle, made up from a seed.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/verify/bundle_testing.h"

namespace kefu::verify {

struct Mutation {
  // "flip a bit", "drop a record and patch the places": for the tally.
  std::string kind;
  Bundle bundle;
  // Where what was done must be named: one of these files, by place or in words; none where it cannot be told from
  // outside.
  std::vector<std::string> files;
  // And the line of it, where lines stay what they were; 0 otherwise.
  int64_t line = 0;
  // The manifest was made to fit, as an adversary would.
  bool fixed = false;
};

// The next one, as `random` has it; nothing if that kind finds nothing to change in this bundle.
std::optional<Mutation> Mutate(const Honest& honest, const Honest& other, Random& random);

// The parts of it.
std::optional<Mutation> MutateBytes(const Honest& honest, Random& random);
std::optional<Mutation> MutateLines(const Honest& honest, Random& random);
std::optional<Mutation> MutateJson(const Honest& honest, Random& random);
std::optional<Mutation> MutateFiles(const Honest& honest, const Honest& other, Random& random);
std::optional<Mutation> MutateNotes(const Honest& honest, const Honest& other, Random& random);
// Changes of the key, by strangers and by one who stole a key that was laid down.
std::optional<Mutation> MutateKeys(const Honest& honest, Random& random);
// Several files at once, so that they fit each other.
std::optional<Mutation> MutateTogether(const Honest& honest, Random& random);
// The log itself, and then an export of that.
std::optional<Mutation> MutateLog(const Honest& honest, Random& random);

// All that of a bundle can be proven, in one text; nothing if it cannot be read. Two bundles with one meaning differ in
// white space, in how JSON says a thing, or in what nobody signs: views, pages, verdicts, the request.
// `fixed`: the manifest's list of files fits, and is left out.
std::optional<std::string> MeaningOf(const Bundle& bundle, const Honest& honest, bool fixed);

// The lines of a file as JSON; nothing if there are none.
std::vector<Json> JsonLines(const Bundle& bundle, const std::string& name);
// Takes the event of line `which` (from 0) out of everything but the manifest.
void TakeOut(Bundle* bundle, size_t which);
bool IsInWholeRange(const Honest& honest, const Json& line);

// True if `mutation` says nothing that the log does not: then nobody needs to refuse it.
// That is: it has the meaning of the honest one, or of that with less in a selection.
bool IsHarmless(const Mutation& mutation, const Honest& honest);

}  // namespace kefu::verify
