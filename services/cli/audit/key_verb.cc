#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "platform/note/key.h"
#include "services/cli/audit/verbs.h"
#include "services/cli/output.h"

namespace kefu::cli {
namespace {

constexpr char kHowToChange[] = R"(

To change the key make a new one, and start kefud with both:
$ kefud --audit.key-file next-key.pem --audit.old-key-file audit-key.pem
It signs with the old key that the new one follows, once, and from then on with the new one. Bundles hold that
statement, so that whoever has the old public key can check them. Hand out the new one all the same; then leave
the setting out, and take the old file away.)";

struct KeyFlags {
  std::string out, show;
  std::string name = std::string(note::kDefaultKeyName);
};

Status Run(Tool& tool, const KeyFlags& flags) {
  const bool makes = !flags.out.empty();
  if (makes == !flags.show.empty())
    return InvalidArgument("say --out FILE to make a key, or --show FILE to see the public half of one there is");
  StatusOr<note::Signer> signer = makes ? note::Signer::Generate(flags.name) : note::Signer::ReadFile(flags.show);
  if (!signer.ok()) return makes ? Annotate(signer.status(), "--name") : signer.status();
  if (makes) RETURN_IF_ERROR(signer->WriteFile(flags.out));
  const std::string verifier_key = signer->verifier().Text();
  if (tool.json()) {
    const nlohmann::ordered_json line = {{"file", makes ? flags.out : flags.show}, {"verifierKey", verifier_key}};
    fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  } else {
    fmt::print("{}\n", verifier_key);
  }
  if (makes)
    Remark(tool, fmt::format("{} holds the private key: keep it where kefud runs (--audit.key-file), and a copy in a safe. "
                             "The line above is the public half: hand it to those who check. Where the log is signed with "
                             "another key already, start kefud once with that one as --audit.old-key-file: it signs that "
                             "this one follows.",
                             flags.out));
  return OkStatus();
}

}  // namespace

void AddAuditKeyVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<KeyFlags>();
  CLI::App& verb = AddVerb(group, "key", "Make a key that signs checkpoints; print its public half, the verifier key",
                           {"kefu audit key --out audit-key.pem", "kefu audit key --out audit-key.pem --name branch-7",
                            "kefu audit key --show audit-key.pem", "kefu audit key --out next-key.pem --name branch-7-2027"});
  verb.footer(verb.get_footer() + kHowToChange);
  verb.add_option("--out", flags->out, "File for the new private key (PEM, mode 0600); never written over");
  verb.add_option("--name", flags->name, "Name of the new key, as notes show it: no blanks, no plus")
      ->capture_default_str();
  verb.add_option("--show", flags->show, "Print the verifier key of this file instead");
  OnRun(verb, tool, [flags](Tool& tool) { return Run(tool, *flags); });
}

}  // namespace kefu::cli
