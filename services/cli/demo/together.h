#pragma once

// What is about several clients of a sample: families, groups of companies, records that are one client, and the
// attempts that have to fail.

#include <vector>

#include "services/cli/demo/story.h"

namespace kefu::cli {

// Clients by number, less 1; their events are told already.
using Clients = std::vector<Told>;

// Households, guardians, who represents and who owns; groups of five companies with a parent; a relation that ends.
std::vector<events::v1::Event> MakeRelations(const DemoOptions& options, const Clients& clients);

// One merge that stands, and one that was a mistake and is undone.
std::vector<events::v1::Event> MakeMerges(const DemoOptions& options, const Clients& clients);

// What the rules forbid, once each: a contact in quiet hours, one against a withdrawn consent, a cycle in a group, …
// The correlation id of each is "attempt/RULE", the rule that refuses it (ExpectedRule).
std::vector<events::v1::Event> MakeAttempts(const DemoOptions& options, const Clients& clients);

// The same of brokers, leads and products: a client given to a leaver, what does not suit, a lead without consent, …
std::vector<events::v1::Event> MakeServiceAttempts(const DemoOptions& options, const Clients& clients);

}  // namespace kefu::cli
