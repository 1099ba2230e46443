#include "services/clock/notary.h"

#include <algorithm>

#include "platform/base/time.h"
#include "platform/event/broadcast.h"
#include "platform/event/record.h"
#include "platform/merkle/tree.h"
#include "projections/checkpoints/checkpoints.h"
#include "projections/tree/reading.h"
#include "projections/tree/tree.h"

namespace kefu::duties {

namespace {

using checkpoints::CheckpointsView;
using checkpoints::KeyChangeRow;
using checkpoints::SignedRow;
using events::v1::CheckpointSigned;

constexpr Partition kHome = event::kHomeOfLogFacts;
// More than these were not written by notaries alone.
constexpr int64_t kMostOwnRecords = 16;

Status Unreadable(std::string_view table) {
  return DataLoss("a row of the table {} of the view {} cannot be read; rebuild the view", table, CheckpointsView::kName);
}

int64_t SizeOf(const std::vector<TreeHead>& heads) {
  int64_t size = 0;
  for (const TreeHead& head : heads) size += head.size;
  return size;
}

}  // namespace

TreeHeads HeadsOfView(const engine::Engine& engine) {
  return [&engine]() -> StatusOr<std::vector<TreeHead>> {
    std::vector<TreeHead> heads;
    for (const auto& view : engine.AtAll()) {
      const auto get = [view](std::string_view table, std::string_view key) -> StatusOr<std::optional<std::string>> {
        store::PinnedValue row;
        ASSIGN_OR_RETURN(const bool found, view->Get(tree::TreeView::kName, table, key, &row));
        if (!found) return std::nullopt;
        return std::string(row.view());
      };
      const auto reading = tree::Reading::Open(get);
      if (!reading.ok()) return Annotate(reading.status(), fmt::format("partition {}", view->partition()));
      heads.push_back({reading->size(), reading->next_offset(),
                       [reading = *reading](int64_t size) { return merkle::Root(size, reading.Hashes()); }});
    }
    return heads;
  };
}

Notary::Notary(const DutyContext& context, NotaryOptions options)
    : Duty(context),
      options_([&] {
        if (!options.heads) options.heads = HeadsOfView(engine());
        return std::move(options);
      }()),
      writer_(this->context(), std::string(CheckpointsView::kName)),
      standing_(admin::v1::DUTY_KIND_NOTARY, 1),
      memory_(options_.memory_path) {}

std::vector<std::string> Notary::views() const {
  return {std::string(CheckpointsView::kName), std::string(tree::TreeView::kName)};
}

std::optional<std::string> Notary::LostNote() const {
  const std::lock_guard lock(mutex_);
  return lost_note_.has_value() ? lost_note_ : unowned_note_;
}

StatusOr<absl::Time> Notary::Step() {
  return KeepEach(1, writer_, standing_, [this](Partition) { return Keep(); });
}

StatusOr<absl::Time> Notary::Keep() {
  // A checkpoint is on its way, and wakes the duty when it is through.
  if (!writer_.Ready(kHome)) return absl::InfiniteFuture();
  ASSIGN_OR_RETURN(const Stand stand, ReadStand());
  ASSIGN_OR_RETURN(const std::vector<TreeHead> heads, options_.heads());
  ASSIGN_OR_RETURN(const bool holds, HoldsAllSigned(stand, heads));
  if (!holds) return absl::InfiniteFuture();
  RETURN_IF_ERROR(Remember(stand));
  ASSIGN_OR_RETURN(const bool has_key, HoldsKey(stand));
  if (!has_key) return absl::InfiniteFuture();
  // What the new key signs first covers the change.
  if (stand.changed.has_value() && heads.front().next_offset <= Offset(stand.changed->offset()))
    return absl::InfiniteFuture();

  const int64_t size = SizeOf(heads);
  absl::Time due = absl::InfinitePast();
  int64_t added = size;
  if (stand.newest.has_value()) {
    ASSIGN_OR_RETURN(const bool nothing_new, OnlyCheckpointsSince(*stand.newest, heads));
    // All but the checkpoint's own record.
    added = nothing_new ? 0 : size - duties::SizeOf(stand.newest->signed_()) - 1;
    const absl::Time signed_at = SignedAt(*stand.newest);
    due = nothing_new ? absl::InfiniteFuture() : signed_at + options_.age;
    if (stand.changed.has_value()) due = absl::InfinitePast();
  }
  if (size == 0) due = absl::InfiniteFuture();
  Stands(added, due);
  if (due > Now() && added < options_.records) return due;
  RETURN_IF_ERROR(Sign(heads));
  return absl::InfiniteFuture();
}

StatusOr<Notary::Stand> Notary::ReadStand() const {
  const auto view = engine().At(kHome);
  Stand stand;
  ASSIGN_OR_RETURN(const auto losses, view->Scan(CheckpointsView::kName, checkpoints::Losses::kName, {}, {}));
  checkpoints::LossRow loss;
  for (; losses->Valid(); losses->Next()) {
    if (!loss.ParseFromArray(losses->value().data(), static_cast<int>(losses->value().size())))
      return Unreadable(checkpoints::Losses::kName);
    stand.losses.push_back(loss.event_id());
  }
  RETURN_IF_ERROR(losses->status());
  ASSIGN_OR_RETURN(const auto all, view->Scan(CheckpointsView::kName, checkpoints::Signed::kName, {}, {},
                                              store::Order::kDescending));
  if (!all->Valid()) {
    RETURN_IF_ERROR(all->status());
    return stand;
  }
  SignedRow newest;
  if (!newest.ParseFromArray(all->value().data(), static_cast<int>(all->value().size())))
    return Unreadable(checkpoints::Signed::kName);
  if (newest.losses() != static_cast<int32_t>(stand.losses.size())) return stand;
  ASSIGN_OR_RETURN(const auto changes, view->Scan(CheckpointsView::kName, checkpoints::KeyChanges::kName, {}, {},
                                                  store::Order::kDescending));
  for (; changes->Valid(); changes->Next()) {
    KeyChangeRow changed;
    if (!changed.ParseFromArray(changes->value().data(), static_cast<int>(changes->value().size())))
      return Unreadable(checkpoints::KeyChanges::kName);
    stand.laid_down.push_back(changed.changed().old_key());
    if (stand.laid_down.size() == 1 && changed.offset() > newest.offset()) stand.changed = std::move(changed);
  }
  RETURN_IF_ERROR(changes->status());
  stand.newest = std::move(newest);
  return stand;
}

StatusOr<bool> Notary::HoldsKey(const Stand& stand) {
  const auto tell = [this](std::optional<std::string> unowned) {
    const std::lock_guard lock(mutex_);
    unowned_note_ = std::move(unowned);
  };
  if (!stand.newest.has_value()) {
    tell(std::nullopt);
    return true;
  }
  ASSIGN_OR_RETURN(std::string in_force, NameOfSigner(stand.newest->signed_().note()));
  if (stand.changed.has_value()) {
    ASSIGN_OR_RETURN(const auto key, note::Verifier::Parse(stand.changed->changed().new_key()));
    in_force = NameOfKey(key);
  }
  const std::string ours = NameOfKey(options_.signer.verifier());
  if (in_force == ours) {
    tell(std::nullopt);
    return true;
  }
  if (options_.old_signer.has_value() && in_force == NameOfKey(options_.old_signer->verifier())) {
    RETURN_IF_ERROR(ChangeKey(stand));
    return false;
  }
  tell(stand.newest->signed_().note());
  return FailedPrecondition(
      "the log is signed with the key {}, and this server has {}{}. Nothing is signed. Start it with that key as "
      "audit.key-file; or, to change keys, with that one as audit.old-key-file and the new one as audit.key-file (kefu audit "
      "key --help). Where it is lost, `kefu audit accept-loss --reason …` goes on without: the log says so, and whoever "
      "checks must be given the new key",
      in_force, ours,
      options_.old_signer.has_value() ? " and, before it, " + NameOfKey(options_.old_signer->verifier()) : "");
}

Status Notary::ChangeKey(const Stand& stand) {
  const std::string ours = options_.signer.verifier().Text();
  if (std::find(stand.laid_down.begin(), stand.laid_down.end(), ours) != stand.laid_down.end())
    return FailedPrecondition(
        "the signing key {} was laid down, and one that was never comes back. Make a new one: kefu audit key --out FILE",
        ours);
  ASSIGN_OR_RETURN(events::v1::Event fact,
                   KeyChangeFact(context().log->identity().id, stand.newest->signed_(),
                                 FromProto(stand.newest->recorded_at()), *options_.old_signer, options_.signer.verifier()));
  // It was written, all of the log is seen, and the key in force is another one still.
  if (fact.event_id() == stated_change_ && !writer_.LastFailed(kHome))
    return FailedPrecondition("the log does not take the change of the signing key to {}", ours);
  stated_change_ = fact.event_id();
  return writer_.Write(kHome, {std::move(fact)});
}

Status Notary::Lost(const CheckpointSigned& checkpoint, std::string how) {
  {
    const std::lock_guard lock(mutex_);
    lost_note_ = checkpoint.note();
  }
  return FailedPrecondition(
      "the log does not hold what was signed of it: {}. It was cut back, or replaced by an older copy. Nothing is signed "
      "until the log is restored, or a person says `kefu audit accept-loss --reason …`",
      how);
}

StatusOr<bool> Notary::Holds(const CheckpointSigned& checkpoint, const std::vector<TreeHead>& heads) {
  ASSIGN_OR_RETURN(const std::vector<TreePart> parts, PartsOf(checkpoint));
  if (parts.size() != heads.size())
    return Lost(checkpoint, fmt::format("{} partitions were signed, and it has {}", parts.size(), heads.size()));
  for (size_t p = 0; p < parts.size(); ++p) {
    const Partition partition(static_cast<int32_t>(p));
    if (heads[p].size < parts[p].size) {
      ASSIGN_OR_RETURN(const Offset end, context().log->EndOffset(partition));
      // Signed by another server, whose tree was further.
      if (end >= parts[p].next_offset) return false;
      return Lost(checkpoint, fmt::format("partition {} has {} records, and {} were signed", partition, heads[p].size,
                                          parts[p].size));
    }
    ASSIGN_OR_RETURN(const merkle::Hash root, heads[p].root_at(parts[p].size));
    if (root != parts[p].root)
      return Lost(checkpoint, fmt::format("the first {} records of partition {} are not those that were signed",
                                          parts[p].size, partition));
  }
  return true;
}

bool Notary::Supersedes(const Stand& stand, const SignedMemory& memory) const {
  if (memory.log_id() != context().log->identity().id) return true;
  const auto& known = memory.known_losses();
  return !stand.losses.empty() && std::find(known.begin(), known.end(), stand.losses.back()) == known.end();
}

StatusOr<bool> Notary::HoldsAllSigned(const Stand& stand, const std::vector<TreeHead>& heads) {
  ASSIGN_OR_RETURN(const std::optional<SignedMemory> memory, memory_.Load());
  bool holds = true;
  if (memory.has_value() && !Supersedes(stand, *memory)) {
    ASSIGN_OR_RETURN(holds, Holds(memory->signed_(), heads));
  }
  if (stand.newest.has_value() && holds) {
    ASSIGN_OR_RETURN(holds, Holds(stand.newest->signed_(), heads));
  }
  const std::lock_guard lock(mutex_);
  lost_note_.reset();
  return holds;
}

Status Notary::Remember(const Stand& stand) {
  if (!stand.newest.has_value()) return OkStatus();
  ASSIGN_OR_RETURN(const std::optional<SignedMemory> memory, memory_.Load());
  if (memory.has_value() && !Supersedes(stand, *memory) &&
      duties::SizeOf(memory->signed_()) >= duties::SizeOf(stand.newest->signed_()))
    return OkStatus();
  SignedMemory now;
  now.set_log_id(context().log->identity().id);
  *now.mutable_signed_() = stand.newest->signed_();
  for (const std::string& loss : stand.losses) now.add_known_losses(loss);
  return memory_.Save(now);
}

StatusOr<bool> Notary::OnlyCheckpointsSince(const SignedRow& newest, const std::vector<TreeHead>& heads) {
  ASSIGN_OR_RETURN(const std::vector<TreePart> parts, PartsOf(newest.signed_()));
  for (size_t p = 1; p < heads.size(); ++p)
    if (heads[p].size != parts[p].size) return false;
  const Offset from = parts[0].next_offset, until = heads[0].next_offset;
  if (heads[0].size - parts[0].size > kMostOwnRecords) return false;
  if (looked_ == std::pair(newest.offset(), until.value())) return found_only_checkpoints_;
  bool only_checkpoints = true;
  events::v1::Event event;
  for (Offset at = from; only_checkpoints && at < until; at = at.Next()) {
    const auto bytes = context().log->ReadOne(kHome, at);
    if (absl::IsNotFound(bytes.status())) continue;  // Kafka leaves offsets out
    RETURN_IF_ERROR(bytes.status());
    only_checkpoints = event::ParseRecorded(*bytes, &event).ok() && event.has_checkpoint_signed();
  }
  looked_ = {newest.offset(), until.value()};
  found_only_checkpoints_ = only_checkpoints;
  return only_checkpoints;
}

absl::Time Notary::SignedAt(const SignedRow& newest) {
  // Recorded times never go back, so one wrong clock in the log's past would keep the next checkpoint waiting for ever.
  if (seen_ != newest.offset()) {
    seen_ = newest.offset();
    seen_at_ = Now();
  }
  return std::min(seen_at_, FromProto(newest.recorded_at()));
}

StatusOr<absl::Time> Notary::TimeOf(const std::vector<TreeHead>& heads) const {
  // When the newest record of the longest partition was recorded: one read, whatever the number of partitions.
  const auto longest = std::max_element(heads.begin(), heads.end(),
                                        [](const TreeHead& a, const TreeHead& b) { return a.size < b.size; });
  const Partition partition(static_cast<int32_t>(longest - heads.begin()));
  const auto bytes = context().log->ReadOne(partition, Offset(longest->next_offset.value() - 1));
  RETURN_IF_ERROR(bytes.status());
  events::v1::Event event;
  const absl::Time now = Now();
  if (!event::ParseRecorded(*bytes, &event).ok() || !event.has_recorded_at()) return now;
  return std::min(FromProto(event.recorded_at()), now);
}

Status Notary::Sign(const std::vector<TreeHead>& heads) {
  std::vector<TreePart> parts;
  for (const TreeHead& head : heads) {
    ASSIGN_OR_RETURN(const merkle::Hash root, head.root_at(head.size));
    parts.push_back({head.size, head.next_offset, root});
  }
  ASSIGN_OR_RETURN(const absl::Time time, TimeOf(heads));
  ASSIGN_OR_RETURN(events::v1::Event fact,
                   CheckpointFact(context().log->identity().id, parts, time, options_.signer));
  return writer_.Write(kHome, {std::move(fact)});
}

void Notary::Stands(int64_t waiting, absl::Time next_at) {
  standing_.Change(kHome, [&](admin::v1::Duty& duty) {
    duty.set_waiting(waiting);
    duty.clear_next_at();
    if (next_at != absl::InfiniteFuture() && next_at != absl::InfinitePast())
      *duty.mutable_next_at() = ToProto(next_at);
  });
}

}  // namespace kefu::duties
