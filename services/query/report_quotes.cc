#include "services/query/report_quotes.h"

#include <algorithm>
#include <tuple>

#include "kefu/query/v1/case.pb.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "projections/sdk/case_id.h"
#include "services/query/amendments.h"
#include "services/query/timeline.h"

namespace kefu::query {
namespace {

constexpr std::string_view kView = statistics::StatisticsView::kName;
constexpr std::string_view kJournal = "journal";

struct Candidate {
  const engine::PartitionView* partition = nullptr;
  // As it stands.
  events::v1::Event event;
  absl::Time occurred_at;
  Offset offset{0};

  // Newest first.
  bool operator<(const Candidate& other) const {
    return std::tuple(other.occurred_at, partition->partition().value(), offset.value()) <
           std::tuple(occurred_at, other.partition->partition().value(), other.offset.value());
  }
};

// Cut where a character ends.
std::string Cut(const std::string& text) {
  if (text.size() <= kLongestQuote) return text;
  size_t end = kLongestQuote;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

const std::string& WordsOf(const events::v1::CaseOpening& opening) {
  return opening.description().empty() ? opening.subject() : opening.description();
}

// What the client said when the case was opened; empty if nothing was written down.
StatusOr<std::string> WordsBehind(const Candidate& candidate) {
  const events::v1::Event& event = candidate.event;
  if (event.has_complaint_received()) return WordsOf(event.complaint_received().opening());
  store::PinnedValue row;
  ASSIGN_OR_RETURN(const bool found,
                   candidate.partition->Get("case", "cases", codec::Key(sdk::CaseIdOf(event)), &row));
  query::v1::Case one;
  if (!found || !one.ParseFromArray(row.view().data(), static_cast<int>(row.view().size()))) return std::string();
  return one.description().empty() ? one.subject() : one.description();
}

// The last events of a cell.
Status AddCandidates(const engine::PartitionView& partition, const CellPlace& place, int most,
                     std::vector<Candidate>* candidates) {
  std::string upper = place.key;
  codec::AppendPart(upper, partition.next_offset(kView));
  ASSIGN_OR_RETURN(const auto postings,
                   partition.Scan(kView, statistics::Postings::kName, place.key, upper, store::Order::kDescending));
  Amendments amendments(partition);
  for (int taken = 0; postings->Valid() && taken < most; postings->Next(), ++taken) {
    std::string_view key = postings->key();
    key.remove_prefix(place.key.size());
    Offset offset;
    if (!codec::TakePart(key, &offset)) return DataLoss("a posting has a key that is none; rebuild the view {}", kView);
    store::PinnedValue stored;
    const std::string client_id(postings->value());
    ASSIGN_OR_RETURN(const bool found, partition.Get(kJournal, "entries", codec::Key(client_id, offset), &stored));
    if (!found)
      return WithReason(Unavailable("the journal of partition {} does not have {} yet", partition.partition(), offset),
                        "POSITION_NOT_REACHED");
    ASSIGN_OR_RETURN(auto entry, ReadTimelineEntry(partition.partition(), offset, stored.view()));
    RETURN_IF_ERROR(amendments.Mark(client_id, &entry));
    // The view is not as far as the journal.
    if (entry.amended().annulled()) continue;
    Candidate& added = candidates->emplace_back();
    added.partition = &partition;
    added.event =
        std::move(entry.has_amended() ? *entry.mutable_amended()->mutable_event() : *entry.mutable_event());
    added.occurred_at = FromProto(added.event.occurred_at());
    added.offset = offset;
  }
  return postings->status();
}

}  // namespace

Status AddQuotes(const ReportQuestion& question, std::vector<CellPlace> places, query::v1::ReportRow* row) {
  if (question.quotes == 0) return OkStatus();
  std::stable_sort(places.begin(), places.end(),
                   [](const CellPlace& a, const CellPlace& b) { return a.day > b.day; });
  std::vector<Candidate> candidates;
  // Some said nothing, so a few more are looked at.
  const int most = question.quotes * 4;
  for (size_t i = 0; i < places.size(); ++i) {
    if (static_cast<int>(candidates.size()) >= most && places[i].day != places[i - 1].day) break;
    RETURN_IF_ERROR(question.keeps_going());
    for (const auto& partition : question.moment.partitions())
      if (partition->partition() == places[i].partition)
        RETURN_IF_ERROR(AddCandidates(*partition, places[i], most, &candidates));
  }
  std::sort(candidates.begin(), candidates.end());
  for (const Candidate& candidate : candidates) {
    if (row->quotes_size() >= question.quotes) break;
    ASSIGN_OR_RETURN(const std::string words, WordsBehind(candidate));
    if (words.empty()) continue;
    auto* quote = row->add_quotes();
    quote->set_text(Cut(words));
    quote->set_client_id(candidate.event.client_id());
    quote->set_case_id(sdk::CaseIdOf(candidate.event));
    quote->set_event_id(candidate.event.event_id());
  }
  return OkStatus();
}

}  // namespace kefu::query
