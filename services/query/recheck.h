#pragma once

// Decides every recommendation again: by its own moment, which lies in its row, and by what is proposed.

#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kefu/query/v1/suitability.pb.h"
#include "platform/store/store.h"
#include "services/query/reader.h"

namespace kefu::query {

// Failures sent at most.
inline constexpr int kMostFailures = 100'000;
inline constexpr int kUsualFailures = 1'000;

// What is asked. kInvalidArgument: TIME_INVALID, MAX_FAILURES_INVALID (below 0, or more than the most), PACK_INVALID
// (no matrix that admission would take, or one id twice), RISK_INVALID (no product, no level, or one product twice).
Status CheckRecheck(const query::v1::RecheckRecommendationsRequest& request);

// The packs of one partition by what recommendations call them, and what is proposed in their place.
class RecheckRules {
 public:
  explicit RecheckRules(const query::v1::RecheckRecommendationsRequest& request) : request_(request) {}

  // Takes the packs that `partition` holds in place of those it had.
  Status Load(const engine::PartitionView& partition);

  // The rule that `row` breaks by its own moment; empty: none. `insisted`: it stands only because the client insists.
  std::string Judge(const query::v1::Recommendation& row, bool* insisted);
  // And by what is proposed. The same if nothing is.
  std::string JudgeProposed(const query::v1::Recommendation& row);
  bool proposes() const { return !request_.proposed_packs().empty() || !request_.proposed_risks().empty(); }

 private:
  using Pack = events::v1::SuitabilityPackPublished;
  const query::v1::RecheckRecommendationsRequest& request_;
  std::map<std::pair<std::string, int32_t>, Pack> packs_;
  // Used from row to row, so that none is allocated for each.
  std::vector<const Pack*> in_force_;
};

// Goes through the recommendations of a moment, some at a time.
//
// Cost: reads each row once, about two microseconds; memory for the packs and for the failures not yet taken.
// Concurrency: one thread at a time.
class Recheck {
 public:
  // `request` must have passed CheckRecheck.
  Recheck(Moment moment, const query::v1::RecheckRecommendationsRequest& request);

  // Decides up to `rows` more, and adds what there is to say of them: failures, then how far it has come; at the end
  // the summary. False: that was the end.
  StatusOr<bool> Go(int rows, std::deque<query::v1::RecheckRecommendationsResponse>* said);

 private:
  Status Decide(std::string_view stored, std::deque<query::v1::RecheckRecommendationsResponse>* said);

  const Moment moment_;
  const query::v1::RecheckRecommendationsRequest request_;
  RecheckRules rules_;
  size_t partition_ = 0;
  std::unique_ptr<store::Cursor> cursor_;
  query::v1::Recommendation row_;
  query::v1::RecheckSummary summary_;
  int64_t failures_left_;
};

// The stream: one write is in flight, the next rows are decided when all that was found is through. Deletes itself.
class RecheckStream final : public grpc::ServerWriteReactor<query::v1::RecheckRecommendationsResponse> {
 public:
  // Ends with kUnavailable once `ending` is true.
  explicit RecheckStream(std::shared_ptr<const std::atomic<bool>> ending) : ending_(std::move(ending)) {}
  // Begins; once. Or ends with what is wrong.
  void Start(std::unique_ptr<Recheck> recheck);
  void Refuse(const Status& status);
  void OnCancel() override { cancelled_ = true; }
  void OnWriteDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  void GoOn();
  void WriteNext();

  const std::shared_ptr<const std::atomic<bool>> ending_;
  std::unique_ptr<Recheck> recheck_;
  std::deque<query::v1::RecheckRecommendationsResponse> said_;
  bool more_ = true;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace kefu::query
