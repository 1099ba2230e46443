#pragma once

// Names, accounts, phones and foreign ids of a client, for every row that has them: query.v1.Client, DirectoryEntry.

#include <google/protobuf/repeated_field.h>

#include <algorithm>
#include <string>

#include "kefu/events/v1/client.pb.h"

namespace kefu::sdk {

// Of each kind a row keeps this many; further ones are in the journal only. A client has a few; a faulty sender must
// not make a row grow without end.
inline constexpr int kIdentifiersKept = 100;

namespace internal {

inline bool SameIdentifier(const std::string& a, const std::string& b) { return a == b; }
// The edition of the scheme does not make it another id.
inline bool SameIdentifier(const events::v1::Code& a, const events::v1::Code& b) {
  return a.scheme() == b.scheme() && a.value() == b.value();
}

template <class Item>
void AddDistinct(const google::protobuf::RepeatedPtrField<Item>& from, google::protobuf::RepeatedPtrField<Item>* to) {
  for (const Item& item : from) {
    const bool known = std::any_of(to->begin(), to->end(), [&](const Item& old) { return SameIdentifier(old, item); });
    if (!known && to->size() < kIdentifiersKept) *to->Add() = item;
  }
}

template <class Item>
void RemoveAll(const google::protobuf::RepeatedPtrField<Item>& gone, google::protobuf::RepeatedPtrField<Item>* from) {
  const auto is_gone = [&](const Item& item) {
    return std::any_of(gone.begin(), gone.end(), [&](const Item& other) { return SameIdentifier(item, other); });
  };
  for (int i = from->size() - 1; i >= 0; --i)
    if (is_gone(from->Get(i))) from->DeleteSubrange(i, 1);
}

}  // namespace internal

template <class Row>
void TakeIdentifiers(const events::v1::ClientRegistered& registered, Row& row) {
  row.set_display_name(registered.display_name());
  internal::AddDistinct(registered.other_names(), row.mutable_other_names());
  internal::AddDistinct(registered.account_numbers(), row.mutable_account_numbers());
  internal::AddDistinct(registered.phones(), row.mutable_phones());
  internal::AddDistinct(registered.external_ids(), row.mutable_external_ids());
}

// What is taken away goes first, so that an id in both lists stays.
template <class Row>
void TakeIdentifiers(const events::v1::ClientIdentifiersChanged& changed, Row& row) {
  if (!changed.display_name().empty()) row.set_display_name(changed.display_name());
  internal::RemoveAll(changed.other_names_removed(), row.mutable_other_names());
  internal::RemoveAll(changed.account_numbers_removed(), row.mutable_account_numbers());
  internal::RemoveAll(changed.phones_removed(), row.mutable_phones());
  internal::RemoveAll(changed.external_ids_removed(), row.mutable_external_ids());
  internal::AddDistinct(changed.other_names_added(), row.mutable_other_names());
  internal::AddDistinct(changed.account_numbers_added(), row.mutable_account_numbers());
  internal::AddDistinct(changed.phones_added(), row.mutable_phones());
  internal::AddDistinct(changed.external_ids_added(), row.mutable_external_ids());
}

}  // namespace kefu::sdk
