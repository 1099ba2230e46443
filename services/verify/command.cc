#include "services/verify/command.h"

#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <ostream>

#include "services/verify/verify.h"

namespace kefu::verify {
namespace {

constexpr int64_t kMaxKeyFileBytes = 1 << 20;
constexpr int64_t kMaxNoteFileBytes = 1 << 20;

constexpr char kFooter[] = R"(Examples:
  kefu-verify evidence/ --key 'kefu+c2b1ba6b+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk'
  kefu-verify evidence/ --key-file kefu.vkey --since last-year.note
  kefu-verify evidence/ --key-file kefu.vkey --json

Take the key from elsewhere than the bundle: a bundle that was forged brings its own. Exit code: 0 all holds, 1 something
does not, 2 wrong usage. No server and no network is needed.)";

struct Options {
  std::string folder;
  std::vector<std::string> keys;
  std::vector<std::string> key_files;
  std::vector<std::string> since;
  bool json = false;
};

// The keys of a file: one a line; empty lines, and lines that begin with #, are not.
bool ReadKeyFile(const std::string& path, std::vector<std::string>* keys, std::string* why) {
  const std::optional<std::string> text = ReadWholeFile(path, kMaxKeyFileBytes, why);
  if (!text.has_value()) {
    *why = fmt::format("--key-file {} {}", path, *why);
    return false;
  }
  size_t found = 0;
  for (size_t begin = 0; begin < text->size();) {
    const size_t end = std::min(text->find('\n', begin), text->size());
    std::string line = text->substr(begin, end - begin);
    begin = end + 1;
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    keys->push_back(line);
    ++found;
  }
  if (found == 0) *why = fmt::format("--key-file {} has no key in it", path);
  return found > 0;
}

bool MakeQuestion(const Options& options, Question* question, std::string* why) {
  std::vector<std::string> texts = options.keys;
  for (const std::string& path : options.key_files)
    if (!ReadKeyFile(path, &texts, why)) return false;
  if (texts.empty()) {
    *why = "give the key that the log is signed with: --key or --key-file";
    return false;
  }
  for (const std::string& text : texts) {
    const std::optional<VerifierKey> key = VerifierKey::Parse(text, why);
    if (!key.has_value()) {
      *why = fmt::format("the key \"{}\" is none: {}", Shown(text), *why);
      return false;
    }
    question->keys.push_back(*key);
  }
  for (const std::string& path : options.since) {
    const std::optional<std::string> note = ReadWholeFile(path, kMaxNoteFileBytes, why);
    if (!note.has_value()) {
      *why = fmt::format("--since {} {}", path, *why);
      return false;
    }
    std::optional<Checkpoint> checkpoint = ReadCheckpoint(*note, why);
    if (!checkpoint.has_value()) {
      *why = fmt::format("--since {} is not a checkpoint: {}", path, *why);
      return false;
    }
    question->since.push_back({path, *std::move(checkpoint)});
  }
  return true;
}

}  // namespace

int RunCommand(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  Options options;
  CLI::App app("Checks an evidence bundle (kefu audit export) against the key that the log is signed with.",
               "kefu-verify");
  app.footer(kFooter);
  app.set_version_flag("--version", KEFU_VERSION);
  app.add_option("DIR", options.folder, "The folder of the bundle")->required();
  app.add_option("--key", options.keys,
                 "Verifier key, as kefu audit key prints it; may be given again (a key was changed)")
      ->allow_extra_args(false);
  app.add_option("--key-file", options.key_files, "File with verifier keys, one a line")->allow_extra_args(false);
  app.add_option(
         "--since", options.since,
         "A checkpoint that you kept, over all partitions or of one: did the log only grow since? May be given again")
      ->allow_extra_args(false);
  app.add_flag("--json", options.json, "One JSON object instead of text");
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return app.exit(error, out, err) == 0 ? kAllHolds : kWrongUsage;
  }
  const auto wrong = [&](const std::string& what) {
    err << "kefu-verify: " << what << "\n";
    return kWrongUsage;
  };
  Question question;
  std::string why;
  if (!MakeQuestion(options, &question, &why)) return wrong(why);
  const std::optional<Bundle> bundle = ReadFolder(options.folder, {}, &question.faults, &why);
  if (!bundle.has_value()) return wrong(fmt::format("{} cannot be read as a folder: {}", options.folder, why));
  // Of texts that are not UTF-8 protobuf tells stderr; the report says it too.
  google::protobuf::SetLogHandler(nullptr);
  const Report report = Verify(*bundle, question);
  out << (options.json ? report.JsonText() : report.Text()) << std::flush;
  if (!out) return wrong("the report cannot be written");
  return report.AllHolds() ? kAllHolds : kSomethingDoesNot;
}

}  // namespace kefu::verify
