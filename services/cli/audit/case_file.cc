#include "services/cli/audit/case_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "platform/base/time.h"
#include "platform/event/record.h"
#include "platform/runtime/text.h"
#include "services/cli/output.h"

namespace kefu::cli {
namespace {

using events::v1::Event;

std::string Lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    if (!line.empty()) text += (text.empty() ? "" : "\n") + line;
  }
  return text;
}

// When it happened, and when the log learned it if that was much later.
std::string When(const FiledEvent& filed, const Zone& zone) {
  const Event& event = filed.event;
  if (!filed.readable) return "";
  std::string text = Lines({zone.Text(event.occurred_at()), UtcText(event.occurred_at())});
  if (event.has_recorded_at() &&
      FromProto(event.recorded_at()) - FromProto(event.occurred_at()) > absl::Minutes(1))
    text += "\nrecorded " + zone.Text(event.recorded_at());
  return text;
}

std::string What(const FiledEvent& filed) {
  return filed.readable ? KindText(KindOf(filed.event)) : "Bytes that are no event";
}

std::string DetailText(const FiledEvent& filed, const CaseFile& file) {
  const auto* body = filed.readable ? BodyOf(filed.event) : nullptr;
  return body == nullptr ? "" : Lines(DetailLines(*body, file.zone, file.staff));
}

}  // namespace

Amended::Amended(const CaseFile& file) {
  // Which event a correction is of in the end.
  std::map<std::string, std::string> first_of;
  for (const FiledEvent& filed : file.events) {
    const Event& event = filed.event;
    if (!filed.applied() || !(event.has_event_corrected() || event.has_event_annulled())) continue;
    const std::string& named = event.has_event_corrected() ? event.event_corrected().corrected_event_id()
                                                           : event.event_annulled().annulled_event_id();
    const auto earlier = first_of.find(named);
    const std::string first = earlier == first_of.end() ? named : earlier->second;
    first_of[event.event_id()] = first;
    by_[first] = &filed;
  }
}

std::string Amended::Words(const FiledEvent& filed) const {
  const auto by = filed.readable && filed.applied() ? by_.find(filed.event.event_id()) : by_.end();
  if (by == by_.end()) return "";
  return fmt::format("{} by {}", by->second->event.has_event_annulled() ? "annulled" : "corrected", by->second->Place());
}

std::string Amended::Place(const FiledEvent& filed) const { return Lines({filed.Place(), Words(filed)}); }

std::string FiledEvent::Place() const { return fmt::format("{}-{}", partition, offset); }

FiledEvent Filed(const audit::v1::RecordedEvent& recorded) {
  FiledEvent filed;
  filed.partition = recorded.partition();
  filed.offset = recorded.offset();
  filed.leaf_index = recorded.leaf_index();
  filed.verdict = recorded.verdict();
  filed.readable = event::ParseRecorded(recorded.record(), &filed.event).ok();
  if (!filed.readable) filed.event.Clear();
  return filed;
}

void AddOrigin(const CaseFile& file, Document* document) {
  const auto& head = file.head;
  const auto& newest = head.newest();
  int64_t records = 0;
  for (const auto& partition : newest.signed_().partitions()) records += partition.size();
  auto& facts = document->facts;
  facts.emplace_back("Asked for 查閱範圍", file.asked);
  facts.emplace_back("Asked by 查閱人", file.asked_by);
  facts.emplace_back("Reason 事由", file.reason);
  facts.emplace_back("Made at 製作時間", Lines({file.zone.Text(head.made_at()), UtcText(head.made_at())}));
  facts.emplace_back("Log 事件日誌", head.log_id());
  facts.emplace_back("Checkpoint 檢查點",
                     fmt::format("over {} records, signed {}", runtime::WithThousands(records),
                                 file.zone.Text(newest.recorded_time())));
  facts.emplace_back("Views 畫面資料", file.views_of);
  facts.emplace_back("Signed with 簽名公鑰", head.verifier_key());
  facts.emplace_back("Records in this bundle 記錄數", runtime::WithThousands(head.record_count()));
  if (head.unsigned_count() > 0)
    facts.emplace_back("Left out 未納入", fmt::format("{} records that no checkpoint covered yet",
                                                   runtime::WithThousands(head.unsigned_count())));
  facts.emplace_back("Times 時區", fmt::format("of {}, and UTC", file.zone.offsets.name()));
}

DocumentSection Timeline(const CaseFile& file) {
  DocumentSection section;
  section.title = "All events, in the order of the log";
  section.title_zh = "全部事件";
  section.about =
      "Everything that was recorded, refused attempts and repeated deliveries too. The last column names the file in records/ "
      "that holds the recorded bytes, and the line with the same place in proofs.ndjson that proves them.";
  section.columns = {"When", "What", "Who", "What was said", "Verdict", "Record"};
  section.none = "No event was recorded.";
  const Amended amended(file);
  for (const FiledEvent& filed : file.events) {
    section.rows.push_back({{When(filed, file.zone),
                             What(filed),
                             filed.readable ? ActorText(filed.event, file.staff) : "", DetailText(filed, file),
                             Lines({VerdictWords(filed.verdict), amended.Words(filed)}), filed.Place()},
                            filed.refused()});
  }
  return section;
}

DocumentSection Refusals(const CaseFile& file) {
  DocumentSection section;
  section.title = "Refused attempts";
  section.title_zh = "被拒絕的操作";
  section.about = "Someone tried this, and a rule forbade it. It changed nothing, and is kept.";
  section.columns = {"When", "What was tried", "Who", "Why it was refused", "Record"};
  section.none = "Nothing was refused.";
  for (const FiledEvent& filed : file.events) {
    if (!filed.refused()) continue;
    section.rows.push_back({{When(filed, file.zone), What(filed), ActorText(filed.event, file.staff),
                             VerdictWords(filed.verdict), filed.Place()},
                            true});
  }
  return section;
}

DocumentSection Corrections(const CaseFile& file) {
  DocumentSection section;
  section.title = "Corrections";
  section.title_zh = "更正與撤銷";
  section.about = "What was said first stays on the log; both are shown.";
  section.columns = {"When", "What", "Who", "Which event, why, and how it should have been", "Record"};
  section.none = "Nothing was corrected.";
  std::map<std::string, std::string> places;
  for (const FiledEvent& filed : file.events) places.try_emplace(filed.event.event_id(), filed.Place());
  for (const FiledEvent& filed : file.events) {
    const Event& event = filed.event;
    if (!filed.applied() || !(event.has_event_corrected() || event.has_event_annulled())) continue;
    const std::string& id = event.has_event_corrected() ? event.event_corrected().corrected_event_id()
                                                        : event.event_annulled().annulled_event_id();
    const auto first = places.find(id);
    section.rows.push_back({{When(filed, file.zone), KindText(KindOf(event)), ActorText(event, file.staff),
                             Lines({first == places.end() ? "" : "first said in record " + first->second,
                                    DetailText(filed, file)}),
                             filed.Place()}});
  }
  return section;
}

DocumentSection Contacts(const CaseFile& file) {
  DocumentSection section;
  section.title = "Contacts with the client";
  section.title_zh = "接觸";
  section.columns = {"When", "How", "With whom", "What about", "Record"};
  section.none = "No contact was recorded.";
  const Amended amended(file);
  for (const FiledEvent& filed : file.events) {
    if (!filed.applied() || !filed.event.has_contact_recorded()) continue;
    const auto& contact = filed.event.contact_recorded();
    section.rows.push_back(
        {{When(filed, file.zone), Lines({EnumText(contact.channel()), EnumText(contact.direction())}),
          StaffText(contact.staff_id(), file.staff),
          Lines(DetailLines(contact, file.zone, file.staff, {"channel", "direction", "staff_id", "started_at"})),
          amended.Place(filed)}});
  }
  return section;
}

DocumentSection Undertakings(const CaseFile& file) {
  DocumentSection section;
  section.title = "Promises and call-backs";
  section.title_zh = "承諾與回訪";
  section.columns = {"When", "What", "Who", "What was said", "Record"};
  section.none = "None was made.";
  const Amended amended(file);
  for (const FiledEvent& filed : file.events) {
    const int tag = static_cast<int>(filed.event.body_case());
    // Promises, call-backs, and how content the client was: contact.proto.
    if (!filed.applied() || tag < 202 || tag > 208) continue;
    section.rows.push_back({{When(filed, file.zone), KindText(KindOf(filed.event)), ActorText(filed.event, file.staff),
                             DetailText(filed, file), amended.Place(filed)}});
  }
  return section;
}

DocumentSection Glossary() {
  DocumentSection section;
  section.title = "What the verdicts mean";
  section.title_zh = "裁定說明";
  section.columns = {"Verdict", "Meaning"};
  section.rows = {
      {{"applied 生效", "The event counts: what the firm's screens show is made of it."}},
      {{"refused 拒絕", "A rule, which is named, forbids the event. It changed nothing, and stays on the log as an attempt."}},
      {{"repeated delivery 重複", "The same event came again, for a sender was not sure that it had arrived. It counts once."}},
      {{"corrected, annulled 更正、撤銷",
        "A later event says that this one was wrong, or never happened. Both are kept; screens show the corrected state."}},
  };
  return section;
}

DocumentSection HowToCheck(const CaseFile& file) {
  DocumentSection section;
  section.title = "How to check this";
  section.title_zh = "如何驗證";
  section.about =
      "This page was made by the firm's server and is not proven itself. The records it names are: each is in a tree of "
      "hashes (RFC 6962) whose root the firm signed. Take the public key from the firm by another way than this bundle. The "
      "first command checks everything, without network; the others need none of the firm's programs.";
  section.commands = {
      "kefu-verify . --key-file THE-KEY-YOU-HAVE.vkey",
      "# Every file is as the manifest says:\n"
      "python3 -c 'import json,hashlib; [print(\"ok \" if hashlib.sha256(open(f[\"name\"],\"rb\").read()).hexdigest() == "
      "f[\"sha256\"] else \"BAD\", f[\"name\"]) for f in json.load(open(\"manifest.json\"))[\"files\"]]'",
  };
  const auto readable = std::ranges::find_if(file.events, &FiledEvent::readable);
  if (readable != file.events.end()) {
    section.commands.push_back(
        fmt::format("# The hash of a record, to be found as leaf_hash in proofs.ndjson:\n"
                    "(printf '\\0'; cat records/{}.pb) | openssl dgst -sha256 -binary | base64",
                    readable->Place()));
  }
  return section;
}

void RangeCounts::Add(const FiledEvent& event) {
  ++total_;
  if (!event.readable) {
    ++unreadable_;
    return;
  }
  Count& count = by_kind_[KindOf(event.event)];
  if (event.applied())
    ++count.applied;
  else if (event.refused())
    ++count.refused;
  else
    ++count.repeated;
}

Document RangeCounts::Paper(const CaseFile& file) const {
  Document document;
  document.title = "Records of the log";
  document.title_zh = "日誌記錄";
  document.subtitle = file.asked;
  AddOrigin(file, &document);
  DocumentSection kinds;
  kinds.title = "What they are";
  kinds.title_zh = "事件種類";
  kinds.columns = {"Kind", "applied", "refused", "repeated"};
  kinds.none = "There are no records in what was asked for.";
  for (const auto& [kind, count] : by_kind_) {
    kinds.rows.push_back({{KindText(kind), runtime::WithThousands(count.applied), runtime::WithThousands(count.refused),
                           runtime::WithThousands(count.repeated)}});
  }
  if (unreadable_ > 0) kinds.rows.push_back({{"Bytes that are no event", "", runtime::WithThousands(unreadable_), ""}, true});
  document.sections.push_back(std::move(kinds));
  DocumentSection ranges;
  ranges.title = "Where they lie";
  ranges.title_zh = "範圍";
  ranges.columns = {"Partition", "from offset", "up to", "all records of it"};
  for (const auto& cover : file.head.covers())
    ranges.rows.push_back({{fmt::format("partition {}", cover.partition()), fmt::format("{}", cover.from_offset()),
                            fmt::format("{}", cover.until_offset()), cover.whole() ? "yes" : "no: a selection"}});
  document.sections.push_back(std::move(ranges));
  document.sections.push_back(Glossary());
  document.sections.push_back(HowToCheck(file));
  return document;
}

}  // namespace kefu::cli
