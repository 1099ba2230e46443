#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>

#include "kefu/query/v1/contact.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/output.h"
#include "services/cli/record.h"
#include "services/cli/show.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

using events::v1::Channel;

// "phone", "wechat", … and their numbers, as the protos name them.
std::map<std::string, Channel> Channels() {
  std::map<std::string, Channel> channels;
  const auto* type = events::v1::Channel_descriptor();
  for (int i = 0; i < type->value_count(); ++i) {
    const int number = type->value(i)->number();
    if (number != 0) channels[EnumText(type, number)] = static_cast<Channel>(number);
  }
  return channels;
}

struct ClientMayContactFlags {
  std::string client, channel, purpose, at, min_position;
};

Status MayContact(Tool& tool, const ClientMayContactFlags& flags) {
  query::v1::CheckContactRequest request;
  request.set_name(ClientName(flags.client));
  request.set_channel(Channels().at(flags.channel));
  request.set_purpose(flags.purpose);
  request.set_min_position(flags.min_position);
  RETURN_IF_ERROR(SetTime("--at", flags.at, &query::v1::CheckContactRequest::mutable_at, &request));
  ASSIGN_OR_RETURN(const query::v1::CheckContactResponse response,
                   Call(tool, &query::v1::ContactService::Stub::CheckContact, request));
  if (tool.json()) {
    RETURN_IF_ERROR(PrintJson(response));
  } else if (response.allowed()) {
    fmt::print("yes\n");
  } else if (response.has_allowed_from()) {
    fmt::print("no: {}; from {} on\n", response.rule(), TimeText(response.allowed_from()));
  } else {
    fmt::print("no: {}\n", response.rule());
  }
  return response.allowed() ? OkStatus() : AlreadyTold();
}

}  // namespace

void AddClientMayContactVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ClientMayContactFlags>();
  CLI::App& verb = AddVerb(group, "may-contact", "May the firm get in touch with a client? Exit code 1 says no",
                           {"kefu client may-contact C-1 --channel phone",
                            "kefu client may-contact C-1 --channel phone --purpose marketing",
                            "kefu client may-contact C-1 --channel wechat --at 2026-03-02T22:00:00+08:00"});
  std::vector<std::string> channels;
  for (const auto& [name, channel] : Channels()) channels.push_back(name);
  verb.add_option("client", flags->client, "Client id")->required();
  verb.add_option("--channel", flags->channel, "On which channel")->check(CLI::IsMember(channels))->required();
  verb.add_option("--purpose", flags->purpose, "Why: service, marketing, legal …; service if not given");
  verb.add_option("--at", flags->at, "When: RFC 3339, or a time from now such as 2h; now if not given");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  OnRun(verb, tool, [flags](Tool& tool) { return MayContact(tool, *flags); });
}

}  // namespace kefu::cli
