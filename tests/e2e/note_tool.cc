// Our side of notes that go to and come from another implementation:
//
//   note_tool open VERIFIER_KEY FILE   prints the note's text; 1: it does not hold
//   note_tool sign NAME                reads a text from stdin; prints a new verifier key, and the signed note

#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <sstream>

#include "platform/note/key.h"

namespace {

using kefu::Status;

Status Open(const std::string& verifier_key, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  ASSIGN_OR_RETURN(const kefu::note::Verifier key, kefu::note::Verifier::Parse(verifier_key));
  ASSIGN_OR_RETURN(const kefu::note::Note note, kefu::note::OpenNote(bytes.str(), {key}));
  fmt::print("{}", note.text);
  return kefu::OkStatus();
}

Status Sign(const std::string& name) {
  std::ostringstream text;
  text << std::cin.rdbuf();
  ASSIGN_OR_RETURN(const kefu::note::Signer signer, kefu::note::Signer::Generate(name));
  ASSIGN_OR_RETURN(const std::string note, signer.Sign(text.str()));
  fmt::print("{}\n{}", signer.verifier().Text(), note);
  return kefu::OkStatus();
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  if (words.size() == 3 && words[0] == "open") {
    const Status opened = Open(words[1], words[2]);
    if (!opened.ok()) fmt::print(stderr, "{}\n", kefu::ToString(opened));
    return opened.ok() ? 0 : 1;
  }
  if (words.size() == 2 && words[0] == "sign") {
    const Status made = Sign(words[1]);
    if (!made.ok()) fmt::print(stderr, "{}\n", kefu::ToString(made));
    return made.ok() ? 0 : 1;
  }
  fmt::print(stderr, "usage: note_tool open VERIFIER_KEY FILE | note_tool sign NAME\n");
  return 2;
}
