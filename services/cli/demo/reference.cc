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
    } else if (Has(json, "packId", "pack_id") && json.contains("clocks")) {
      items->packs.push_back(Parse<PolicyPackPublished>(json, file));
    } else if (json.contains("scheme") && json.contains("rules")) {
      items->segments.push_back(Parse<SegmentRulesPublished>(json, file));
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
    // The rules of the places where the firm is, and its own.
    for (const auto& pack : FromFiles().packs)
      if (pack.pack_id().starts_with("cn.") || pack.pack_id().starts_with("firm."))
        *Add("policy", VersionOf(pack.pack_id(), pack.version())).mutable_policy_pack_published() = pack;
    for (const auto& rules : FromFiles().segments)
      *Add("segments", VersionOf(rules.scheme(), rules.version())).mutable_segment_rules_published() = rules;
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

std::vector<Office> MakeOffices(const std::vector<Event>& reference) {
  const Workdays taiwan(CalendarOf(reference, "tw.business"));
  const Workdays mainland(CalendarOf(reference, "cn.business"));
  return {{"0001", "臺北", "TW", "TWD", taiwan},
          {"0002", "新竹", "TW", "TWD", taiwan},
          {"0003", "上海", "CN", "CNY", mainland}};
}

}  // namespace kefu::cli
