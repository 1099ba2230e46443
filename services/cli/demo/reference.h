#pragma once

// The reference data of a sample: the rules it is judged by, calendars and policies as deploy/policies has them (compiled
// in, so that a program that was installed without them still gives the same sample), units and codes of the made-up firm.

#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "services/cli/demo/office.h"

namespace kefu::cli {

// In an order in which each is admitted: rules, calendars, units, codes, staff with its qualifications, products, packs,
// segment rules. Last is what the view `reference` keeps: once that has been copied, so has staff. The same for every
// seed, ids too: a second sample finds them published.
std::vector<events::v1::Event> MakeReference();

// What each tier is promised; version 2 promises more, to some.
events::v1::ServiceLevelsPublished MakeServiceLevels(int32_t version, absl::CivilDay from);

// The branches, with the calendars among `reference`: two in Taiwan, one on the mainland.
std::vector<Office> MakeOffices(const std::vector<events::v1::Event>& reference);

}  // namespace kefu::cli
