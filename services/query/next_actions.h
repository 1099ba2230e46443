#pragma once

// What the published rules propose to do next with clients (下一步行動), and why. Evaluated when asked, over the facts that
// segments are made of.

#include <absl/time/time.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kefu/query/v1/lead.pb.h"
#include "kefu/query/v1/suitability.pb.h"
#include "platform/base/status.h"
#include "projections/activity/facts.h"
#include "projections/lead/answers.h"
#include "services/query/reader.h"

namespace kefu::query {

// What proposals to all clients have in common. A value, read once a request.
struct NextActionRules {
  // The newest; nothing if none were published.
  std::optional<events::v1::NextActionRulesPublished> rules;
  std::optional<events::v1::ChurnModelPublished> model;
  // The newest version of each product that a rule names.
  std::map<std::string, events::v1::ServiceProductPublished> products;
  // Each suitability pack's version in force at the moment asked for.
  std::vector<events::v1::SuitabilityPackPublished> packs;
};

// From the view `reference`, as partition 0 (`home`) holds it.
StatusOr<NextActionRules> ReadNextActionRules(const engine::PartitionView& home, absl::Time as_of);

// What is known of one client.
struct ClientSituation {
  query::v1::ClientActivity activity;
  lead::AnsweredActions answers;
  query::v1::InvestorMoment investor;
};

// Pure. In the order of the rules: those whose condition holds, that do not rest after an answer, and whose product, if
// they name one, is published, not withdrawn, and fits the client without insisting. Nothing for a closed client.
// Reasons are the facts that condition and priority name, in the order of first naming, at most activity::kMostReasons.
std::vector<query::v1::NextAction> NextActionsOf(const NextActionRules& rules, const ClientSituation& client,
                                                 absl::Time as_of);

// Of these, which order a list: the most urgent first, then by client and action.
struct NextActionPlace {
  int64_t priority = 0;
  std::string client_id, action_id;

  static NextActionPlace Of(const query::v1::NextAction& action);
  std::string Encode() const;
  // Nothing if it is none.
  static std::optional<NextActionPlace> Decode(std::string_view text);
  friend bool operator<(const NextActionPlace& a, const NextActionPlace& b);
};

// A page of a client's actions, or of those of all clients in a book, after `after`.
struct NextActionPage {
  std::vector<query::v1::NextAction> actions;
  // Where to go on; nothing at the end.
  std::optional<NextActionPlace> next;
};

// kNotFound (CLIENT_NOT_FOUND): nothing is known of what the client did.
StatusOr<NextActionPage> NextActionsOfClient(const Moment& moment, const std::string& client_id, absl::Time as_of,
                                             size_t size, const std::optional<NextActionPlace>& after);

// Looks at every client of the book in `moment`, all partitions.
StatusOr<NextActionPage> NextActionsOfBook(const Moment& moment, const std::string& staff_id, absl::Time as_of,
                                           size_t size, const std::optional<NextActionPlace>& after,
                                           const std::function<Status()>& keeps_going);

}  // namespace kefu::query
