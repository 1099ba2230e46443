#include "services/cli/demo/together.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "platform/base/time.h"
#include "services/cli/demo/book.h"
#include "services/cli/demo/history.h"
#include "services/cli/demo/writer.h"

namespace kefu::cli {
namespace {

using namespace events::v1;

constexpr int64_t kGroupSize = 5;

// Numbers of the organisations, in groups that more clients only add to.
std::vector<std::vector<int64_t>> GroupsOf(const Clients& clients) {
  std::vector<std::vector<int64_t>> groups;
  for (size_t i = 0; i < clients.size(); ++i) {
    if (!clients[i].organisation) continue;
    if (groups.empty() || groups.back().size() == kGroupSize) groups.emplace_back();
    groups.back().push_back(static_cast<int64_t>(i) + 1);
  }
  return groups;
}

// The day on which it is told how these two stand to each other: the one after the later of them came.
absl::CivilDay RelatedOn(const Clients& clients, int64_t a, int64_t b) {
  const auto of = [&](int64_t number) { return clients[static_cast<size_t>(number) - 1].registered; };
  return std::max(of(a), of(b)) + 1;
}

class RelationWriter {
 public:
  RelationWriter(const DemoOptions& options, const Clients& clients)
      : options_(options), clients_(clients), writer_(options, "relation") {}

  std::vector<Event> Write() {
    Families();
    for (const auto& group : GroupsOf(clients_)) Group(group);
    return writer_.Take();
  }

 private:
  const Told& Of(int64_t number) const { return clients_[static_cast<size_t>(number) - 1]; }
  bool IsPerson(int64_t number) const {
    return number >= 1 && number <= static_cast<int64_t>(clients_.size()) && !Of(number).organisation;
  }

  std::string Relate(RelationKind kind, int64_t from, int64_t to, std::string_view detail) {
    const absl::CivilDay day = RelatedOn(clients_, from, to);
    const std::string id = fmt::format("L-{:05}-{:05}-{}", from, to, static_cast<int>(kind));
    if (day >= options_.from + options_.days) return "";
    auto& started = *writer_.Add(AtBranch(day, 640), "core").mutable_client_relation_started();
    started.set_relation_id(id);
    started.set_kind(kind);
    started.set_client_id(ClientIdOf(from));
    started.set_other_client_id(ClientIdOf(to));
    started.set_detail(std::string(detail));
    *started.mutable_true_since() = ToProto(AtBranch(day - 300, 0));
    started.set_said_by("client");
    return id;
  }

  void Families() {
    const auto count = static_cast<int64_t>(clients_.size());
    for (int64_t number = 3; number < count; number += 7) {
      if (!IsPerson(number) || !IsPerson(number + 1)) continue;
      const std::string id = Relate(RELATION_KIND_HOUSEHOLD, number, number + 1, "spouse");
      if (number % 5 == 0 && IsPerson(number + 2)) {
        Relate(RELATION_KIND_HOUSEHOLD, number, number + 2, "child");
        Relate(RELATION_KIND_GUARDIAN, number, number + 2, "mother");
      }
      // One couple in sixteen parts.
      if (number % 16 != 15 || id.empty()) continue;
      const absl::Time at = Moment(options_, 700, 660);
      if (at <= AtBranch(RelatedOn(clients_, number, number + 1), 640)) continue;
      auto& ended = *writer_.Add(at, "core").mutable_client_relation_ended();
      ended.set_relation_id(id);
      ended.set_said_by("client");
    }
  }

  // A holding, two daughters, a granddaughter, and one that is only close to it.
  void Group(const std::vector<int64_t>& group) {
    if (group.size() >= 2) Relate(RELATION_KIND_PARENT, group[0], group[1], "holds 100 %");
    if (group.size() >= 3) Relate(RELATION_KIND_PARENT, group[0], group[2], "holds 60 %");
    if (group.size() >= 4) Relate(RELATION_KIND_PARENT, group[1], group[3], "holds 75 %");
    if (group.size() >= 5) Relate(RELATION_KIND_RELATED_PARTY, group[0], group[4], "same chairman");
    if (!IsPerson(group[0] + 1)) return;
    Relate(RELATION_KIND_LEGAL_REPRESENTATIVE, group[0] + 1, group[0], "chairman");
    Relate(RELATION_KIND_BENEFICIAL_OWNER, group[0] + 1, group[0], "holds 31 %");
    if (IsPerson(group[0] + 2)) Relate(RELATION_KIND_AUTHORISED_PERSON, group[0] + 2, group[0], "may trade");
  }

  const DemoOptions& options_;
  const Clients& clients_;
  Writer writer_;
};

}  // namespace

std::vector<Event> MakeRelations(const DemoOptions& options, const Clients& clients) {
  return RelationWriter(options, clients).Write();
}

std::vector<Event> MakeMerges(const DemoOptions& options, const Clients& clients) {
  Writer writer(options, "merge");
  // The second record of client 8, found at the counter; and two neighbours who share a telephone.
  constexpr int64_t kSecond = 9;
  constexpr int64_t kNeighbour = 12;
  if (static_cast<int64_t>(clients.size()) < kNeighbour) return {};
  const auto merge = [&](absl::Time at, int64_t surviving, int64_t merged, std::string_view cause) {
    Event& event = writer.Add(at, "core");
    auto& body = *event.mutable_client_records_merged();
    body.set_surviving_client_id(ClientIdOf(surviving));
    body.set_merged_client_id(ClientIdOf(merged));
    SetCode("kefu.merge", cause, body.mutable_cause());
    SetEvidence(fmt::format("merge-{}-{}.pdf", surviving, merged), "application/pdf", body.add_evidence());
    return event.event_id();
  };
  merge(Moment(options, 550, 620), SecondRecordOf(kSecond), kSecond, "same_identity_number");
  const std::string mistake = merge(Moment(options, 600, 630), kNeighbour - 1, kNeighbour, "same_phone");
  auto& split = *writer.Add(Moment(options, 700, 900), "core").mutable_client_records_split();
  split.set_merge_event_id(mistake);
  SetCode("kefu.merge", "different_persons", split.mutable_cause());
  return writer.Take();
}

namespace {

// The contacts that a client's wishes forbid.
class ForbiddenContacts {
 public:
  ForbiddenContacts(const DemoOptions& options, const Clients& clients) : options_(options), clients_(clients) {}

  struct Found {
    int64_t number;
    absl::Time at;
    Channel channel;
  };

  std::optional<Found> InQuietHours() const {
    const absl::Time at = Moment(options_, 750, 1'395);
    return First(at, [&](const Manners& manners) -> std::optional<Channel> {
      if (manners.QuietAfter(at, at) == absl::ZeroDuration()) return std::nullopt;
      return AllowedChannel(manners, at);
    });
  }

  std::optional<Found> AgainstConsent() const {
    const absl::Time at = Moment(options_, 760, 660);
    return First(at, [&](const Manners& manners) -> std::optional<Channel> {
      if (manners.AllowsPurpose("marketing", at)) return std::nullopt;
      return AllowedChannel(manners, at);
    });
  }

  std::optional<Found> OnOtherChannel() const {
    const absl::Time at = Moment(options_, 770, 660);
    return First(at, [&](const Manners& manners) -> std::optional<Channel> {
      if (manners.AllowsChannel(CHANNEL_SMS, at)) return std::nullopt;
      return CHANNEL_SMS;
    });
  }

 private:
  static Channel AllowedChannel(const Manners& manners, absl::Time at) {
    const auto& allowed = manners.At(at).allowed_channels();
    return allowed.empty() ? CHANNEL_PHONE : static_cast<Channel>(allowed[0]);
  }

  template <class Choose>
  std::optional<Found> First(absl::Time at, Choose choose) const {
    for (size_t i = 0; i < clients_.size(); ++i) {
      const Told& told = clients_[i];
      if (AtBranch(told.registered + 1, 0) > at || AtBranch(told.leaves, 0) < at) continue;
      if (const auto channel = choose(told.manners)) return Found{static_cast<int64_t>(i) + 1, at, *channel};
    }
    return std::nullopt;
  }

  const DemoOptions& options_;
  const Clients& clients_;
};

}  // namespace

std::vector<Event> MakeAttempts(const DemoOptions& options, const Clients& clients) {
  Writer writer(options, "attempt");
  const auto attempt = [&](absl::Time at, std::string_view rule, int64_t number) -> Event& {
    Event& event = writer.Add(at, "crm");
    event.set_correlation_id(fmt::format("{}{}", kAttempt, rule));
    if (number > 0) event.set_client_id(ClientIdOf(number));
    return event;
  };
  const auto contact = [&](const std::optional<ForbiddenContacts::Found>& found, std::string_view rule,
                           std::string_view purpose) {
    if (!found) return;
    Event& event = attempt(found->at, rule, found->number);
    auto& body = *event.mutable_contact_recorded();
    body.set_contact_id("t-" + event.event_id());
    body.set_channel(found->channel);
    body.set_direction(DIRECTION_OUTBOUND);
    SetCode("kefu.topic", "product_advice", body.mutable_topic());
    body.set_staff_id("B-13");
    body.set_purpose(std::string(purpose));
  };
  const ForbiddenContacts forbidden(options, clients);
  contact(forbidden.InQuietHours(), "contact_in_quiet_hours", "service");
  contact(forbidden.AgainstConsent(), "consent_withdrawn", "marketing");
  contact(forbidden.OnOtherChannel(), "channel_not_allowed", "service");

  const absl::Time at = Moment(options, 800, 700);
  auto& itself = *attempt(at, "merge_with_itself", 0).mutable_client_records_merged();
  itself.set_surviving_client_id(ClientIdOf(1));
  itself.set_merged_client_id(ClientIdOf(1));
  for (const auto& group : GroupsOf(clients)) {
    // A daughter above its holding, if it is known by then that it is one.
    if (group.size() < 2 || AtBranch(RelatedOn(clients, group[0], group[1]) + 1, 0) > at) continue;
    auto& cycle = *attempt(at, "tree_has_cycle", 0).mutable_client_relation_started();
    cycle.set_relation_id("L-cycle");
    cycle.set_kind(RELATION_KIND_PARENT);
    cycle.set_client_id(ClientIdOf(group[1]));
    cycle.set_other_client_id(ClientIdOf(group[0]));
    break;
  }
  for (size_t i = 0; i < clients.size(); ++i) {
    if (clients[i].organisation || AtBranch(clients[i].registered + 1, 0) > at || AtBranch(clients[i].leaves, 0) < at)
      continue;
    const auto number = static_cast<int64_t>(i) + 1;
    attempt(at, "client_exists", number).mutable_client_registered()->set_kind(CLIENT_KIND_PERSON);
    auto& patch = *attempt(at, "profile_of_other_kind", number).mutable_client_profile_changed();
    patch.mutable_changed()->add_paths("organisation.legal_form");
    patch.mutable_profile()->mutable_organisation()->set_legal_form("partnership");
    attempt(at, "undertaking_unknown", number).mutable_promise_kept()->set_promise_id("P-never-made");
    break;
  }
  return writer.Take();
}

namespace {

// What brokers may not do.
class ForbiddenService {
 public:
  ForbiddenService(const DemoOptions& options, const Clients& clients)
      : options_(options), clients_(clients), writer_(options, "attempt-service") {}

  std::vector<Event> Write() {
    ToLeaver();
    Recommend(Bearing::kCautious, "structured-note", "unsuitable");
    Recommend(Bearing::kExpired, "bond-5y", "assessment_expired");
    Recommend(Bearing::kUnknown, "bond-5y", "assessment_missing");
    Recommend(Bearing::kActive, "never-published", "product_unknown");
    LeadWithoutConsent();
    auto& alias = *Attempt(at_, "alias_taken", 0).mutable_product_alias_published();
    alias.set_alias("每日晨報");
    alias.set_product_id("bond-5y");
    return writer_.Take();
  }

 private:
  Event& Attempt(absl::Time at, std::string_view rule, int64_t number) {
    Event& event = writer_.Add(at, "crm");
    // By its rule, as some may be missing in a small sample.
    event.set_event_id(fmt::format("demo-{}-attempt-{}", options_.seed, rule));
    event.set_correlation_id(fmt::format("{}{}", kAttempt, rule));
    if (number > 0) event.set_client_id(ClientIdOf(number));
    return event;
  }

  // The first client that is there then and is such a one; 0 if none is.
  template <class Condition>
  int64_t First(absl::Time at, Condition condition) const {
    for (size_t i = 0; i < clients_.size(); ++i) {
      const Told& told = clients_[i];
      const auto number = static_cast<int64_t>(i) + 1;
      if (AtBranch(told.registered + 1, 0) <= at && AtBranch(told.leaves, 0) > at && condition(number, told))
        return number;
    }
    return 0;
  }

  // Before its clients are told: while one is not, the handover cannot be complete.
  void ToLeaver() {
    const absl::Time at = AtBranch(HandoverDay(options_), 600);
    const bool leaves = First(at, [&](int64_t each, const Told& told) {
      return IsHandedOver(options_, each, told);
    }) > 0;
    const int64_t number = First(at, [&](int64_t each, const Told& told) {
      return !IsHandedOver(options_, each, told);
    });
    if (!leaves || number == 0) return;
    auto& assigned = *Attempt(at, "staff_leaving", number).mutable_client_assigned_to_broker();
    assigned.set_staff_id(std::string(kLeaver));
    assigned.set_role(BROKER_ROLE_BACKUP);
  }

  void Recommend(Bearing bearing, std::string_view product, std::string_view rule) {
    // A short sample may have nobody assessed by then: long holidays.
    if (options_.days < 30) return;
    const int64_t number = First(at_, [&](int64_t each, const Told& told) {
      return BearingOf(options_, each, told) == bearing && !told.organisation;
    });
    if (number == 0) return;
    auto& made = *Attempt(at_, rule, number).mutable_recommendation_made();
    made.set_recommendation_id(fmt::format("RC-{}", rule));
    made.set_product_id(std::string(product));
    made.set_staff_id(std::string(kSuccessor));
  }

  void LeadWithoutConsent() {
    const int64_t number =
        First(at_, [&](int64_t, const Told& told) { return !told.manners.AllowsPurpose("marketing", at_); });
    if (number == 0) return;
    auto& raised = *Attempt(at_, "lead_without_consent", number).mutable_lead_raised();
    raised.set_lead_id("LD-without-consent");
    raised.set_direction(LEAD_DIRECTION_SERVICE_TO_MARKETING);
    SetCode("kefu.need", "idle_cash", raised.mutable_need());
    raised.set_raised_by("S-01");
    raised.set_owner_id(std::string(kSuccessor));
    *raised.mutable_due_at() = ToProto(at_ + absl::Hours(72));
  }

  const DemoOptions& options_;
  const Clients& clients_;
  Writer writer_;
  const absl::Time at_ = Moment(options_, 810, 660);
};

}  // namespace

std::vector<Event> MakeServiceAttempts(const DemoOptions& options, const Clients& clients) {
  return ForbiddenService(options, clients).Write();
}

}  // namespace kefu::cli
