#include "services/query/recheck.h"

#include <algorithm>
#include <set>

#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/rpc/status.h"
#include "projections/admission/catalogue_rules.h"
#include "projections/sdk/suitability_rules.h"
#include "projections/suitability/suitability.h"
#include "services/query/later.h"
#include "services/query/request_time.h"

namespace kefu::query {
namespace {

namespace v1 = query::v1;
using events::v1::RiskLevel;
using events::v1::SuitabilityPackPublished;
using suitability::SuitabilityView;

// Between two of these a caller who has gone is noticed, and one who waits hears how far it is.
constexpr int kRowsAtATime = 20'000;

// As admission has it, whose other rules are about staff and clients.
constexpr std::string_view kProductUnknown = "product_unknown";

Status Wrong(std::string_view reason, std::string_view field, std::string what) {
  return WithReason(InvalidArgument("{}", what), reason, field);
}

}  // namespace

Status CheckRecheck(const v1::RecheckRecommendationsRequest& request) {
  RETURN_IF_ERROR(TimeOf(request.from(), "from").status());
  RETURN_IF_ERROR(TimeOf(request.until(), "until").status());
  if (request.max_failures() < 0 || request.max_failures() > kMostFailures)
    return Wrong("MAX_FAILURES_INVALID", "max_failures", fmt::format("max_failures must be 0 to {}", kMostFailures));
  std::set<std::string_view> packs, products;
  for (const SuitabilityPackPublished& pack : request.proposed_packs()) {
    const auto rule = admission::CheckSuitabilityPack(pack);
    if (rule != admission::Rule::kNone)
      return Wrong("PACK_INVALID", "proposed_packs",
                   fmt::format("pack \"{}\" would be refused: {}", pack.pack_id(), admission::NameOf(rule)));
    if (!packs.insert(pack.pack_id()).second)
      return Wrong("PACK_INVALID", "proposed_packs", fmt::format("pack \"{}\" is proposed twice", pack.pack_id()));
  }
  for (const v1::ProposedRisk& risk : request.proposed_risks())
    if (risk.product_id().empty() || risk.risk() < events::v1::RISK_LEVEL_R1 ||
        risk.risk() > events::v1::RISK_LEVEL_R5 || !products.insert(risk.product_id()).second)
      return Wrong("RISK_INVALID", "proposed_risks",
                   fmt::format("product \"{}\": each proposed level names a product once, and R1 to R5",
                               risk.product_id()));
  return OkStatus();
}

Status RecheckRules::Load(const engine::PartitionView& partition) {
  packs_.clear();
  ASSIGN_OR_RETURN(const auto cursor, partition.Scan(SuitabilityView::kName, suitability::Packs::kName, {}, {}));
  for (; cursor->Valid(); cursor->Next()) {
    Pack pack;
    if (!pack.ParseFromArray(cursor->value().data(), static_cast<int>(cursor->value().size())))
      return DataLoss("a pack of partition {} cannot be read; rebuild the view {}", partition.partition(),
                      SuitabilityView::kName);
    std::pair<std::string, int32_t> key{pack.pack_id(), pack.version()};
    packs_.insert_or_assign(std::move(key), std::move(pack));
  }
  return cursor->status();
}

std::string RecheckRules::Judge(const v1::Recommendation& row, bool* insisted) {
  if (row.product_version() == 0) return std::string(kProductUnknown);
  in_force_.clear();
  for (const v1::PackVersion& pack : row.packs())
    if (const auto found = packs_.find({pack.pack_id(), pack.version()}); found != packs_.end())
      in_force_.push_back(&found->second);
  const auto verdict = sdk::JudgeSuitability(row.investor(), row.risk(), in_force_, FromProto(row.made_at()),
                                             row.has_insisted() ? &row.insisted() : nullptr);
  *insisted = verdict.refusal == sdk::SuitabilityRefusal::kNone && !verdict.fits;
  return std::string(NameOf(verdict.refusal));
}

std::string RecheckRules::JudgeProposed(const v1::Recommendation& row) {
  const auto& risks = request_.proposed_risks();
  const auto risk = std::find_if(risks.begin(), risks.end(), [&](const v1::ProposedRisk& each) {
    return each.product_id() == row.product_id();
  });
  if (risk == risks.end() && row.product_version() == 0) return std::string(kProductUnknown);
  in_force_.clear();
  const auto& proposed = request_.proposed_packs();
  for (const v1::PackVersion& pack : row.packs()) {
    const bool replaced = std::any_of(proposed.begin(), proposed.end(),
                                      [&](const Pack& each) { return each.pack_id() == pack.pack_id(); });
    if (replaced) continue;
    if (const auto found = packs_.find({pack.pack_id(), pack.version()}); found != packs_.end())
      in_force_.push_back(&found->second);
  }
  for (const Pack& pack : proposed) in_force_.push_back(&pack);
  const auto verdict =
      sdk::JudgeSuitability(row.investor(), risk == risks.end() ? row.risk() : risk->risk(), in_force_,
                            FromProto(row.made_at()), row.has_insisted() ? &row.insisted() : nullptr);
  return std::string(NameOf(verdict.refusal));
}

Recheck::Recheck(Moment moment, const v1::RecheckRecommendationsRequest& request)
    : moment_(std::move(moment)),
      request_(request),
      rules_(request_),
      failures_left_(request.max_failures() == 0 ? kUsualFailures : request.max_failures()) {}

Status Recheck::Decide(std::string_view stored, std::deque<v1::RecheckRecommendationsResponse>* said) {
  if (!row_.ParseFromArray(stored.data(), static_cast<int>(stored.size())))
    return DataLoss("a recommendation of partition {} cannot be read; rebuild the view {}",
                    moment_.partitions()[partition_]->partition(), SuitabilityView::kName);
  const absl::Time made = FromProto(row_.made_at());
  if (request_.has_from() && made < FromProto(request_.from())) return OkStatus();
  if (request_.has_until() && made >= FromProto(request_.until())) return OkStatus();
  bool insisted = false;
  std::string rule = rules_.Judge(row_, &insisted);
  std::string proposed_rule = rules_.proposes() ? rules_.JudgeProposed(row_) : std::string();
  summary_.set_recommendations(summary_.recommendations() + 1);
  if (!rule.empty())
    summary_.set_failed(summary_.failed() + 1);
  else if (insisted)
    summary_.set_insisted(summary_.insisted() + 1);
  else
    summary_.set_suitable(summary_.suitable() + 1);
  if (!proposed_rule.empty()) summary_.set_would_fail(summary_.would_fail() + 1);
  if ((rule.empty() && proposed_rule.empty()) || failures_left_ == 0) return OkStatus();
  --failures_left_;
  auto& failure = *said->emplace_back().mutable_failure();
  *failure.mutable_recommendation() = row_;
  failure.set_rule(std::move(rule));
  failure.set_proposed_rule(std::move(proposed_rule));
  return OkStatus();
}

StatusOr<bool> Recheck::Go(int rows, std::deque<v1::RecheckRecommendationsResponse>* said) {
  const auto& partitions = moment_.partitions();
  while (rows > 0) {
    if (cursor_ == nullptr) {
      if (partition_ == partitions.size()) {
        summary_.set_position(moment_.PositionOf(SuitabilityView::kName));
        *said->emplace_back().mutable_summary() = summary_;
        return false;
      }
      RETURN_IF_ERROR(rules_.Load(*partitions[partition_]));
      ASSIGN_OR_RETURN(cursor_, partitions[partition_]->Scan(SuitabilityView::kName,
                                                             suitability::Recommendations::kName, {}, {}));
    }
    if (!cursor_->Valid()) {
      RETURN_IF_ERROR(cursor_->status());
      cursor_ = nullptr;
      ++partition_;
      continue;
    }
    RETURN_IF_ERROR(Decide(cursor_->value(), said));
    cursor_->Next();
    --rows;
  }
  auto& progress = *said->emplace_back().mutable_progress();
  progress.set_recommendations(summary_.recommendations());
  progress.set_partitions_done(static_cast<int32_t>(partition_));
  progress.set_partitions(static_cast<int32_t>(partitions.size()));
  return true;
}

void RecheckStream::Start(std::unique_ptr<Recheck> recheck) {
  recheck_ = std::move(recheck);
  // Walks rows: not on a thread that serves others.
  RunSoon([this] { GoOn(); });
}

void RecheckStream::Refuse(const Status& status) { Finish(rpc::ToGrpc(status)); }

void RecheckStream::GoOn() {
  if (cancelled_) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller has gone"));
  if (*ending_) return Finish(rpc::ToGrpc(Unavailable("the server ends; ask again")));
  const auto more = recheck_->Go(kRowsAtATime, &said_);
  if (!more.ok()) return Finish(rpc::ToGrpc(more.status()));
  more_ = *more;
  WriteNext();
}

void RecheckStream::OnWriteDone(bool ok) {
  if (!ok) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller has gone"));
  said_.pop_front();
  if (!said_.empty()) return WriteNext();
  if (!more_) return Finish(grpc::Status::OK);
  RunSoon([this] { GoOn(); });
}

void RecheckStream::WriteNext() { StartWrite(&said_.front()); }

}  // namespace kefu::query
