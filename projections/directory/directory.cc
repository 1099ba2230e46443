#include "projections/directory/directory.h"

#include <set>

#include "projections/directory/normalise.h"
#include "projections/sdk/identifiers.h"

namespace kefu::directory {

namespace {

// Two spellings of a client may give one key; an index takes it once.
template <class Index>
void AddEach(const std::set<std::string>& texts, const DirectoryEntry& row, sdk::IndexKeys& out) {
  for (const std::string& text : texts)
    if (!text.empty()) out.AddEncoded(Index::Key::Encode(text, row.client_id()));
}

// As many as of the other kinds.
constexpr int kIdentitiesKept = sdk::kIdentifiersKept;

// Of the identity with this channel and handle; the number of identities if there is none.
int PlaceOf(events::v1::Channel channel, const std::string& handle, const DirectoryEntry& row) {
  int place = 0;
  while (place < row.identities_size() &&
         (row.identities(place).channel() != channel || row.identities(place).handle() != handle))
    ++place;
  return place;
}

}  // namespace

void EntriesByAccount::Keys(const DirectoryEntry& row, sdk::IndexKeys& out) {
  std::set<std::string> accounts;
  for (const std::string& account : row.account_numbers()) accounts.insert(NormaliseAccount(account));
  AddEach<EntriesByAccount>(accounts, row, out);
}

void EntriesByPhone::Keys(const DirectoryEntry& row, sdk::IndexKeys& out) {
  std::set<std::string> phones;
  for (const std::string& phone : row.phones())
    for (std::string& key : PhoneKeys(phone)) phones.insert(std::move(key));
  AddEach<EntriesByPhone>(phones, row, out);
}

void EntriesByExternal::Keys(const DirectoryEntry& row, sdk::IndexKeys& out) {
  // Distinct by scheme and value already.
  for (const auto& id : row.external_ids()) out.AddEncoded(Key::Encode(id.scheme(), id.value(), row.client_id()));
}

void EntriesByName::Keys(const DirectoryEntry& row, sdk::IndexKeys& out) {
  std::set<std::string> parts;
  const auto add = [&](const std::string& name) {
    for (std::string& part : NameParts(name)) parts.insert(std::move(part));
  };
  add(row.display_name());
  for (const std::string& name : row.other_names()) add(name);
  AddEach<EntriesByName>(parts, row, out);
}

void EntriesByIdentity::Keys(const DirectoryEntry& row, sdk::IndexKeys& out) {
  // Distinct by channel and handle already.
  for (const auto& identity : row.identities())
    out.AddEncoded(Key::Encode(identity.channel(), identity.handle(), row.client_id()));
}

void EntriesByExternalValue::Keys(const DirectoryEntry& row, sdk::IndexKeys& out) {
  std::set<std::string> values;
  for (const auto& id : row.external_ids()) values.insert(id.value());
  AddEach<EntriesByExternalValue>(values, row, out);
}

sdk::Outcome DirectoryView::Apply(const sdk::Recorded<events::v1::ClientRegistered>& registered, Rows& view) {
  const std::string& client_id = registered.event().client_id();
  DirectoryEntry& row = view.Edit<Entries>(client_id);
  row.set_name("clients/" + client_id);
  row.set_client_id(client_id);
  row.set_kind(registered.body.kind());
  row.set_status(events::v1::CLIENT_STATUS_ACTIVE);
  row.set_branch_id(registered.event().branch_id());
  sdk::TakeIdentifiers(registered.body, row);
  return sdk::Applied();
}

sdk::Outcome DirectoryView::Apply(const sdk::Recorded<events::v1::ClientIdentifiersChanged>& changed, Rows& view) {
  DirectoryEntry& row = view.Edit<Entries>(changed.event().client_id());
  if (row.client_id().empty()) return sdk::Parked("client_unknown");
  sdk::TakeIdentifiers(changed.body, row);
  return sdk::Applied();
}

sdk::Outcome DirectoryView::Apply(const sdk::Recorded<events::v1::ClientStatusChanged>& changed, Rows& view) {
  DirectoryEntry& row = view.Edit<Entries>(changed.event().client_id());
  if (row.client_id().empty()) return sdk::Parked("client_unknown");
  row.set_status(changed.body.status());
  return sdk::Applied();
}

sdk::Outcome DirectoryView::Apply(const sdk::Recorded<events::v1::ChannelIdentityLinked>& linked, Rows& view) {
  DirectoryEntry& row = view.Edit<Entries>(linked.event().client_id());
  if (row.client_id().empty()) return sdk::Parked("client_unknown");
  const auto& identity = linked.body.identity();
  int place = PlaceOf(identity.channel(), identity.handle(), row);
  if (place == row.identities_size()) {
    if (place == kIdentitiesKept) return sdk::Applied();
    row.add_identities();
  }
  auto& entry = *row.mutable_identities(place);
  entry.set_channel(identity.channel());
  entry.set_handle(identity.handle());
  // What proves it is in the journal.
  entry.set_proof(identity.proof());
  return sdk::Applied();
}

sdk::Outcome DirectoryView::Apply(const sdk::Recorded<events::v1::ChannelIdentityUnlinked>& unlinked, Rows& view) {
  DirectoryEntry& row = view.Edit<Entries>(unlinked.event().client_id());
  if (row.client_id().empty()) return sdk::Parked("client_unknown");
  const int place = PlaceOf(unlinked.body.channel(), unlinked.body.handle(), row);
  if (place < row.identities_size()) row.mutable_identities()->DeleteSubrange(place, 1);
  return sdk::Applied();
}

}  // namespace kefu::directory
