#pragma once

// Finds registered clients by what people know of them: account, phone, foreign id, name on a channel, name.

#include "kefu/query/v1/client.pb.h"
#include "projections/sdk/projection.h"

namespace kefu::directory {

using query::v1::DirectoryEntry;

struct Entries {
  static constexpr std::string_view kName = "entries";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<std::string>;  // client id
  using Row = DirectoryEntry;
};

struct EntriesByAccount {
  static constexpr std::string_view kName = "by_account";
  static constexpr uint8_t kId = 2;
  using Of = Entries;
  using Key = codec::KeyOf<std::string, std::string>;  // NormaliseAccount, client
  static void Keys(const DirectoryEntry& row, sdk::IndexKeys& out);
};

struct EntriesByPhone {
  static constexpr std::string_view kName = "by_phone";
  static constexpr uint8_t kId = 3;
  using Of = Entries;
  using Key = codec::KeyOf<std::string, std::string>;  // each of PhoneKeys, client
  static void Keys(const DirectoryEntry& row, sdk::IndexKeys& out);
};

struct EntriesByExternal {
  static constexpr std::string_view kName = "by_external";
  static constexpr uint8_t kId = 4;
  using Of = Entries;
  using Key = codec::KeyOf<std::string, std::string, std::string>;  // scheme, value, client
  static void Keys(const DirectoryEntry& row, sdk::IndexKeys& out);
};

// Scan it by codec::OpenTextPrefix(NamePrefix(typed)). A client whose name has the prefix twice comes up twice.
struct EntriesByName {
  static constexpr std::string_view kName = "by_name";
  static constexpr uint8_t kId = 5;
  using Of = Entries;
  using Key = codec::KeyOf<std::string, std::string>;  // each of NameParts, client
  static void Keys(const DirectoryEntry& row, sdk::IndexKeys& out);
};

struct EntriesByIdentity {
  static constexpr std::string_view kName = "by_identity";
  static constexpr uint8_t kId = 6;
  using Of = Entries;
  using Key = codec::KeyOf<int32_t, std::string, std::string>;  // channel, handle, client
  static void Keys(const DirectoryEntry& row, sdk::IndexKeys& out);
};

// For someone who has an id and does not know whose it is.
struct EntriesByExternalValue {
  static constexpr std::string_view kName = "by_external_value";
  static constexpr uint8_t kId = 7;
  using Of = Entries;
  using Key = codec::KeyOf<std::string, std::string>;  // value in any scheme, client
  static void Keys(const DirectoryEntry& row, sdk::IndexKeys& out);
};

struct DirectoryView {
  static constexpr std::string_view kName = "directory";
  static constexpr int32_t kVersion = 2;
  using Events = sdk::TypeList<events::v1::ClientRegistered, events::v1::ClientIdentifiersChanged,
                               events::v1::ClientStatusChanged, events::v1::ChannelIdentityLinked,
                               events::v1::ChannelIdentityUnlinked>;
  using Tables = sdk::TypeList<Entries>;
  using Indexes = sdk::TypeList<EntriesByAccount, EntriesByPhone, EntriesByExternal, EntriesByName, EntriesByIdentity,
                                EntriesByExternalValue>;

  using Rows = sdk::View<DirectoryView>;
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientRegistered>& registered, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientIdentifiersChanged>& changed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ClientStatusChanged>& changed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ChannelIdentityLinked>& linked, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::ChannelIdentityUnlinked>& unlinked, Rows& view);
};

}  // namespace kefu::directory
