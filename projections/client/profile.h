#pragma once

#include <string>

#include "projections/client/client.h"

namespace kefu::client {

// Takes over the profile a client was registered with, and notes where each part of it comes from.
void TakeProfile(const sdk::Recorded<events::v1::ClientRegistered>& registered, query::v1::Client& row);

// Applies a patch. On a path that names no field it stops and returns that path; else it returns an empty text.
std::string TakeProfile(const sdk::Recorded<events::v1::ClientProfileChanged>& changed, query::v1::Client& row);

}  // namespace kefu::client
