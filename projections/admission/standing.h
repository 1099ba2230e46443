#pragma once

// What admission's memory took from an event, so that a correction leaves it as it was: views show the corrected state,
// but what later events were judged by is not judged again.

#include <cstdint>
#include <string_view>

#include "kefu/events/v1/event.pb.h"

namespace kefu::admission {

// What may be said later of an applied event of this kind.
enum class Mending {
  kNone,     // state was moved by what it says: the next event answers it
  kCorrect,  // it may be corrected where what state took from it (StandsOn) stays as it was
  kAnnul,    // it may be annulled, too: no later verdict stands on it
};

// By the body's tag: the first event need not be at hand.
Mending MendingOf(int body_tag);

// The ids an event has, and what else was judged or kept of it, as a number; 0 where there is nothing. On disk, frozen:
// low half of sums of XXH3-64.
uint32_t StandsOn(const events::v1::Event& event);

// What SeenEvent keeps of a client's id.
uint32_t HashOfClient(std::string_view client_id);

}  // namespace kefu::admission
