#include "services/cli/demo/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "platform/base/check.h"
#include "platform/base/time.h"
#include "platform/runtime/json.h"
#include "services/cli/demo/history.h"
#include "services/cli/demo/policy_files.h"

namespace kefu::cli {
namespace {

using namespace events::v1;
using Json = nlohmann::ordered_json;

// The rules that the sample is made for; admission's kRulesVersion.
constexpr int32_t kRules = 2;

// What every part of the files is, by the field that names it.
struct Items {
  std::vector<CalendarPublished> calendars;
  std::vector<PolicyPackPublished> packs;
  std::vector<SegmentRulesPublished> segments;
  std::vector<SuitabilityPackPublished> suitability;
  std::vector<NextActionRulesPublished> next_actions;
};

// The files are part of the program, and a test reads them all: one that is wrong is a bug. A file may leave out the
// version; the sample publishes the first.
template <class Message>
Message Parse(const Json& json, std::string_view file) {
  Message message;
  const Status parsed = runtime::FromJson(json.dump(), &message);
  KEFU_CHECK(parsed.ok(), "deploy/policies/{}: {}", file, MessageOf(parsed));
  if (message.version() == 0) message.set_version(1);
  return message;
}

bool Has(const Json& json, const char* camel, const char* snake) { return json.contains(camel) || json.contains(snake); }

void Collect(const Json& json, std::string_view file, Items* items) {
  if (json.is_array()) {
    for (const Json& item : json) Collect(item, file, items);
  } else if (json.is_object()) {
    if (Has(json, "calendarId", "calendar_id") && Has(json, "week", "week")) {
      items->calendars.push_back(Parse<CalendarPublished>(json, file));
    } else if (Has(json, "packId", "pack_id") && json.contains("rows")) {
      items->suitability.push_back(Parse<SuitabilityPackPublished>(json, file));
    } else if (Has(json, "packId", "pack_id") && json.contains("clocks")) {
      items->packs.push_back(Parse<PolicyPackPublished>(json, file));
    } else if (json.contains("scheme") && json.contains("rules")) {
      items->segments.push_back(Parse<SegmentRulesPublished>(json, file));
    } else if (file.starts_with("next_actions")) {
      items->next_actions.push_back(Parse<NextActionRulesPublished>(json, file));
    } else {
      for (const auto& [name, value] : json.items()) Collect(value, file, items);
    }
  }
}

const Items& FromFiles() {
  static const Items* items = [] {
    auto* made = new Items;
    for (const PolicyFile& file : PolicyFiles()) Collect(Json::parse(file.text), file.name, made);
    return made;
  }();
  return *items;
}

class ReferenceWriter {
 public:
  std::vector<Event> Write() {
    Add("rules", std::to_string(kRules)).mutable_rules_version_adopted()->set_version(kRules);
    for (const auto& calendar : FromFiles().calendars)
      *Add("calendar", VersionOf(calendar.calendar_id(), calendar.version())).mutable_calendar_published() = calendar;
    Units();
    Codes();
    Staff();
    Catalogue();
    for (const auto& pack : FromFiles().suitability)
      if (pack.pack_id().starts_with("cn.") || pack.pack_id().starts_with("firm."))
        *Add("suitability", VersionOf(pack.pack_id(), pack.version())).mutable_suitability_pack_published() = pack;
    // The rules of the places where the firm is, and its own.
    for (const auto& pack : FromFiles().packs)
      if (pack.pack_id().starts_with("cn.") || pack.pack_id().starts_with("firm."))
        *Add("policy", VersionOf(pack.pack_id(), pack.version())).mutable_policy_pack_published() = pack;
    for (const auto& rules : FromFiles().segments)
      *Add("segments", VersionOf(rules.scheme(), rules.version())).mutable_segment_rules_published() = rules;
    for (const auto& rules : FromFiles().next_actions)
      *Add("next-actions", std::to_string(rules.version())).mutable_next_action_rules_published() = rules;
    return std::move(events_);
  }

 private:
  static std::string VersionOf(std::string_view id, int32_t version) { return fmt::format("{}/{}", id, version); }

  Event& Add(std::string_view kind, std::string_view id) {
    Event& event = events_.emplace_back();
    event.set_event_id(fmt::format("demo/{}/{}", kind, id));
    *event.mutable_occurred_at() = ToProto(AtBranch(absl::CivilDay(2025, 1, 2), 540));
    event.set_source("head-office");
    event.mutable_actor()->set_kind(ACTOR_KIND_STAFF);
    event.mutable_actor()->set_id("M-02");
    event.set_imported(true);
    return event;
  }

  void Unit(std::string_view id, std::string_view parent, UnitLevel level, std::string_view name,
            std::string_view calendar = "") {
    auto& unit = *Add("unit", id).mutable_unit_published();
    unit.set_unit_id(std::string(id));
    unit.set_parent_unit_id(std::string(parent));
    unit.set_level(level);
    unit.set_name(std::string(name));
    unit.set_calendar_id(std::string(calendar));
  }

  void Units() {
    Unit("KF", "", UNIT_LEVEL_COMPANY, "客服示範證券");
    Unit("north", "KF", UNIT_LEVEL_REGION, "臺灣", "tw.business");
    Unit("mainland", "KF", UNIT_LEVEL_REGION, "大陆", "cn.business");
    Unit("0001", "north", UNIT_LEVEL_BRANCH, "臺北營業部");
    Unit("0002", "north", UNIT_LEVEL_BRANCH, "新竹營業部");
    Unit("0003", "mainland", UNIT_LEVEL_BRANCH, "上海营业部");
  }

  void CodeSet(std::string_view scheme, std::initializer_list<std::array<std::string_view, 3>> entries) {
    auto& set = *Add("codes", scheme).mutable_code_set_published();
    set.set_scheme(std::string(scheme));
    set.set_version("2025");
    for (const auto& [value, name, parent] : entries) {
      auto& entry = *set.add_entries();
      entry.set_value(std::string(value));
      entry.set_name(std::string(name));
      entry.set_parent(std::string(parent));
    }
  }

  void Codes() {
    CodeSet("kefu.topic", {{"fees", "費用", ""},
                           {"commission", "手續費", "fees"},
                           {"margin_interest", "融資利息", "fees"},
                           {"trading", "交易", ""},
                           {"order_not_executed", "委託未成交", "trading"},
                           {"system_outage", "系統中斷", "trading"},
                           {"service", "服務", ""},
                           {"no_callback", "未回電", "service"},
                           {"attitude", "服務態度", "service"},
                           {"statement", "對帳單", ""},
                           {"advice", "投資建議", ""},
                           {"unsuitable_product", "不適合的產品", "advice"},
                           {"risk_not_explained", "未說明風險", "advice"},
                           {"transfer", "轉帳與匯撥", ""},
                           {"transfer_out", "轉戶", ""},
                           {"account", "帳戶", ""}});
    CodeSet("kefu.callback", {{"new_account", "新開戶回訪", ""},
                              {"yearly_sample", "年度抽樣回訪", ""},
                              {"complaint", "投訴回訪", ""},
                              {"asked_for", "客戶要求", ""}});
  }

  // Everybody whom the sample has do something, there and qualified long before its first client.
  void Staff() {
    constexpr std::array<StaffAct, 5> kBroker = {STAFF_ACT_SERVE, STAFF_ACT_ASSESS, STAFF_ACT_RECOMMEND,
                                                 STAFF_ACT_MARKET, STAFF_ACT_CALL_BACK};
    constexpr std::array<StaffAct, 2> kDesk = {STAFF_ACT_HANDLE_COMPLAINTS, STAFF_ACT_CALL_BACK};
    for (int number = 1; number <= 14; ++number) {
      const std::string_view unit = number <= 6 || number > 12 ? "0001" : number <= 9 ? "0002" : "0003";
      Employ(fmt::format("B-{:02}", number), unit, "broker", "securities_practice", number, kBroker);
    }
    for (int number = 1; number <= 8; ++number)
      Employ(fmt::format("S-{:02}", number), "0001", "service_desk", "securities_practice", 14 + number, kDesk);
    for (int number = 1; number <= 2; ++number)
      Employ(fmt::format("M-{:02}", number), "KF", "complaint_handler", "securities_practice", 22 + number, kDesk);
  }

  template <size_t N>
  void Employ(const std::string& id, std::string_view unit, std::string_view role, std::string_view qualification,
              int number, const std::array<StaffAct, N>& acts) {
    static constexpr std::array<std::string_view, 12> kSurnames = {"陳", "林", "黃", "張", "李", "王",
                                                                   "吳", "劉", "蔡", "楊", "許", "鄭"};
    static constexpr std::array<std::string_view, 5> kGiven = {"志明", "淑芬", "建宏", "雅婷", "俊傑"};
    const absl::CivilDay joined(1999, 1 + number % 12, 1 + number);
    auto& staff = *Add("staff", id).mutable_staff_published();
    staff.set_staff_id(id);
    staff.set_name(fmt::format("{}{}", kSurnames[static_cast<size_t>(number) % kSurnames.size()],
                               kGiven[static_cast<size_t>(number) % kGiven.size()]));
    staff.set_unit_id(std::string(unit));
    staff.add_roles(std::string(role));
    staff.set_contract(STAFF_CONTRACT_EMPLOYEE);
    SetDate(joined, staff.mutable_joined());
    auto& recorded = *Add("qualification", id).mutable_qualification_recorded();
    recorded.set_staff_id(id);
    SetCode("kefu.qualification", qualification, recorded.mutable_qualification());
    recorded.set_number(fmt::format("DEMO-{:05}", number));
    SetDate(joined, recorded.mutable_valid_from());
    for (const StaffAct act : acts) recorded.add_permitted_acts(act);
  }

  ServiceProductPublished& Product(std::string_view id, std::string_view name, ProductKind kind, std::string_view about,
                                   RiskLevel risk) {
    auto& product = *Add("product", VersionOf(id, 1)).mutable_service_product_published();
    product.set_product_id(std::string(id));
    product.set_version(1);
    product.set_name(std::string(name));
    product.set_kind(kind);
    product.set_content_class(std::string(about));
    product.set_risk(risk);
    return product;
  }

  void Service(std::string_view id, std::string_view name, std::string_view about, int64_t price,
               std::initializer_list<std::pair<std::string_view, int32_t>> steps) {
    auto& product = Product(id, name, PRODUCT_KIND_SERVICE, about, RISK_LEVEL_R1);
    product.add_channels(CHANNEL_APP);
    product.add_channels(CHANNEL_PHONE);
    product.mutable_price()->set_minor_units(price);
    product.mutable_price()->set_currency("TWD");
    for (const auto& [step_id, minutes] : steps) {
      auto& step = *product.add_steps();
      step.set_step_id(std::string(step_id));
      step.set_name(std::string(step_id));
      step.set_within_minutes(minutes);
    }
  }

  void Catalogue() {
    Product("bond-5y", "五年期債券", PRODUCT_KIND_INSTRUMENT, "advice", RISK_LEVEL_R2);
    Product("fund-balanced", "平衡型基金", PRODUCT_KIND_INSTRUMENT, "advice", RISK_LEVEL_R3);
    Product("structured-note", "結構型商品", PRODUCT_KIND_INSTRUMENT, "advice", RISK_LEVEL_R4);
    Product("margin-line", "融資額度", PRODUCT_KIND_INSTRUMENT, "trading", RISK_LEVEL_R4);
    Service("morning-brief", "每日晨報", "research", 0, {{"send", 1'440}});
    Service("price-alerts", "到價提醒", "trading", 0, {{"set_up", 1'440}, {"confirm", 2'880}});
    Service("portfolio-review", "投資組合健檢", "advice", 300'000,
            {{"collect", 4'320}, {"report", 14'400}, {"meeting", 14'400}});
    auto& alias = *Add("alias", "morning-note").mutable_product_alias_published();
    alias.set_alias("晨間快訊");
    alias.set_product_id("morning-brief");
    auto& bundle = *Add("bundle", VersionOf("starter", 1)).mutable_bundle_published();
    bundle.set_bundle_id("starter");
    bundle.set_version(1);
    bundle.set_name("新客戶組合");
    bundle.mutable_segment()->set_scheme("life_cycle");
    bundle.mutable_segment()->set_segment("new");
    bundle.add_product_ids("morning-brief");
    bundle.add_product_ids("price-alerts");
    *Add("levels", VersionOf("firm.levels", 1)).mutable_service_levels_published() =
        MakeServiceLevels(1, absl::CivilDay(2025, 1, 2));
    // Of accounts opened from now on: what the sample tells as the past has its call-backs already.
    auto& programme = *Add("programme", VersionOf("new_account", 1)).mutable_call_back_programme_published();
    programme.set_programme("new_account");
    programme.set_version(1);
    programme.set_selection(CALL_BACK_SELECTION_NEW_ACCOUNT);
    programme.set_within_days(30);
    SetCode("kefu.question", "knows_risks", programme.add_questions());
    SetCode("kefu.question", "own_decision", programme.add_questions());
    programme.set_independent_caller(true);
    programme.set_team("call-back");
  }

  std::vector<Event> events_;
};

const CalendarPublished& CalendarOf(const std::vector<Event>& reference, std::string_view id) {
  const auto found = std::find_if(reference.begin(), reference.end(), [&](const Event& event) {
    return event.has_calendar_published() && event.calendar_published().calendar_id() == id;
  });
  KEFU_CHECK(found != reference.end(), "deploy/policies has no calendar {}", id);
  return found->calendar_published();
}

}  // namespace

std::vector<Event> MakeReference() { return ReferenceWriter().Write(); }

ServiceLevelsPublished MakeServiceLevels(int32_t version, absl::CivilDay from) {
  ServiceLevelsPublished levels;
  levels.set_pack_id("firm.levels");
  levels.set_version(version);
  *levels.mutable_effective_from() = ToProto(AtBranch(from, 0));
  const auto add = [&](std::string_view tier, int32_t days) {
    auto& level = *levels.add_levels();
    level.set_tier(std::string(tier));
    level.set_contact_every_days(days);
  };
  add("private", 14);
  add("gold", version == 1 ? 45 : 30);
  add("corporate", 60);
  add("", 90);
  return levels;
}

std::vector<Office> MakeOffices(const std::vector<Event>& reference) {
  const Workdays taiwan(CalendarOf(reference, "tw.business"));
  const Workdays mainland(CalendarOf(reference, "cn.business"));
  return {{"0001", "臺北", "TW", "TWD", taiwan},
          {"0002", "新竹", "TW", "TWD", taiwan},
          {"0003", "上海", "CN", "CNY", mainland}};
}

}  // namespace kefu::cli
