#include "services/cli/replayer/replay.h"

#include <algorithm>
#include <exception>

#include "platform/base/time.h"
#include "projections/admission/admission.h"
#include "projections/catalogue.h"

namespace kefu::replayer {

using events::v1::Event;
using events::v1::Verdict;

namespace {

// The rule that refuses bytes that are no event.
constexpr char kUndecodable[] = "undecodable";

}  // namespace

StatusOr<std::vector<const sdk::Projection*>> ViewsNamed(const std::vector<std::string>& names) {
  if (names.empty()) return projections::Catalogue();
  std::vector<const sdk::Projection*> chosen;
  for (const sdk::Projection* view : projections::Catalogue())
    if (std::find(names.begin(), names.end(), view->name) != names.end()) chosen.push_back(view);
  for (const std::string& name : names) {
    const bool known = std::any_of(chosen.begin(), chosen.end(), [&](const auto* view) { return view->name == name; });
    if (!known) return NotFound("there is no view \"{}\"", name);
  }
  return chosen;
}

bool ViewReplay::Takes(const sdk::RecordedEvent& record, bool decoded) const {
  if (view_->takes_all) return true;
  if (!decoded) return false;
  switch (record.verdict->outcome()) {
    case events::v1::VERDICT_OUTCOME_APPLIED:
      break;
    case events::v1::VERDICT_OUTCOME_REFUSED:
      if (!view_->takes_refused) return false;
      break;
    default:
      return false;
  }
  return view_->Wants(record.event->body_case());
}

bool ViewReplay::keeps_history() const { return view_->takes_all || view_->takes_refused; }

Status ViewReplay::Take(const sdk::RecordedEvent& record, bool decoded) {
  if (!Takes(record, decoded)) return OkStatus();
  const std::string& client = record.event->client_id();
  if (!parked_.empty()) {
    if (const auto waiting = parked_.find(client); waiting != parked_.end()) {
      ++waiting->second.events;
      return OkStatus();
    }
  }
  std::string reason;
  try {
    const sdk::Outcome outcome = view_->Apply(record, rows_);
    if (outcome.kind() != sdk::Outcome::Kind::kParked) return rows_.Keep();
    reason = outcome.reason();
  } catch (const std::exception& thrown) {
    reason = fmt::format("exception: {}", thrown.what());
  }
  rows_.Forget();
  parked_[client] = {std::move(reason), 1};
  return OkStatus();
}

PartitionReplay::PartitionReplay(Partition partition, const std::vector<const sdk::Projection*>& views,
                                 Corrections corrections)
    : partition_(partition), corrections_(std::move(corrections)), admission_(admission::State()) {
  for (const sdk::Projection* view : views) views_.push_back(std::make_unique<ViewReplay>(*view));
}

StatusOr<Verdict> PartitionReplay::Take(Offset offset, std::string_view record) {
  if (offset < next_)
    return InvalidArgument("partition {} offset {} comes after offset {}: records must come in order, each once",
                           partition_, offset, next_.value() - 1);
  arena_.Reset();
  auto* event = google::protobuf::Arena::CreateMessage<Event>(&arena_);
  const bool decoded = event->ParseFromArray(record.data(), static_cast<int>(record.size()));
  sdk::RecordedEvent recorded{event, record, partition_, offset, effective_time_, nullptr};
  Verdict verdict;
  if (!decoded) {
    verdict.set_outcome(events::v1::VERDICT_OUTCOME_REFUSED);
    verdict.set_rule(kUndecodable);
  } else if (event->body_case() == Event::BODY_NOT_SET) {
    return FailedPrecondition(
        "partition {} offset {} holds an event whose body this program does not know; replay with the server's version",
        partition_, offset);
  } else {
    recorded.recorded_at = std::max(effective_time_, FromProto(event->recorded_at()));
    verdict = admission::Judge(recorded, admission_);
    if (verdict.outcome() == events::v1::VERDICT_OUTCOME_UNSPECIFIED) {
      admission_.Forget();
      return FailedPrecondition(
          "partition {} offset {} is judged by version {} of the rules, and this program knows them up to {}; replay with "
          "the server's version",
          partition_, offset, event->rules_version_adopted().version(), admission::kRulesVersion);
    }
    RETURN_IF_ERROR(admission_.Keep());
    effective_time_ = recorded.recorded_at;
  }
  recorded.verdict = &verdict;
  if (verdict.outcome() == events::v1::VERDICT_OUTCOME_APPLIED) NoteCorrection(recorded);
  // As it stands; where the event never happened nothing of it does.
  sdk::RecordedEvent standing = recorded;
  bool stands = true;
  if (const auto corrected = corrections_.find(offset); corrected != corrections_.end()) {
    stands = corrected->second.has_value();
    if (stands) {
      auto* const instead = google::protobuf::Arena::CreateMessage<Event>(&arena_);
      if (!instead->ParseFromString(*corrected->second))
        return DataLoss("partition {} offset {}: what it was corrected to cannot be read", partition_, offset);
      standing.event = instead;
      standing.bytes = *corrected->second;
    }
  }
  for (const auto& view : views_) {
    if (view->keeps_history()) {
      RETURN_IF_ERROR(view->Take(recorded, decoded));
    } else if (stands) {
      RETURN_IF_ERROR(view->Take(standing, decoded));
    }
  }
  next_ = offset.Next();
  ++records_;
  return verdict;
}

void PartitionReplay::NoteCorrection(const sdk::RecordedEvent& record) {
  const Offset of(record.verdict->first_offset());
  if (record.event->has_event_corrected()) told_.push_back({record.offset, of, record.event->event_corrected().event()});
  if (record.event->has_event_annulled()) told_.push_back({record.offset, of, std::nullopt});
}

Corrections PartitionReplay::CorrectionsBefore(Offset until) const {
  Corrections corrections;
  for (const Correction& told : told_)
    if (told.at < until) corrections[told.of] = told.instead;
  return corrections;
}

ViewReplay* PartitionReplay::Find(std::string_view name) {
  return const_cast<ViewReplay*>(const_cast<const PartitionReplay*>(this)->Find(name));
}

const ViewReplay* PartitionReplay::Find(std::string_view name) const {
  for (const auto& view : views_)
    if (view->view().name == name) return view.get();
  return nullptr;
}

void PartitionReplay::Drop(std::string_view name) {
  std::erase_if(views_, [name](const auto& view) { return view->view().name == name; });
}

}  // namespace kefu::replayer
