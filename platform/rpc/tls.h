#pragma once

#include <string>

namespace kefu::rpc {

// PEM files. A server needs certificate and key; with a ca it demands certificates of its callers. A client needs the
// ca of the server (the system's if empty), and certificate and key if the server demands them.
struct TlsFiles {
  std::string certificate;
  std::string private_key;
  std::string ca;
};

}  // namespace kefu::rpc
