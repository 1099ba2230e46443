#pragma once

// A server that signs, for tests: checkpoints as the notary states them.

#include <string>
#include <vector>

#include "platform/merkle/verify.h"
#include "platform/note/checkpoint.h"
#include "platform/note/key.h"
#include "projections/cases/cases.h"
#include "services/audit/replay_testing.h"

namespace kefu::audit {

inline const note::Signer& Key() {
  static const note::Signer key = *note::Signer::OfSeed("kefu", std::string(32, 'k'));
  return key;
}

inline AuditOptions Signing(absl::Duration patience = absl::Seconds(20)) {
  AuditOptions options;
  options.verifier_key = Key().verifier().Text();
  options.export_patience = patience;
  return options;
}

inline merkle::Hash RootOf(AuditServer& server, Partition partition, int64_t size) {
  std::vector<merkle::Hash> leaves;
  for (int64_t i = 0; i < size; ++i) leaves.push_back(merkle::LeafHash(*server.log().ReadOne(partition, Offset(i))));
  return merkle::RootOf(std::move(leaves));
}

// Signs all there is, as the notary does; the note over all partitions.
inline std::string Sign(AuditServer& server, int64_t number) {
  Event event = testkit::Finish(testkit::Draft().Client(""), 5'000'000 + number);
  auto& body = *event.mutable_checkpoint_signed();
  note::Checkpoint all{.origin = note::OriginOf("memory-log")};
  std::vector<merkle::Hash> leaves;
  for (int32_t p = 0; p < kPartitions; ++p) {
    const Partition partition(p);
    const int64_t size = server.log().EndOffset(partition)->value();
    const std::string text = *note::FormatCheckpoint(
        {.origin = note::OriginOf("memory-log", partition), .size = size, .root = RootOf(server, partition, size)});
    auto& part = *body.add_partitions();
    part.set_partition(p);
    part.set_size(size);
    part.set_next_offset(size);
    part.set_note(*Key().Sign(text));
    all.size += size;
    leaves.push_back(merkle::LeafHash(text));
  }
  all.root = merkle::RootOf(leaves);
  all.extensions = {fmt::format("partitions {}", kPartitions)};
  body.set_note(*Key().Sign(*note::FormatCheckpoint(all)));
  server.Put(Partition(0), event);
  server.CatchUp();
  return body.note();
}

// With the views that an export looks into, at least.
struct ExportServer : AuditServer {
  explicit ExportServer(const AuditOptions& options = Signing(),
                        const std::vector<const sdk::Projection*>& views = {&sdk::Describe<cases::CasesView>(),
                                                                            &sdk::Describe<checkpoints::CheckpointsView>(),
                                                                            &sdk::Describe<journal::JournalView>(),
                                                                            &sdk::Describe<tree::TreeView>()},
                        const MoreServices& more = {})
      : AuditServer(kPartitions, options, nullptr, nullptr, false, views, more) {}
};

}  // namespace kefu::audit
