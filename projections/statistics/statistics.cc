#include "projections/statistics/statistics.h"

#include <google/protobuf/generated_enum_reflection.h>

#include <algorithm>
#include <array>
#include <optional>

#include "projections/statistics/distinct.h"
#include "projections/statistics/durations.h"

namespace kefu::statistics {

using Rows = StatisticsView::Rows;

int32_t DayOf(absl::Time time) {
  const absl::Duration since = time - absl::UnixEpoch() + absl::Seconds(kZoneOffsetSeconds);
  return static_cast<int32_t>(absl::ToInt64Hours(absl::Floor(since, absl::Hours(24))) / 24);
}

namespace {

// "phone" for CHANNEL_PHONE, empty for what was not said.
template <class Enum>
std::string Word(Enum value) {
  static const auto* words = [] {
    const auto* type = google::protobuf::GetEnumDescriptor<Enum>();
    auto* made = new std::vector<std::string>;
    const size_t prefix = type->value(0)->name().size() - std::string_view("UNSPECIFIED").size();
    for (int i = 1; i < type->value_count(); ++i) {
      const auto number = static_cast<size_t>(type->value(i)->number());
      if (made->size() <= number) made->resize(number + 1, std::string(kOther));
      std::string word = type->value(i)->name().substr(prefix);
      for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      (*made)[number] = std::move(word);
    }
    made->front().clear();
    return made;
  }();
  const auto number = static_cast<size_t>(value);
  return number < words->size() ? (*words)[number] : std::string(kOther);
}

// What one event adds to its cube.
struct Counted {
  Family family;
  std::array<std::string, kFacts> facts;
  std::optional<int64_t> milliseconds;

  std::string& operator[](Fact fact) { return facts[static_cast<size_t>(fact)]; }
};

// The value under which it counts: itself, or "other" where there are too many already.
std::string Held(const Cube& cube, const Dimension& dimension, std::string value, Rows& view) {
  if (!dimension.free || value.empty()) return value;
  if (value.size() > kMostValueBytes) return std::string(kOther);
  const std::string name(dimension.name);
  const KnownValues* known = view.Find<ValuesKnown>(cube.id, name);
  if (known != nullptr) {
    const auto& values = known->values();
    if (std::binary_search(values.begin(), values.end(), value)) return value;
    if (values.size() >= kMostValues) return std::string(kOther);
  }
  auto& values = *view.Edit<ValuesKnown>(cube.id, name).mutable_values();
  int place = static_cast<int>(std::lower_bound(values.begin(), values.end(), value) - values.begin());
  *values.Add() = value;
  for (int last = values.size() - 1; place < last; ++place) values.SwapElements(place, last);
  return value;
}

template <class Body>
sdk::Outcome Count(const sdk::Recorded<Body>& recorded, Counted counted, Rows& view) {
  const Cube& cube = CubeOf(counted.family);
  const int32_t day = DayOf(recorded.occurred_at());
  std::array<std::string, kMostDimensions> at;
  for (size_t i = 0; i < cube.size(); ++i)
    at[i] = Held(cube, cube.dimensions[i], std::move(counted[cube.dimensions[i].fact]), view);
  Cell& cell = view.Edit<Cells>(cube.id, day, at[0], at[1], at[2], at[3], at[4], at[5], at[6]);
  cell.set_count(cell.count() + 1);
  AddClient(recorded.event().client_id(), cell.mutable_clients());
  if (counted.milliseconds.has_value()) AddDuration(*counted.milliseconds, cell.mutable_durations());
  view.PutRaw<Postings>(recorded.event().client_id(), cube.id, day, at[0], at[1], at[2], at[3], at[4], at[5], at[6],
                        recorded.record.offset);
  return sdk::Applied();
}

// A step of a case, counted under what the case is.
template <class Body>
Counted StepOf(const sdk::Recorded<Body>& recorded, const CaseFacts& facts, std::string_view step) {
  Counted counted{Family::kCase, {}, {}};
  counted[Fact::kBranch] = facts.branch_id().empty() ? recorded.event().branch_id() : facts.branch_id();
  counted[Fact::kStep] = step;
  counted[Fact::kCaseKind] = facts.case_kind();
  counted[Fact::kChannel] = facts.channel();
  counted[Fact::kCategory] = facts.category();
  counted[Fact::kProduct] = facts.product_id();
  return counted;
}

template <class Body>
sdk::Outcome Open(const sdk::Recorded<Body>& opened, const char* kind, Rows& view) {
  const auto& opening = opened.body.opening();
  CaseFacts& facts = view.Edit<CasesCounted>(opened.body.case_id());
  facts.set_case_kind(kind);
  facts.set_branch_id(opened.event().branch_id());
  facts.set_channel(Word(opening.channel()));
  facts.set_category(opening.category().value());
  facts.set_product_id(opening.product_id());
  facts.set_opened_at(absl::ToUnixMillis(opened.occurred_at()));
  return Count(opened, StepOf(opened, facts, "opened"), view);
}

template <class Body>
sdk::Outcome Step(const sdk::Recorded<Body>& recorded, const char* step, Rows& view, std::string outcome = {}) {
  const CaseFacts* facts = view.Find<CasesCounted>(recorded.body.case_id());
  if (facts == nullptr) return sdk::Parked("case_unknown");
  Counted counted = StepOf(recorded, *facts, step);
  counted[Fact::kOutcome] = std::move(outcome);
  // A clock that went backwards measured nothing.
  const int64_t milliseconds = absl::ToUnixMillis(recorded.occurred_at()) - facts->opened_at();
  if (milliseconds >= 0) counted.milliseconds = milliseconds;
  return Count(recorded, std::move(counted), view);
}

}  // namespace

void StatisticsView::Ahead(const events::v1::Event& event, sdk::RowsAhead& rows) {
  if (const std::string& case_id = sdk::CaseIdOf(event); !case_id.empty()) rows.Add<CasesCounted>(case_id);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::ContactRecorded>& contact, Rows& view) {
  const auto& body = contact.body;
  Counted counted{Family::kContact, {}, {}};
  counted[Fact::kBranch] = contact.event().branch_id();
  counted[Fact::kChannel] = Word(body.channel());
  counted[Fact::kDirection] = Word(body.direction());
  counted[Fact::kCategory] = body.topic().value();
  counted[Fact::kOutcome] = body.outcome().value();
  if (body.has_duration()) {
    // Clipped before the arithmetic, which a faulty sender could overflow.
    const int64_t seconds = std::clamp<int64_t>(body.duration().seconds(), -1, kLongestMilliseconds / 1000);
    const int64_t milliseconds = seconds * 1000 + body.duration().nanos() / 1'000'000;
    if (milliseconds >= 0) counted.milliseconds = milliseconds;
  }
  return Count(contact, std::move(counted), view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::OfferProgressed>& offer, Rows& view) {
  Counted counted{Family::kOffer, {}, {}};
  counted[Fact::kBranch] = offer.event().branch_id();
  counted[Fact::kStage] = Word(offer.body.stage());
  counted[Fact::kProduct] = offer.body.product_id();
  return Count(offer, std::move(counted), view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::ComplaintReceived>& received, Rows& view) {
  return Open(received, "complaint", view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::ServiceRequestOpened>& opened, Rows& view) {
  return Open(opened, "request", view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::CaseAcknowledged>& acknowledged, Rows& view) {
  return Step(acknowledged, "acknowledged", view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::CaseEscalated>& escalated, Rows& view) {
  return Step(escalated, "escalated", view);
}

// Counts nothing; what comes after counts under the new category.
sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::CaseReclassified>& reclassified, Rows& view) {
  const std::string& category = reclassified.body.category().value();
  if (category.empty()) return sdk::Ignored();
  if (view.Find<CasesCounted>(reclassified.body.case_id()) == nullptr) return sdk::Parked("case_unknown");
  view.Edit<CasesCounted>(reclassified.body.case_id()).set_category(category);
  return sdk::Applied();
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::CaseResolved>& resolved, Rows& view) {
  return Step(resolved, "resolved", view, Word(resolved.body.outcome()));
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::CaseClosed>& closed, Rows& view) {
  return Step(closed, "closed", view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::CaseReopened>& reopened, Rows& view) {
  return Step(reopened, "reopened", view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::CaseWithdrawn>& withdrawn, Rows& view) {
  return Step(withdrawn, "withdrawn", view);
}

}  // namespace kefu::statistics
