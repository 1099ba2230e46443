#pragma once

// A switch of a view's builds by a person's word.

#include <string_view>

#include "projections/engine/engine.h"

namespace kefu::engine {

// Engine::SwitchView, with who wants it and why: both are told to the log with the switch (Engine::SwitchesToTell), and
// survive a restart in between. The same errors.
Status OrderSwitch(Engine& engine, std::string_view view, bool back, std::string_view actor_id,
                   std::string_view reason);

}  // namespace kefu::engine
