#include "services/query/text_scan.h"

#include <algorithm>

#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "projections/journal/entry.h"
#include "projections/sdk/case_id.h"
#include "projections/text/text.h"

namespace kefu::query {
namespace {

constexpr std::string_view kView = text::TextView::kName;
constexpr std::string_view kJournal = "journal";
constexpr std::string_view kEntries = "entries";

Status Damaged(std::string_view view, const engine::PartitionView& partition, Offset offset) {
  return DataLoss("view {}, partition {}: what it has at offset {} cannot be read; rebuild the view", view,
                  partition.partition(), offset);
}

// The postings of one term, from a place on. Places are offsets turned round, so they ascend.
class TermCursor {
 public:
  TermCursor(const engine::PartitionView& partition, std::string_view term)
      : partition_(partition), number_(text::TermNumber(term)) {}

  // To the first posting at `place` or after it; false if there is none.
  StatusOr<bool> AdvanceTo(int64_t place, SearchBudget& budget) {
    // A few steps cost less than a new place in the index.
    constexpr int kSteps = 12;
    for (int step = 0; cursor_ != nullptr && cursor_->Valid() && place_ < place && step < kSteps; ++step) {
      cursor_->Next();
      RETURN_IF_ERROR(Read(budget));
    }
    if (cursor_ == nullptr || (cursor_->Valid() && place_ < place)) {
      ASSIGN_OR_RETURN(cursor_, partition_.Scan(kView, text::Postings::kName, codec::Key(number_, place),
                                                codec::PrefixEnd(codec::Key(number_))));
      RETURN_IF_ERROR(Read(budget));
    }
    return cursor_->Valid();
  }
  int64_t place() const { return place_; }

 private:
  Status Read(SearchBudget& budget) {
    RETURN_IF_ERROR(budget.Spend(1));
    if (!cursor_->Valid()) return cursor_->status();
    std::string_view key = cursor_->key();
    int64_t number = 0;
    if (!codec::TakePart(key, &number) || !codec::TakePart(key, &place_) || !key.empty())
      return DataLoss("view {}, partition {}: a posting cannot be read; rebuild the view", kView,
                      partition_.partition());
    return OkStatus();
  }

  const engine::PartitionView& partition_;
  const int64_t number_;
  std::unique_ptr<store::Cursor> cursor_;
  int64_t place_ = 0;
};

// The case that an event is about, if any.
const std::string& CaseOf(const events::v1::Event& event) {
  switch (event.body_case()) {
    case events::v1::Event::kContactRecorded:
      return event.contact_recorded().case_id();
    case events::v1::Event::kPromiseMade:
      return event.promise_made().case_id();
    case events::v1::Event::kSatisfactionRated:
      return event.satisfaction_rated().case_id();
    default:
      return sdk::CaseIdOf(event);
  }
}

}  // namespace

class TextCandidates {
 public:
  virtual ~TextCandidates() = default;
  // The newest candidate below `below`, which never rises; nothing at the end.
  virtual StatusOr<std::optional<Offset>> Find(Offset below, SearchBudget& budget) = 0;
  // The journal's entry of what Find gave; empty if a filter passes it over.
  virtual StatusOr<std::string_view> Entry(Offset offset, SearchBudget& budget) = 0;
};

namespace {

// By the index: all terms' postings walked in step.
class ByTerms final : public TextCandidates {
 public:
  ByTerms(const engine::PartitionView& partition, const SearchQuery& query, const SearchFilter& filter)
      : partition_(partition), filter_(filter) {
    for (const std::string& term : query.terms) terms_.emplace_back(partition, term);
  }

  StatusOr<std::optional<Offset>> Find(Offset below, SearchBudget& budget) override {
    int64_t place = text::PlaceOf(below) + 1;
    for (size_t agreed = 0, i = 0; agreed < terms_.size(); i = (i + 1) % terms_.size()) {
      ASSIGN_OR_RETURN(const bool found, terms_[i].AdvanceTo(place, budget));
      if (!found) return std::optional<Offset>();
      agreed = terms_[i].place() == place ? agreed + 1 : 1;
      place = terms_[i].place();
      // Nothing before this place holds them all. Whether it does itself is seen when it is read.
      if (budget.spent()) break;
    }
    return std::optional<Offset>(text::OffsetOf(place));
  }

  StatusOr<std::string_view> Entry(Offset offset, SearchBudget& budget) override {
    RETURN_IF_ERROR(budget.Spend(1));
    ASSIGN_OR_RETURN(const bool found,
                     partition_.Get(kView, text::Documents::kName, codec::Key(text::PlaceOf(offset)), &row_));
    const auto document = found ? text::Document::Decode(row_.view()) : std::nullopt;
    if (!document.has_value()) return Damaged(kView, partition_, offset);
    if (filter_.body != 0 && document->body != filter_.body) return std::string_view();
    if (document->occurred_at < filter_.from - absl::Microseconds(1) || document->occurred_at >= filter_.before)
      return std::string_view();
    ASSIGN_OR_RETURN(const bool recorded,
                     partition_.Get(kJournal, kEntries, codec::Key(document->client_id, offset), &row_));
    if (!recorded) return Damaged(kJournal, partition_, offset);
    return row_.view();
  }

 private:
  const engine::PartitionView& partition_;
  const SearchFilter& filter_;
  std::vector<TermCursor> terms_;
  store::PinnedValue row_;
};

// One client's journal: short beside the postings of a common word.
class ByClient final : public TextCandidates {
 public:
  ByClient(const engine::PartitionView& partition, const std::string& client_id)
      : partition_(partition), client_id_(client_id) {}

  StatusOr<std::optional<Offset>> Find(Offset below, SearchBudget& budget) override {
    if (cursor_ == nullptr) {
      ASSIGN_OR_RETURN(cursor_, partition_.Scan(kJournal, kEntries, codec::Key(client_id_),
                                                codec::Key(client_id_, below), store::Order::kDescending));
    } else {
      cursor_->Next();
    }
    RETURN_IF_ERROR(budget.Spend(1));
    if (!cursor_->Valid()) {
      RETURN_IF_ERROR(cursor_->status());
      return std::optional<Offset>();
    }
    std::string_view key = cursor_->key();
    std::string client_id;
    Offset offset;
    if (!codec::TakePart(key, &client_id) || !codec::TakePart(key, &offset) || !key.empty())
      return DataLoss("the journal has a key that is none; rebuild the view");
    return std::optional<Offset>(offset);
  }

  StatusOr<std::string_view> Entry(Offset, SearchBudget&) override { return cursor_->value(); }

 private:
  const engine::PartitionView& partition_;
  const std::string client_id_;
  std::unique_ptr<store::Cursor> cursor_;
};

std::unique_ptr<TextCandidates> CandidatesOf(const engine::PartitionView& partition, const SearchQuery& query,
                                             const SearchFilter& filter, const std::string& client_id) {
  if (!client_id.empty()) return std::make_unique<ByClient>(partition, client_id);
  return std::make_unique<ByTerms>(partition, query, filter);
}

}  // namespace

SearchBudget::SearchBudget(const PageLimits& limits, const SearchQuery& query, size_t scans)
    : limits_(limits),
      most_(std::max(limits.examined, static_cast<int64_t>(scans * (query.terms.size() + 2 * kEventCost)))) {}

Status SearchBudget::Spend(int64_t cost) {
  used_ += cost;
  if (used_ - checked_ < kRowsBetweenChecks) return OkStatus();
  checked_ = used_;
  return limits_.keeps_going();
}

TextScan::TextScan(const engine::PartitionView& partition, const SearchQuery& query, const SearchFilter& filter,
                   const std::string& client_id, Offset below)
    : partition_(partition),
      query_(query),
      filter_(filter),
      below_(below),
      candidates_(CandidatesOf(partition, query, filter, client_id)),
      amendments_(partition, client_id) {}
TextScan::~TextScan() = default;
TextScan::TextScan(TextScan&&) noexcept = default;

Offset TextScan::EndOf(const engine::PartitionView& partition) {
  return std::min(partition.next_offset(kView), partition.next_offset(kJournal));
}

Offset TextScan::below() const {
  if (has_hit_) return below_.Next();
  return at_end_ ? Offset(0) : below_;
}

Status TextScan::Next(SearchBudget& budget) {
  has_hit_ = false;
  while (!at_end_ && !has_hit_ && !budget.spent()) {
    ASSIGN_OR_RETURN(const std::optional<Offset> offset, candidates_->Find(below_, budget));
    if (!offset.has_value()) {
      at_end_ = true;
      break;
    }
    below_ = *offset;
    ASSIGN_OR_RETURN(const std::string_view entry, candidates_->Entry(*offset, budget));
    if (entry.empty()) continue;
    RETURN_IF_ERROR(budget.Spend(SearchBudget::kEventCost));
    RETURN_IF_ERROR(Look(*offset, entry));
  }
  return OkStatus();
}

Status TextScan::Look(Offset offset, std::string_view stored) {
  const auto entry = journal::DecodeEntry(stored);
  if (!entry.has_value()) return Damaged(kJournal, partition_, offset);
  // Attempts that were refused did not happen.
  if (!entry->applied()) return OkStatus();
  events::v1::Event event;
  if (!event.ParseFromArray(entry->event.data(), static_cast<int>(entry->event.size())))
    return Damaged(kJournal, partition_, offset);
  if (filter_.body != 0 && event.body_case() != filter_.body) return OkStatus();
  const absl::Time recorded_at = FromProto(event.recorded_at());
  ASSIGN_OR_RETURN(auto amendment, amendments_.Of(event.client_id(), offset));
  if (amendment.has_value()) {
    if (amendment->annulled()) return OkStatus();
    event = std::move(*amendment->mutable_event());
  }
  const absl::Time occurred_at = FromProto(event.occurred_at());
  if (occurred_at < filter_.from || occurred_at >= filter_.before) return OkStatus();
  if (!filter_.branch_id.empty() && event.branch_id() != filter_.branch_id) return OkStatus();
  const std::string& case_id = CaseOf(event);
  if (!filter_.case_id.empty() && case_id != filter_.case_id) return OkStatus();
  hit_.Clear();
  if (!FillMatch(text::TextsOf(event), query_, &hit_)) return OkStatus();
  hit_.set_client_id(event.client_id());
  hit_.set_partition(partition_.partition().value());
  hit_.set_offset(offset.value());
  hit_.set_event_id(event.event_id());
  if (amendment.has_value()) hit_.set_corrected_by_event_id(amendment->event_id());
  hit_.set_kind(events::v1::Event::descriptor()->FindFieldByNumber(event.body_case())->name());
  hit_.set_case_id(case_id);
  *hit_.mutable_occurred_at() = event.occurred_at();
  recorded_at_ = recorded_at;
  has_hit_ = true;
  return OkStatus();
}

namespace {

// What is walked by itself: a partition, or one record of a client where it lives.
struct Part {
  const engine::PartitionView* partition;
  std::string client_id;
};

std::vector<Part> PartsOf(const Moment& moment, const SearchFilter& filter) {
  std::vector<Part> parts;
  for (const std::string& client_id : filter.client_ids) parts.push_back({&moment.HomeOf(client_id), client_id});
  if (parts.empty())
    for (const auto& partition : moment.partitions()) parts.push_back({partition.get(), {}});
  return parts;
}

}  // namespace

StatusOr<SearchCount> CountSearch(const Moment& moment, const SearchQuery& query, const SearchFilter& filter,
                                  const PageLimits& limits) {
  const std::vector<Part> parts = PartsOf(moment, filter);
  SearchBudget budget(limits, query, parts.size());
  SearchCount count;
  for (const auto& [partition, client_id] : parts) {
    TextScan scan(*partition, query, filter, client_id, TextScan::EndOf(*partition));
    RETURN_IF_ERROR(scan.Next(budget));
    while (scan.has_hit()) {
      ++count.hits;
      RETURN_IF_ERROR(scan.Next(budget));
    }
    count.at_least |= !scan.at_end();
  }
  return count;
}

StatusOr<std::string> FillSearch(const Moment& moment, const SearchQuery& query, const SearchFilter& filter,
                                 std::string_view cursor, const PageLimits& limits,
                                 query::v1::SearchTextResponse* response) {
  const std::vector<Part> parts = PartsOf(moment, filter);
  std::vector<TextScan> scans;
  scans.reserve(parts.size());
  SearchBudget budget(limits, query, parts.size());
  std::string_view rest = cursor;
  for (const auto& [partition, client_id] : parts) {
    Offset below = TextScan::EndOf(*partition);
    if (!cursor.empty()) {
      Offset stopped;
      if (!codec::TakePart(rest, &stopped))
        return WithReason(InvalidArgument("page_token: its place does not fit this server's log"), "PAGE_TOKEN_INVALID",
                          "page_token");
      below = std::min(below, stopped);
    }
    RETURN_IF_ERROR(scans.emplace_back(*partition, query, filter, client_id, below).Next(budget));
  }
  const auto waits = [](const TextScan& scan) { return !scan.has_hit() && !scan.at_end(); };
  const auto comes_first = [](const TextScan& a, const TextScan& b) {
    if (a.has_hit() != b.has_hit()) return a.has_hit();
    return a.has_hit() && a.recorded_at() > b.recorded_at();
  };
  size_t bytes = 0;
  // A scan that has not found its next hit might have had a newer one.
  while (std::none_of(scans.begin(), scans.end(), waits) && response->hits_size() < limits.rows &&
         bytes < limits.bytes) {
    TextScan& first = *std::min_element(scans.begin(), scans.end(), comes_first);
    if (!first.has_hit()) return std::string();
    bytes += first.hit().ByteSizeLong();
    *response->add_hits() = std::move(first.hit());
    RETURN_IF_ERROR(first.Next(budget));
  }
  if (std::all_of(scans.begin(), scans.end(), [](const TextScan& scan) { return !scan.has_hit() && scan.at_end(); }))
    return std::string();
  std::string next;
  for (const TextScan& scan : scans) codec::AppendPart(next, scan.below());
  return next;
}

}  // namespace kefu::query
