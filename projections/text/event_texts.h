#pragma once

// The texts of an event that can be searched: every field marked as free text, at any depth. Found by the mark, once
// for each kind of event, so that a new field is searched without a line here.

#include <string>
#include <string_view>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "projections/text/words.h"

namespace kefu::text {

// Words and characters of one event that are looked at, over its texts in the order of their fields; later ones cannot
// be found. Bounds what an event writes.
inline constexpr size_t kMostUnits = 512;

struct EventText {
  // Where it is in the body, such as "opening.description". Lives for ever.
  std::string_view field;
  // Borrowed from the event.
  std::string_view text;
  std::vector<Unit> units;
};

// Texts that are not empty, cut at kMostUnits.
std::vector<EventText> TextsOf(const events::v1::Event& event);

// Can an event with this body (its tag in Event) hold text?
bool MayHoldText(int body_tag);

}  // namespace kefu::text
