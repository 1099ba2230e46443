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

}  // namespace kefu::directory
