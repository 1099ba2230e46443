#include "services/cli/demo/branch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "platform/base/time.h"
#include "services/cli/demo/history.h"
#include "services/cli/demo/people.h"

namespace kefu::cli {
namespace {

using events::v1::Channel;
using events::v1::Event;

constexpr std::array<Weighted<Channel>, 10> kInbound = {{{34, events::v1::CHANNEL_PHONE},
                                                         {22, events::v1::CHANNEL_APP},
                                                         {14, events::v1::CHANNEL_WECHAT},
                                                         {8, events::v1::CHANNEL_WEB_CHAT},
                                                         {7, events::v1::CHANNEL_EMAIL},
                                                         {5, events::v1::CHANNEL_COUNTER},
                                                         {4, events::v1::CHANNEL_IVR},
                                                         {3, events::v1::CHANNEL_SELF_SERVICE},
                                                         {2, events::v1::CHANNEL_VISIT},
                                                         {1, events::v1::CHANNEL_LETTER}}};
constexpr std::array<Weighted<Channel>, 6> kOutbound = {{{52, events::v1::CHANNEL_PHONE},
                                                         {18, events::v1::CHANNEL_WECHAT},
                                                         {14, events::v1::CHANNEL_EMAIL},
                                                         {9, events::v1::CHANNEL_SMS},
                                                         {5, events::v1::CHANNEL_VISIT},
                                                         {2, events::v1::CHANNEL_LETTER}}};
constexpr std::array<Weighted<std::string_view>, 11> kTopics = {{{26, "trading"},
                                                                 {18, "market_query"},
                                                                 {12, "statement"},
                                                                 {9, "fees"},
                                                                 {8, "transfer"},
                                                                 {7, "ipo"},
                                                                 {6, "margin"},
                                                                 {5, "dividend"},
                                                                 {4, "password"},
                                                                 {3, "tax"},
                                                                 {2, "account"}}};
constexpr std::array<Weighted<std::string_view>, 5> kOutboundTopics = {
    {{40, "product_advice"}, {25, "market_query"}, {15, "margin_call"}, {12, "papers"}, {8, "birthday"}}};

bool IsAloneOrWritten(Channel channel) {
  return channel == events::v1::CHANNEL_APP || channel == events::v1::CHANNEL_IVR ||
         channel == events::v1::CHANNEL_SELF_SERVICE || channel == events::v1::CHANNEL_EMAIL;
}

// Makes up one client's whole history.
class ClientStory {
 public:
  ClientStory(const DemoOptions& options, int64_t number)
      : options_(options),
        number_(number),
        // Every client has a stream of its own, so more clients do not change those that were there.
        random_(options.seed * 0x9e3779b97f4a7c15u + static_cast<uint64_t>(number)),
        history_(fmt::format("C-{:05}", number), AtBranch(options.from + options.days, 0), options.seed) {}

  std::vector<Event> Tell() {
    const absl::CivilDay since = Register();
    // A few clients are most of the work.
    const int64_t busy = random_.Chance(60) ? 5 : random_.Chance(250) ? 2 : 1;
    int64_t complaints = 0;
    int64_t requests = 0;
    for (absl::CivilDay day = since; day < options_.from + options_.days; ++day) {
      const bool workday = IsWorkday(day);
      if (random_.Chance((workday ? 170 : 25) * busy)) Contact(day, workday, true);
      if (workday && random_.Chance(80 * busy)) Contact(day, workday, false);
      if (workday && random_.Chance(7 * busy)) AddComplaint(random_, history_, day, ++complaints);
      if (workday && random_.Chance(22 * busy)) AddRequest(random_, history_, day, ++requests);
      if (workday && random_.Chance(14 * busy)) Offer(day);
      if (workday && random_.Chance(9)) LearnSomething(day);
    }
    if (random_.Chance(40)) Rest();
    return history_.Take();
  }

 private:
  // Most clients were there before the first day. Gives the first day they can be met.
  absl::CivilDay Register() {
    const bool old = random_.Chance(780);
    absl::CivilDay day = old ? options_.from - random_.Between(30, 3000) : options_.from + random_.Below(options_.days);
    while (!IsWorkday(day)) --day;
    const std::string broker = MakeBroker(random_);
    const int64_t minute = random_.Between(520, 990);
    auto& client = *history_.Add(AtBranch(day, minute), "core", broker).mutable_client_registered();
    client = MakeClient(random_, number_);
    organisation_ = client.kind() == events::v1::CLIENT_KIND_ORGANISATION;
    auto& configured =
        *history_.Add(AtBranch(day, minute + 12), "core", broker).mutable_service_configuration_changed();
    *configured.mutable_configuration() = MakeConfiguration(random_, organisation_);
    return std::max(day + 1, options_.from);
  }

  void Contact(absl::CivilDay day, bool workday, bool inbound) {
    Channel channel = inbound ? Draw(random_, kInbound) : Draw(random_, kOutbound);
    // At weekends only machines answer.
    if (!workday && !IsAloneOrWritten(channel)) channel = events::v1::CHANNEL_APP;
    const bool any_hour = inbound && IsAloneOrWritten(channel);
    // The market is open from 9:00 to 13:30; two thirds of the talk is then.
    const int64_t minute = any_hour              ? random_.Between(420, 1350)
                           : random_.Chance(660) ? random_.Between(540, 810)
                                                 : random_.Between(811, 1040);
    const auto at = AtBranch(day, minute) + absl::Seconds(random_.Below(60));
    AddContact(random_, history_, at, channel, inbound ? events::v1::DIRECTION_INBOUND : events::v1::DIRECTION_OUTBOUND,
               inbound ? Draw(random_, kTopics) : Draw(random_, kOutboundTopics), "");
  }

  void Offer(absl::CivilDay day) {
    const std::string broker = MakeBroker(random_);
    const std::string id = fmt::format("O-{}-{}", history_.client_id().substr(2), ++offers_);
    static constexpr std::array<std::string_view, 4> kProducts = {"fund-balanced", "bond-5y", "structured-note",
                                                                  "margin-line"};
    const auto product = random_.Pick(kProducts);
    const auto amount = random_.Between(1, 60) * 5'000'000;
    int64_t minute = random_.Between(540, 900);
    const auto step = [&](events::v1::OfferStage stage, bool by_client) {
      auto& offer = *history_.Add(AtBranch(day, minute), "crm", by_client ? "" : broker).mutable_offer_progressed();
      offer.set_offer_id(id);
      offer.set_stage(stage);
      offer.set_product_id(std::string(product));
      offer.mutable_amount()->set_minor_units(amount);
      offer.mutable_amount()->set_currency("TWD");
    };
    step(events::v1::OFFER_STAGE_CREATED, false);
    minute += random_.Between(5, 90);
    step(events::v1::OFFER_STAGE_SENT, false);
    day = AddWorkdays(day, random_.Between(1, 8));
    const int64_t end = random_.Below(10);
    if (end < 3) step(events::v1::OFFER_STAGE_ACCEPTED, true);
    if (end >= 3 && end < 7) step(events::v1::OFFER_STAGE_DECLINED, true);
    if (end >= 8) step(events::v1::OFFER_STAGE_CANCELLED, false);
  }

  // The client tells something new of itself.
  void LearnSomething(absl::CivilDay day) {
    // One draw a statement: the order of a call's arguments is the compiler's own.
    const int64_t minute = random_.Between(540, 1000);
    Event& event = history_.Add(AtBranch(day, minute), "crm", MakeBroker(random_));
    if (random_.Chance(350)) {
      *event.mutable_service_configuration_changed()->mutable_configuration() =
          MakeConfiguration(random_, organisation_);
      return;
    }
    if (random_.Chance(250)) {
      event.mutable_client_identifiers_changed()->add_phones_added(
          fmt::format("+886900{:06}", (number_ * 7 + random_.Below(100'000)) % 1'000'000));
      return;
    }
    auto& changed = *event.mutable_client_profile_changed();
    changed.set_said_by("client");
    if (organisation_ || random_.Chance(400)) {
      changed.mutable_changed()->add_paths("investment_needs.horizon_months");
      changed.mutable_profile()->mutable_investment_needs()->set_horizon_months(
          static_cast<int32_t>(random_.Between(1, 20) * 6));
    } else {
      static constexpr std::array<std::string_view, 5> kPositions = {"manager", "director", "analyst", "owner",
                                                                     "retired"};
      changed.mutable_changed()->add_paths("person.employment.position");
      changed.mutable_profile()->mutable_person()->mutable_employment()->set_position(
          std::string(random_.Pick(kPositions)));
    }
  }

  // At the end of the last day: dormant, or gone.
  void Rest() {
    auto& changed = *history_.Add(AtBranch(options_.from + (options_.days - 1), 1439), "core", "B-01")
                         .mutable_client_status_changed();
    const bool closed = random_.Chance(250);
    changed.set_status(closed ? events::v1::CLIENT_STATUS_CLOSED : events::v1::CLIENT_STATUS_DORMANT);
    SetCode("kefu.cause", closed ? "client_left" : "no_trades", changed.mutable_cause());
  }

  const DemoOptions& options_;
  const int64_t number_;
  DemoRandom random_;
  History history_;
  bool organisation_ = false;
  int64_t offers_ = 0;
};

}  // namespace

std::vector<Event> MakeBranch(const DemoOptions& options) {
  std::vector<Event> events;
  for (int64_t number = 1; number <= options.clients; ++number)
    for (Event& event : ClientStory(options, number).Tell()) events.push_back(std::move(event));
  // Stable, so that events of one client at one moment stay in the order they were told.
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return FromProto(a.occurred_at()) < FromProto(b.occurred_at());
  });
  return events;
}

}  // namespace kefu::cli
