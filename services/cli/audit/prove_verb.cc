#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/audit/v1/audit.grpc.pb.h"
#include "platform/runtime/text.h"
#include "services/cli/audit/access.h"
#include "services/cli/audit/verbs.h"
#include "services/cli/call.h"
#include "services/cli/output.h"

namespace kefu::cli {
namespace {

struct ProveFlags {
  AccessFlags access;
  std::string client, event;
  int32_t partition = -1;
  int64_t offset = -1;
  int64_t tree_size = 0;
};

std::string Hex(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  return text;
}

StatusOr<audit::v1::GetInclusionProofRequest> RequestOf(const ProveFlags& flags) {
  audit::v1::GetInclusionProofRequest request;
  ASSIGN_OR_RETURN(*request.mutable_access(), AccessOf(flags.access));
  const bool by_place = flags.partition >= 0 && flags.offset >= 0;
  if (by_place == !flags.event.empty())
    return InvalidArgument("say which record: --event with --client, or --partition with --offset");
  if (by_place) {
    request.set_partition(flags.partition);
    request.set_offset(flags.offset);
  } else {
    request.set_event_id(flags.event);
    request.set_client_id(flags.client);
  }
  request.set_tree_size(flags.tree_size);
  return request;
}

void Print(const audit::v1::InclusionProof& proof) {
  PrintDetails({{"Record", fmt::format("partition {} offset {}", proof.partition(), proof.offset())},
                {"Leaf", fmt::format("{} of {}", runtime::WithThousands(proof.leaf_index()),
                                     runtime::WithThousands(proof.tree_size()))},
                {"Leaf hash", Hex(proof.leaf_hash())},
                {"Root", Hex(proof.root())}});
  fmt::print("\nPath, from the leaf up (RFC 6962, 2.1.1):\n");
  for (const std::string& hash : proof.path()) fmt::print("  {}\n", Hex(hash));
  if (!proof.note().empty()) fmt::print("\n{}", proof.note());
  std::fflush(stdout);
}

Status Run(Tool& tool, const ProveFlags& flags) {
  ASSIGN_OR_RETURN(const auto request, RequestOf(flags));
  ASSIGN_OR_RETURN(const audit::v1::InclusionProof proof,
                   Call(tool, &audit::v1::AuditService::Stub::GetInclusionProof, request));
  if (tool.json()) return PrintJson(proof);
  Print(proof);
  if (proof.note().empty())
    Remark(tool, "No checkpoint has this size: the proof leads to a root that nobody signed. Leave --tree-size out.");
  return OkStatus();
}

}  // namespace

void AddAuditProveVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ProveFlags>();
  CLI::App& verb =
      AddVerb(group, "prove", "The proof that one record is in the log that a checkpoint is of",
              {"kefu audit prove --client C-1 --event e-17 --reason 'complaint K-17'",
               "kefu audit prove --partition 3 --offset 1200 --reason 'yearly audit'",
               "kefu audit prove --partition 3 --offset 1200 --tree-size 5000 --reason spot-check --output json"});
  verb.add_option("--event", flags->event, "The event's id");
  verb.add_option("--client", flags->client, "Whose event it is; without it, it is looked for in partition 0");
  verb.add_option("--partition", flags->partition, "The record's partition")->check(CLI::NonNegativeNumber);
  verb.add_option("--offset", flags->offset, "The record's offset")->check(CLI::NonNegativeNumber);
  verb.add_option("--tree-size", flags->tree_size, "Against the tree with so many records; the newest checkpoint's if not given")
      ->check(CLI::PositiveNumber);
  AddAccessFlags(verb, flags->access);
  OnRun(verb, tool, [flags](Tool& tool) { return Run(tool, *flags); });
}

}  // namespace kefu::cli
