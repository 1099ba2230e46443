#pragma once

// Notes that another implementation made, for this folder's tests.

#include <string>
#include <string_view>
#include <vector>

#include "platform/note/key.h"

namespace kefu::note {

struct KnownAnswer {
  std::string name;
  // The secret bytes of the key are first, first + 1, … first + 31.
  int first = 0;
  std::string verifier_key;
  std::string text;
  std::string signature_line;

  std::string Seed() const {
    std::string seed;
    for (int i = 0; i < 32; ++i) seed.push_back(static_cast<char>(first + i));
    return seed;
  }
  std::string Signed() const { return text + "\n" + signature_line + "\n"; }
};

// Made with golang.org/x/mod v0.43.0, sumdb/note.
inline std::vector<KnownAnswer> AnswersOfGo() {
  return {
      {"kefu", 1, "kefu+c2b1ba6b+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk",
       "kefu/log-1/0\n7\nqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=\n",
       "— kefu wrG6a+zUHhm+Dm7pz7nkROg1hgfpABbrPDKgO9btRLu+j8Kce4Q0Ci6bRwCgvNVoWotYO1kDBj0kz8LzuvbngD6YVQI="},
      {"example.com/audit", 7, "example.com/audit+3305ef34+AQDQWh0eolE5bVV6+9RYizxtmdvrly/tEKMlYuom3Nz6",
       "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
       "— example.com/audit "
       "MwXvNHBDKhUHALn7zNhtwRUvIVQ3ead7fVplQDLTyNVaeH70lv72oiG6LdlX+M8kz4Ac9nfUFxW04lh/Uhs4KLBngQ4="},
      {"客服", 42, "客服+d8a2cb4d+AXidZmanmGkCnu+/XIDKxQ+bIFBWGc06CpzRRKlQON/v",
       "kefu/log-1\n123456789012\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\npartitions 8\n",
       "— 客服 2KLLTV86qnnFoYZLL+dC7zHsQ8LbFv9E6qkULlU52Om0jHFvOHEUnWNudRDSfG6u2nl0MIPIbH+ZwE2cXIBVDte6qQ8="},
      {"blank", 9, "blank+5b62a395+AWd+3Zx6b7ql1gnccAXOgBHVTgMUrPicoXIFe8FA7eYq", "a text\n\nwith a blank line\n",
       "— blank W2KjlfkSBmuwTzeopihKANCnfaly18lo4X2ruWzNI9vQESKK2jPgcwJqJ/Mf4wI0Z4VBrc3k/LHBvSj0vFDPLr2I1QE="},
  };
}

}  // namespace kefu::note
