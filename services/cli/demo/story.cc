#include "services/cli/demo/story.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "platform/base/time.h"
#include "services/cli/demo/cases.h"
#include "services/cli/demo/contacts.h"
#include "services/cli/demo/market.h"
#include "services/cli/demo/people.h"

namespace kefu::cli {
namespace {

using namespace events::v1;

// Purposes of SeedOf.
enum : uint64_t { kStorySeed = 1, kPersonSeed = 2, kMarketSeed = 3, kMannersSeed = 4 };

Fate Staying(Fate fate) {
  fate.leaves = Fate().leaves;
  fate.fades_over = 0;
  return fate;
}

// Makes up one client's whole history.
class ClientStory {
 public:
  ClientStory(const DemoOptions& options, const Office& office, absl::CivilDay outage, int64_t number)
      : options_(options),
        office_(office),
        outage_(outage),
        number_(number),
        random_(SeedOf(options.seed, static_cast<uint64_t>(number), kStorySeed)),
        until_(options.from + options.days),
        history_(ClientIdOf(number), office, AtBranch(until_, 0), options.seed) {}

  Told Tell() {
    const absl::CivilDay since = Register();
    AddIdentities(since);
    ChangeManners(since);
    DemoRandom market(SeedOf(options_.seed, static_cast<uint64_t>(number_), kMarketSeed));
    AddMarket(market, history_, since, until_);
    // A few clients are most of the work.
    const int64_t busy = random_.Chance(60) ? 5 : random_.Chance(250) ? 2 : 1;
    for (absl::CivilDay day = since; day < until_ && !history_.fate.HasLeft(day); ++day)
      LiveThrough(day, busy);
    Rest();
    return {history_.Take(), organisation_, registered_, history_.fate.leaves, std::move(history_.manners)};
  }

 private:
  // Most clients were there before the first day. Gives the first day they can be met.
  absl::CivilDay Register() {
    const bool old = random_.Chance(780);
    registered_ = old ? options_.from - random_.Between(30, 3000) : options_.from + random_.Below(options_.days);
    while (!office_.workdays.IsOpen(registered_)) --registered_;
    const int64_t minute = random_.Between(520, 990);
    const int64_t first = SecondRecordOf(number_);
    DemoRandom person(SeedOf(options_.seed, static_cast<uint64_t>(first > 0 ? first : number_), kPersonSeed));
    ClientRegistered client = MakeClient(person, first > 0 ? first : number_, office_);
    if (first > 0) client = MakeSecondRecord(client, number_);
    organisation_ = client.kind() == CLIENT_KIND_ORGANISATION;
    history_.fate = MakeFate(random_, organisation_, options_.from, options_.days);
    // Who comes within the sample stays.
    if (history_.fate.leaves <= registered_) history_.fate = Staying(history_.fate);
    history_.companion = MakeCompanion(random_, organisation_, office_);
    const absl::Time at = AtBranch(registered_, minute);
    auto configuration = MakeConfiguration(random_, organisation_, office_, at + absl::Minutes(12));
    history_.broker = configuration.broker_id();
    history_.manners.Set(at + absl::Minutes(12), configuration);
    *history_.Add(at, "core", history_.broker).mutable_client_registered() = std::move(client);
    *history_.Add(at + absl::Minutes(12), "core", history_.broker)
         .mutable_service_configuration_changed()
         ->mutable_configuration() = std::move(configuration);
    if (!old) AddCallBack(random_, history_, at + absl::Minutes(15), "new_account", "", "");
    return std::max(registered_ + 1, options_.from);
  }

  void AddIdentities(absl::CivilDay since) {
    const absl::Time at = AtBranch(registered_, 1'010);
    const auto link = [&](absl::Time when, Channel channel, const std::string& handle, IdentityProof proof) {
      auto& identity = *history_.Add(when, "app", "").mutable_channel_identity_linked()->mutable_identity();
      identity.set_channel(channel);
      identity.set_handle(handle);
      identity.set_proof(proof);
      if (proof == IDENTITY_PROOF_VERIFIED) SetEvidence(handle + ".json", "application/json", identity.mutable_evidence());
    };
    const std::string app = fmt::format("app-user-{}", 100'000 + number_ * 7);
    const std::string wechat = fmt::format("wx-open-{:06x}", static_cast<uint32_t>(number_ * 7'919 % 0xffffff));
    const bool has_app = random_.Chance(700);
    const bool has_wechat = random_.Chance(450);
    const int64_t later = random_.Below(options_.days);
    const int64_t then = random_.Below(1000);
    if (has_app) link(at, CHANNEL_APP, app, IDENTITY_PROOF_VERIFIED);
    if (has_wechat) link(at + absl::Minutes(2), CHANNEL_WECHAT, wechat, IDENTITY_PROOF_DECLARED);
    const absl::CivilDay day = since + later;
    if (!has_wechat || day >= history_.fate.leaves) return;
    if (then < 300) link(AtBranch(day, 700), CHANNEL_WECHAT, wechat, IDENTITY_PROOF_VERIFIED);
    if (then >= 900) {
      auto& unlinked = *history_.Add(AtBranch(day, 700), "app", "").mutable_channel_identity_unlinked();
      unlinked.set_channel(CHANNEL_WECHAT);
      unlinked.set_handle(wechat);
      SetCode("kefu.cause", "new_phone", unlinked.mutable_cause());
    }
  }

  // All changes of how the client wants to be served, told before the rest: what is written about later days has to
  // know them.
  void ChangeManners(absl::CivilDay since) {
    DemoRandom random(SeedOf(options_.seed, static_cast<uint64_t>(number_), kMannersSeed));
    for (absl::CivilDay day = since; day < until_ && day < history_.fate.leaves; ++day) {
      const bool changes = random.Chance(3);
      const bool decides = random.Chance(2);
      const absl::Time at = AtBranch(day, random.Between(540, 1'000));
      if (!office_.workdays.IsOpen(day)) continue;
      ServiceConfiguration configuration = history_.manners.At(at);
      if (changes) {
        const ServiceConfiguration wanted = MakeConfiguration(random, organisation_, office_, at);
        configuration.set_preferred_channel(wanted.preferred_channel());
        *configuration.mutable_quiet_hours() = wanted.quiet_hours();
        *configuration.mutable_subscribed_products() = wanted.subscribed_products();
        configuration.set_tier(wanted.tier());
        *history_.Add(at, "crm", history_.broker).mutable_service_configuration_changed()->mutable_configuration() =
            configuration;
        history_.manners.Set(at, configuration);
      } else if (decides) {
        // Advertising: yes becomes no, no becomes yes.
        Consent& consent = *configuration.mutable_consents(1);
        consent.set_given(!consent.given());
        *consent.mutable_since() = ToProto(at);
        consent.set_text_version("2025-07");
        SetEvidence(fmt::format("{}-consent-{}.pdf", history_.client_id(), absl::FormatCivilTime(day)),
                    "application/pdf", consent.mutable_evidence());
        *history_.Add(at, "app", "").mutable_consent_changed()->mutable_consent() = consent;
        history_.manners.Set(at, configuration);
      }
    }
  }

  void LiveThrough(absl::CivilDay day, int64_t busy) {
    const bool workday = office_.workdays.IsOpen(day);
    const int64_t vigour = std::max<int64_t>(history_.fate.VigourAt(day), 150);
    const int64_t anger = history_.fate.FadesAt(day) ? 5 : 1;
    if (random_.Chance((workday ? 170 : 25) * busy * vigour / 1000)) AddDailyContact(random_, history_, day, true);
    if (workday && random_.Chance(80 * busy)) AddDailyContact(random_, history_, day, false);
    if (workday && random_.Chance(5 * busy * anger)) AddComplaint(random_, history_, day);
    if (workday && random_.Chance(22 * busy)) AddRequest(random_, history_, day);
    if (workday && random_.Chance(14 * busy)) Offer(day);
    if (workday && random_.Chance(6)) LearnSomething(day);
    if (workday && random_.Chance(1))
      AddCallBack(random_, history_, AtBranch(day, 545), "yearly_sample", "", "");
    if (day == outage_ && random_.Chance(40)) AddOutageComplaint(random_, history_, day);
  }

  void Offer(absl::CivilDay day) {
    static constexpr std::array<std::string_view, 4> kProducts = {"fund-balanced", "bond-5y", "structured-note",
                                                                  "margin-line"};
    const std::string id = history_.NewId("O");
    const auto product = random_.Pick(kProducts);
    const auto amount = random_.Between(1, 60) * 5'000'000;
    int64_t minute = random_.Between(540, 900);
    const auto step = [&](OfferStage stage, bool by_client) {
      auto& offer =
          *history_.Add(AtBranch(day, minute), "crm", by_client ? "" : history_.broker).mutable_offer_progressed();
      offer.set_offer_id(id);
      offer.set_stage(stage);
      offer.set_product_id(std::string(product));
      SetMoney(history_, amount, offer.mutable_amount());
    };
    step(OFFER_STAGE_CREATED, false);
    minute += random_.Between(5, 90);
    step(OFFER_STAGE_SENT, false);
    day = office_.workdays.Add(day, random_.Between(1, 8));
    const int64_t end = random_.Below(10);
    if (end < 3) step(OFFER_STAGE_ACCEPTED, true);
    if (end >= 3 && end < 7) step(OFFER_STAGE_DECLINED, true);
    if (end >= 8) step(OFFER_STAGE_CANCELLED, false);
  }

  // The client tells something new of itself.
  void LearnSomething(absl::CivilDay day) {
    // One draw a statement: the order of a call's arguments is the compiler's own.
    const int64_t minute = random_.Between(540, 1000);
    const int64_t what = random_.Below(1000);
    if (day >= history_.fate.leaves) return;
    Event& event = history_.Add(AtBranch(day, minute), "crm", history_.broker);
    if (what < 250) {
      event.mutable_client_identifiers_changed()->add_phones_added(
          fmt::format("+886900{:06}", (number_ * 7 + random_.Below(100'000)) % 1'000'000));
      return;
    }
    auto& changed = *event.mutable_client_profile_changed();
    auto& profile = *changed.mutable_profile();
    *changed.mutable_true_since() = ToProto(AtBranch(day - random_.Between(1, 40), 0));
    if (what < 500) {
      changed.set_said_by("questionnaire 2025-09");
      changed.mutable_changed()->add_paths("investment_needs.horizon_months");
      profile.mutable_investment_needs()->set_horizon_months(static_cast<int32_t>(random_.Between(1, 20) * 6));
      changed.mutable_changed()->add_paths("investment_needs.liquidity");
      profile.mutable_investment_needs()->set_liquidity("months");
    } else if (organisation_) {
      changed.set_said_by("tax office");
      changed.mutable_changed()->add_paths("organisation.tax_status");
      profile.mutable_organisation()->set_tax_status("general taxpayer");
    } else if (what < 800) {
      static constexpr std::array<std::string_view, 5> kPositions = {"manager", "director", "analyst", "owner",
                                                                     "retired"};
      changed.set_said_by("client");
      changed.mutable_changed()->add_paths("person.employment.position");
      profile.mutable_person()->mutable_employment()->set_position(std::string(random_.Pick(kPositions)));
    } else {
      changed.set_said_by("client");
      changed.mutable_changed()->add_paths("person.likes");
      profile.mutable_person()->add_likes("太極拳");
    }
  }

  // Who leaves closes the accounts; some others are found dormant at the end of the last day.
  void Rest() {
    const bool dormant = random_.Chance(30);
    const absl::CivilDay left = history_.fate.leaves;
    if (left >= until_ && !dormant) return;
    const bool closed = left < until_;
    auto& changed = *history_.Add(AtBranch(closed ? left : until_ - 1, 1'439), "core", "B-01")
                         .mutable_client_status_changed();
    changed.set_status(closed ? CLIENT_STATUS_CLOSED : CLIENT_STATUS_DORMANT);
    SetCode("kefu.cause", closed ? "client_left" : "no_trades", changed.mutable_cause());
  }

  const DemoOptions& options_;
  const Office& office_;
  const absl::CivilDay outage_;
  const int64_t number_;
  DemoRandom random_;
  const absl::CivilDay until_;
  History history_;
  absl::CivilDay registered_;
  bool organisation_ = false;
};

}  // namespace

std::string ClientIdOf(int64_t number) { return fmt::format("C-{:05}", number); }

int64_t SecondRecordOf(int64_t number) { return number == 9 ? 8 : 0; }

Told TellStory(const DemoOptions& options, const Office& office, absl::CivilDay outage, int64_t number) {
  return ClientStory(options, office, outage, number).Tell();
}

}  // namespace kefu::cli
