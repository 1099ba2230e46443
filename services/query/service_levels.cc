#include "services/query/service_levels.h"

#include <fmt/format.h>

#include <algorithm>

#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "projections/reference/reference.h"

namespace kefu::query {
namespace {

using events::v1::ServiceLevelsPublished;

// 0 is no promise, so it binds last.
int32_t StricterOf(int32_t a, int32_t b) {
  if (a <= 0 || b <= 0) return std::max({a, b, 0});
  return std::min(a, b);
}

int32_t DaysIn(const ServiceLevelsPublished& pack, std::string_view tier) {
  int32_t others = 0;
  for (const auto& level : pack.levels()) {
    if (level.tier().empty()) others = level.contact_every_days();
    if (level.tier() == tier) return level.contact_every_days();
  }
  return others;
}

}  // namespace

StatusOr<ServiceLevels> ServiceLevels::Read(const engine::PartitionView& home, absl::Time as_of) {
  const std::string prefix = codec::Key(static_cast<int32_t>(query::v1::REFERENCE_KIND_SERVICE_LEVELS));
  ASSIGN_OR_RETURN(const auto cursor, home.Scan(reference::ReferenceView::kName, reference::Items::kName, prefix,
                                                codec::PrefixEnd(prefix)));
  std::vector<ServiceLevelsPublished> packs;
  for (; cursor->Valid(); cursor->Next()) {
    query::v1::Reference row;
    if (!row.ParseFromArray(cursor->value().data(), static_cast<int>(cursor->value().size())))
      return DataLoss("a row of the view \"reference\" cannot be read; rebuild the view");
    auto& pack = *row.mutable_event()->mutable_service_levels_published();
    if (pack.has_effective_from() && FromProto(pack.effective_from()) > as_of) continue;
    // By id, then version: a later one of the same pack takes its place.
    if (!packs.empty() && packs.back().pack_id() == pack.pack_id()) packs.pop_back();
    packs.push_back(std::move(pack));
  }
  RETURN_IF_ERROR(cursor->status());
  return ServiceLevels(std::move(packs));
}

int32_t ServiceLevels::DaysOf(std::string_view tier) const {
  int32_t days = 0;
  for (const auto& pack : packs_) days = StricterOf(days, DaysIn(pack, tier));
  return days;
}

int32_t ServiceLevels::StrictestDays() const {
  int32_t days = 0;
  for (const auto& pack : packs_)
    for (const auto& level : pack.levels()) days = StricterOf(days, level.contact_every_days());
  return days;
}

std::vector<std::string> ServiceLevels::Names() const {
  std::vector<std::string> names;
  for (const auto& pack : packs_) names.push_back(fmt::format("{}/{}", pack.pack_id(), pack.version()));
  return names;
}

void ServiceLevels::Judge(absl::Time as_of, query::v1::BookClient* client) const {
  client->clear_neglected();
  client->clear_promised_by();
  const int32_t days = DaysOf(client->tier());
  if (days == 0 || client->broker_id().empty() || client->closed()) return;
  const absl::Time promised_by = FromProto(client->last_served_at()) + days * absl::Hours(24);
  *client->mutable_promised_by() = ToProto(promised_by);
  client->set_neglected(promised_by < as_of);
}

std::optional<absl::Time> ServiceLevels::NeglectedBefore(absl::Time as_of) const {
  const int32_t days = StrictestDays();
  if (days == 0) return std::nullopt;
  return as_of - days * absl::Hours(24);
}

}  // namespace kefu::query
