#include <CLI/CLI.hpp>

#include "kefu/query/v1/client.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/listing.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

struct ClientFindFlags {
  std::string name, phone, account, id, external_id, identity, anything;
  ListFlags list;
};

// CHANNEL:HANDLE, such as "wechat:o-1".
Status ReadIdentity(const std::string& text, events::v1::ChannelIdentity* identity) {
  const size_t colon = text.find(':');
  const auto* type = events::v1::Channel_descriptor();
  for (int i = 0; colon != std::string::npos && i < type->value_count(); ++i) {
    const int number = type->value(i)->number();
    if (number == 0 || EnumText(type, number) != text.substr(0, colon)) continue;
    identity->set_channel(static_cast<events::v1::Channel>(number));
    identity->set_handle(text.substr(colon + 1));
    return OkStatus();
  }
  return InvalidArgument("--identity takes CHANNEL:HANDLE, such as wechat:o-1");
}

StatusOr<query::v1::FindClientsRequest> RequestOf(const ClientFindFlags& flags) {
  query::v1::FindClientsRequest request;
  if (!flags.name.empty()) request.set_name_prefix(flags.name);
  if (!flags.phone.empty()) request.set_phone(flags.phone);
  if (!flags.account.empty()) request.set_account_number(flags.account);
  if (!flags.id.empty()) request.set_client_id(flags.id);
  if (!flags.external_id.empty()) {
    const size_t colon = flags.external_id.find(':');
    if (colon == std::string::npos) return InvalidArgument("--external-id takes SCHEME:VALUE, such as crm:10007");
    request.mutable_external_id()->set_scheme(flags.external_id.substr(0, colon));
    request.mutable_external_id()->set_value(flags.external_id.substr(colon + 1));
  }
  if (!flags.identity.empty()) RETURN_IF_ERROR(ReadIdentity(flags.identity, request.mutable_identity()));
  if (!flags.anything.empty()) request.set_anything(flags.anything);
  if (request.by_case() == query::v1::FindClientsRequest::BY_NOT_SET) {
    return InvalidArgument(
        "say what to find by: a name, --phone, --account, --id, --external-id, --identity or --anything");
  }
  return request;
}

std::vector<std::string> EntryCells(const query::v1::DirectoryEntry& entry) {
  return {entry.client_id(),
          entry.display_name(),
          EnumText(entry.kind()),
          EnumText(entry.status()),
          JoinText(entry.account_numbers()),
          JoinText(entry.phones()),
          entry.branch_id(),
          entry.surviving_client_id()};
}

Status Find(Tool& tool, const ClientFindFlags& flags) {
  ASSIGN_OR_RETURN(query::v1::FindClientsRequest request, RequestOf(flags));
  Listing<query::v1::DirectoryEntry> listing(
      tool, {"CLIENT", "NAME", "KIND", "STATUS", "ACCOUNTS", "PHONES", "BRANCH", "SHOWN AS"}, EntryCells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(const query::v1::FindClientsResponse response,
                     Call(tool, &query::v1::ClientService::Stub::FindClients, request));
    for (const auto& entry : response.entries()) RETURN_IF_ERROR(listing.Add(entry));
    *token = response.next_page_token();
    return response.entries_size();
  }));
  listing.Finish("No client was found.");
  return OkStatus();
}

}  // namespace

void AddClientFindVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ClientFindFlags>();
  CLI::App& verb = AddVerb(
      group, "find", "Find clients by name, phone, account or another id",
      {"kefu client find 王小", "kefu client find --phone +886912345678", "kefu client find --anything 10007"});
  auto* by = verb.add_option_group("by", "Find by one of these")->require_option(1);
  by->set_help_flag();
  by->add_option("name", flags->name, "The beginning of a name, or of a word in it");
  by->add_option("--phone", flags->phone, "Phone number");
  by->add_option("--account", flags->account, "Account number");
  by->add_option("--id", flags->id, "Client id");
  by->add_option("--external-id", flags->external_id, "Id in another system, SCHEME:VALUE");
  by->add_option("--identity", flags->identity, "Name on a channel, CHANNEL:HANDLE");
  by->add_option("--anything", flags->anything, "Whatever it is: an id, an account, a phone, a name");
  AddListFlags(verb, flags->list);
  OnRun(verb, tool, [flags](Tool& tool) { return Find(tool, *flags); });
}

}  // namespace kefu::cli
