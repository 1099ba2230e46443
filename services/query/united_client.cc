#include "services/query/united_client.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "projections/client/client.h"
#include "projections/client/told.h"
#include "projections/sdk/identifiers.h"
#include "services/query/gap.h"

namespace kefu::query {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using query::v1::Client;
using query::v1::FieldSource;

constexpr std::string_view kView = client::ClientView::kName;
constexpr std::string_view kTable = client::Clients::kName;

bool IsBelow(std::string_view path, std::string_view parent) {
  return path.size() > parent.size() && path.starts_with(parent) && path[parent.size()] == '.';
}

// Did someone say something, be it that it is empty, of this part or of what it belongs to?
bool IsSaid(const Client& row, std::string_view path) {
  return std::any_of(row.field_sources().begin(), row.field_sources().end(), [&](const FieldSource& source) {
    return source.path() == path || IsBelow(path, source.path());
  });
}

bool IsSet(const Message& message, const FieldDescriptor* field) {
  const auto* reflection = message.GetReflection();
  return field->is_repeated() ? reflection->FieldSize(message, field) > 0 : reflection->HasField(message, field);
}

// Makes `field` of `to` what it is in `from`; both are of one type.
void CopyField(const Message& from, const FieldDescriptor* field, Message* to) {
  std::unique_ptr<Message> only(from.New());
  only->CopyFrom(from);
  std::vector<const FieldDescriptor*> set;
  from.GetReflection()->ListFields(from, &set);
  for (const FieldDescriptor* each : set)
    if (each != field) only->GetReflection()->ClearField(only.get(), each);
  to->MergeFrom(*only);
}

// Where the part comes from, as `from` has it: what was said of it, of its parts, or of what it belongs to.
void CopySources(const Client& from, const std::string& path, Client* to) {
  for (const FieldSource& source : from.field_sources()) {
    if (source.path() != path && !IsBelow(source.path(), path) && !IsBelow(path, source.path())) continue;
    FieldSource* copy = to->add_field_sources();
    *copy = source;
    if (IsBelow(path, source.path())) copy->set_path(path);
  }
}

// Takes over what `from` has and `to` was never told, part by part below `of_to`.
void FillParts(const Client& from, const Message& of_from, const std::string& prefix, Message* of_to, Client* to) {
  std::vector<const FieldDescriptor*> set;
  of_from.GetReflection()->ListFields(of_from, &set);
  for (const FieldDescriptor* field : set) {
    const std::string path = prefix + field->name();
    // The two sides, person and organisation, are joined part by part; a client is not both.
    if (const auto* side = field->containing_oneof(); side != nullptr) {
      const auto* other = of_to->GetReflection()->GetOneofFieldDescriptor(*of_to, side);
      if (other != nullptr && other != field) continue;
      FillParts(from, of_from.GetReflection()->GetMessage(of_from, field), path + ".",
                of_to->GetReflection()->MutableMessage(of_to, field), to);
      continue;
    }
    if (IsSet(*of_to, field) || IsSaid(*to, path)) continue;
    CopyField(of_from, field, of_to);
    CopySources(from, path, to);
  }
}

void FillProfile(const Client& from, Client* to) {
  if (!from.has_profile()) return;
  FillParts(from, from.profile(), "", to->mutable_profile(), to);
  std::sort(to->mutable_field_sources()->begin(), to->mutable_field_sources()->end(),
            [](const FieldSource& a, const FieldSource& b) { return a.path() < b.path(); });
}

// Names and numbers under which any of the records is known.
void AddIdentifiers(const Client& from, Client* to) {
  events::v1::ClientIdentifiersChanged all;
  if (to->display_name().empty()) {
    to->set_display_name(from.display_name());
  } else if (!from.display_name().empty() && from.display_name() != to->display_name()) {
    all.add_other_names_added(from.display_name());
  }
  for (const std::string& name : from.other_names())
    if (name != to->display_name()) all.add_other_names_added(name);
  *all.mutable_account_numbers_added() = from.account_numbers();
  *all.mutable_phones_added() = from.phones();
  *all.mutable_external_ids_added() = from.external_ids();
  sdk::TakeIdentifiers(all, *to);
}

void AddIdentities(const Client& from, Client* to) {
  const auto key = [](const v1::LinkedIdentity& each) {
    return std::tuple<int, std::string_view>(each.identity().channel(), each.identity().handle());
  };
  auto& list = *to->mutable_identities();
  for (const auto& each : from.identities()) {
    if (list.size() >= client::kIdentitiesKept) break;
    if (std::none_of(list.begin(), list.end(), [&](const auto& old) { return key(old) == key(each); })) *list.Add() = each;
  }
  std::sort(list.begin(), list.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
}

void AddSegments(const Client& from, Client* to) {
  auto& list = *to->mutable_segments();
  for (const auto& each : from.segments()) {
    const bool has = std::any_of(list.begin(), list.end(),
                                 [&](const v1::SegmentEntry& old) { return old.scheme() == each.scheme(); });
    if (!has && list.size() < client::kSegmentsKept) *list.Add() = each;
  }
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.scheme() < b.scheme(); });
}

// As the view does: sorted; once the list is full, further keys count as "other".
void JoinTallies(const std::vector<Client>& rows, Client* to) {
  constexpr char kOther[] = "other";
  std::map<std::string, int64_t> counts;
  for (const Client& row : rows)
    for (const auto& tally : row.tallies()) counts[tally.key()] += tally.count();
  if (counts.size() > static_cast<size_t>(client::kTalliesKept)) {
    int64_t other = counts[kOther];
    counts.erase(kOther);
    while (counts.size() >= static_cast<size_t>(client::kTalliesKept)) {
      other += std::prev(counts.end())->second;
      counts.erase(std::prev(counts.end()));
    }
    counts[kOther] = other;
  }
  to->clear_tallies();
  for (const auto& [key, count] : counts) {
    auto* tally = to->add_tallies();
    tally->set_key(key);
    tally->set_count(count);
  }
}

// Heads of lists that are each in order, taken by `before` until `most` are there; of equal ones the first record's.
template <class List, class GetList, class Before>
List JoinLists(const std::vector<Client>& rows, int most, GetList get, Before before) {
  std::vector<int> next(rows.size());
  List joined;
  while (joined.size() < most) {
    int first = -1;
    for (size_t r = 0; r < rows.size(); ++r) {
      const auto at = [&](size_t row) -> const auto& { return get(rows[row]).Get(next[row]); };
      if (next[r] == get(rows[r]).size()) continue;
      if (first < 0 || before(at(r), at(static_cast<size_t>(first)))) first = static_cast<int>(r);
    }
    if (first < 0) break;
    const auto place = static_cast<size_t>(first);
    *joined.Add() = get(rows[place]).Get(next[place]++);
  }
  return joined;
}

void AddUp(const Client& from, Client* to) {
  to->set_open_complaints_total(to->open_complaints_total() + from.open_complaints_total());
  to->set_open_requests_total(to->open_requests_total() + from.open_requests_total());
  to->set_event_count(to->event_count() + from.event_count());
  if (from.has_first_seen_at() && (!to->has_first_seen_at() || from.first_seen_at() < to->first_seen_at()))
    *to->mutable_first_seen_at() = from.first_seen_at();
  if (from.has_last_event_at() && (!to->has_last_event_at() || to->last_event_at() < from.last_event_at()))
    *to->mutable_last_event_at() = from.last_event_at();
}

void FillAbsent(const Client& from, Client* to) {
  if (to->kind() == events::v1::CLIENT_KIND_UNSPECIFIED) to->set_kind(from.kind());
  if (to->branch_id().empty()) to->set_branch_id(from.branch_id());
  if (!to->has_service_configuration() && from.has_service_configuration())
    *to->mutable_service_configuration() = from.service_configuration();
  if (!to->has_trading() && from.has_trading()) *to->mutable_trading() = from.trading();
  if (!to->has_assets() && from.has_assets()) *to->mutable_assets() = from.assets();
}

// What the view misses of any of the records.
void AddGap(const engine::PartitionView& partition, const std::string& client_id, Client* to) {
  const auto gap = partition.GapOf(kView, client_id);
  if (!gap.has_value()) return;
  if (!to->has_gap()) {
    *to->mutable_gap() = GapMessage(*gap);
  } else {
    to->mutable_gap()->set_parked_events(to->gap().parked_events() + gap->events);
  }
}

}  // namespace

Client Unite(const std::vector<Client>& rows) {
  Client united = rows.front();
  for (size_t r = 1; r < rows.size(); ++r) {
    AddIdentifiers(rows[r], &united);
    FillProfile(rows[r], &united);
    FillAbsent(rows[r], &united);
    AddIdentities(rows[r], &united);
    AddSegments(rows[r], &united);
    AddUp(rows[r], &united);
  }
  JoinTallies(rows, &united);
  *united.mutable_last_contacts() = JoinLists<google::protobuf::RepeatedPtrField<v1::ContactSummary>>(
      rows, client::kContactsKept, [](const Client& row) -> const auto& { return row.last_contacts(); },
      [](const auto& a, const auto& b) { return b.occurred_at() < a.occurred_at(); });
  *united.mutable_open_cases() = JoinLists<google::protobuf::RepeatedPtrField<v1::OpenCase>>(
      rows, client::kOpenCasesListed, [](const Client& row) -> const auto& { return row.open_cases(); },
      [](const auto& a, const auto& b) { return a.opened_at() < b.opened_at(); });
  return united;
}

StatusOr<Client> ReadUnited(const Union& records, const std::string& asked) {
  std::vector<Client> rows;
  rows.reserve(records.members.size());
  bool known = false;
  int64_t revision = 0;
  int64_t last_offset = 0;
  for (const std::string& member : records.members) {
    store::PinnedValue stored;
    ASSIGN_OR_RETURN(const bool found,
                     records.moment.HomeOf(member).Get(kView, kTable, codec::Key(member), &stored));
    Client& row = rows.emplace_back();
    if (!found) {
      // A record that only a merge knows: named, and nothing else.
      row.set_name("clients/" + member);
      row.set_client_id(member);
    } else if (!row.ParseFromArray(stored.view().data(), static_cast<int>(stored.view().size()))) {
      return DataLoss("client \"{}\" cannot be read; rebuild the view", member);
    }
    known |= found;
    if (member != asked) continue;
    revision = row.revision();
    last_offset = row.last_offset();
  }
  if (!known) return WithReason(NotFound("client \"{}\" is not known", asked), "CLIENT_NOT_FOUND");
  Client united = Unite(rows);
  united.set_revision(revision);
  united.set_last_offset(last_offset);
  SetLinks(records.members, asked, &united);
  for (const std::string& member : records.members) AddGap(records.moment.HomeOf(member), member, &united);
  united.set_position(records.moment.PositionOf(kView));
  return united;
}

void SetLinks(const std::vector<std::string>& members, const std::string& asked, Client* client) {
  for (size_t m = 1; m < members.size(); ++m) client->add_merged_client_ids(members[m]);
  if (asked != members.front()) client->set_surviving_client_id(members.front());
}

}  // namespace kefu::query
