// What kefu audit export writes is what this program reads: the exporter's own writer, given an honest log, makes
// bundles that hold, and that do not any more once something in them is changed.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "kefu/audit/v1/audit.pb.h"
#include "kefu/query/v1/client.pb.h"
#include "platform/base/files.h"
#include "services/cli/audit/bundle_writer.h"
#include "services/verify/bundle_testing.h"

namespace kefu::verify {
namespace {

std::string BytesOf(const Hash& hash) { return {hash.begin(), hash.end()}; }

void AddCheckpoint(const Honest& honest, std::optional<int64_t> since, const std::vector<int64_t>& sizes,
                   audit::v1::Checkpoint* checkpoint) {
  checkpoint->set_name("checkpoints/1");
  checkpoint->mutable_signed_()->set_note(honest.bundle.at(NoteName(since, {})));
  for (size_t partition = 0; partition < sizes.size(); ++partition) {
    auto& part = *checkpoint->mutable_signed_()->add_partitions();
    part.set_partition(static_cast<int32_t>(partition));
    part.set_size(sizes[partition]);
    part.set_note(honest.bundle.at(NoteName(since, partition)));
  }
}

// What a server that has the log answers.
audit::v1::ExportHead HeadOf(const Honest& honest) {
  audit::v1::ExportHead head;
  head.set_log_id(honest.log.id);
  head.set_partitions(static_cast<int32_t>(honest.log.partitions.size()));
  head.set_verifier_key(honest.key.verifier_key());
  AddCheckpoint(honest, {}, honest.asked.sizes, head.mutable_newest());
  for (size_t since = 0; since < honest.asked.since.size(); ++since)
    AddCheckpoint(honest, since, honest.asked.since[since], head.add_since()->mutable_checkpoint());
  if (const auto file = honest.bundle.find("checkpoints/consistency.ndjson"); file != honest.bundle.end()) {
    EachLine(file->second, [&](int64_t, std::string_view text) {
      std::string why;
      const ConsistencyLine line = ReadConsistencyLine(text, &why).value();
      auto& proof = *head.mutable_since(static_cast<int>(line.since))->add_proofs();
      proof.set_partition(static_cast<int32_t>(line.partition));
      proof.set_old_size(line.old_size);
      proof.set_new_size(line.new_size);
      for (const Hash& hash : line.path) proof.add_path(BytesOf(hash));
    });
  }
  for (const Cover& asked : honest.asked.covers) {
    auto& cover = *head.add_covers();
    cover.set_partition(static_cast<int32_t>(asked.partition));
    cover.set_from_offset(asked.from_offset);
    cover.set_until_offset(asked.until_offset);
    cover.set_whole(asked.whole);
  }
  const std::string& events = honest.bundle.at("events.ndjson");
  head.set_record_count(std::count(events.begin(), events.end(), '\n'));
  return head;
}

Status Write(const Honest& honest, const std::string& directory) {
  ASSIGN_OR_RETURN(const auto writer, cli::BundleWriter::Create(directory));
  RETURN_IF_ERROR(writer->Begin(HeadOf(honest)));
  Status status;
  EachLine(honest.bundle.at("proofs.ndjson"), [&](int64_t, std::string_view text) {
    std::string why;
    const ProofLine line = ReadProofLine(text, &why).value();
    audit::v1::ExportRecord record;
    auto& event = *record.mutable_event();
    event.set_partition(static_cast<int32_t>(line.partition));
    event.set_offset(line.offset);
    event.set_leaf_index(line.leaf_index);
    event.set_record(honest.bundle.at(RecordName(line.partition, line.offset)));
    event.mutable_verdict()->set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
    auto& proof = *record.mutable_proof();
    proof.set_partition(event.partition());
    proof.set_offset(line.offset);
    proof.set_leaf_index(line.leaf_index);
    proof.set_tree_size(line.tree_size);
    proof.set_leaf_hash(BytesOf(line.leaf_hash));
    for (const Hash& hash : line.path) proof.add_path(BytesOf(hash));
    if (status.ok()) status = writer->Add(record);
  });
  RETURN_IF_ERROR(status);
  for (const auto& [name, bytes] : honest.bundle)
    if (NameOf(name).kind == FileName::kKeyChange) RETURN_IF_ERROR(writer->AddPage(name, bytes));
  query::v1::Client client;
  client.set_client_id("C-1");
  RETURN_IF_ERROR(writer->AddView("client", client));
  RETURN_IF_ERROR(writer->AddPage("summary.txt", "The case, as it was.\n"));
  cli::BundleFacts facts;
  facts.asked = "everything";
  facts.program_version = "1.2.3";
  facts.request.mutable_access()->set_actor_id("A-1");
  facts.request.mutable_access()->set_reason("letter 17");
  return writer->Commit(facts);
}

TEST(Writer, MakesBundlesThatHoldUntilTheyAreChanged) {
  const uint64_t first = SeedOr(4'000);
  for (uint64_t seed = first; seed < first + 60; ++seed) {
    SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
    const Honest honest = MakeHonest(seed, static_cast<int>(seed % 17));
    TempDirectory folder;
    const std::string path = folder.path() + "/bundle";
    const Status written = Write(honest, path);
    ASSERT_TRUE(written.ok()) << written;
    Question question = honest.question;
    std::string why;
    std::optional<Bundle> bundle = ReadFolder(path, {}, &question.faults, &why);
    ASSERT_TRUE(bundle.has_value()) << why;
    const Report report = Verify(*bundle, question);
    EXPECT_TRUE(report.AllHolds()) << report.Text();

    Random random(seed);
    const auto file = std::next(bundle->begin(), random.Below(static_cast<int64_t>(bundle->size())));
    if (file->second.empty() || file->first == "manifest.json") continue;
    file->second.back() = static_cast<char>(file->second.back() ^ 1);
    EXPECT_FALSE(Verify(*bundle, question).AllHolds()) << file->first;
  }
}

}  // namespace
}  // namespace kefu::verify
