#include <grpcpp/support/server_callback.h>

#include <map>
#include <set>

#include "kefu/query/v1/statistics.grpc.pb.h"
#include "platform/base/check.h"
#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "services/query/amendments.h"
#include "services/query/cell_token.h"
#include "services/query/cube_rollup.h"
#include "services/query/days.h"
#include "services/query/page.h"
#include "services/query/past.h"
#include "services/query/query_services.h"
#include "services/query/reader.h"
#include "services/query/timeline.h"
#include "services/query/unit_lens.h"
#include "services/query/unary.h"

namespace kefu::query {
namespace {

namespace v1 = query::v1;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using statistics::Cell;

constexpr std::string_view kView = statistics::StatisticsView::kName;
constexpr std::string_view kJournal = "journal";
// An answer stays below gRPC's usual limit of 4 MiB.
constexpr size_t kMostCells = 5000;

constexpr std::string_view kUnit = "unit";

// What one GetStatistics asks.
struct Question {
  RollupPlan plan;
  // As asked for.
  std::vector<std::string> group_by;

  static StatusOr<Question> Read(const engine::Engine& engine, const v1::GetStatisticsRequest& request) {
    Question question;
    RollupPlan& plan = question.plan;
    ASSIGN_OR_RETURN(plan.cells,
                     ReadCubeCells(request.cube(), request.from_day(), request.to_day(), request.filter()));
    if (!v1::Granularity_IsValid(request.granularity()))
      return WithReason(InvalidArgument("granularity {} is none", static_cast<int>(request.granularity())),
                        "GRANULARITY_INVALID", "granularity");
    plan.spans = PeriodsOf({plan.cells.from_day, plan.cells.to_day}, request.granularity());
    plan.most_groups = kMostCells;
    std::set<std::string> seen;
    for (const std::string& name : request.group_by()) {
      size_t place = RollupPlan::kUnit;
      if (name != kUnit || request.unit_level().empty()) {
        ASSIGN_OR_RETURN(place, DimensionOf(*plan.cells.cube, name, "group_by"));
      }
      if (!seen.insert(name).second)
        return WithReason(InvalidArgument("group_by names \"{}\" twice", name), "DIMENSION_TWICE", "group_by");
      plan.group_by.push_back(place);
      question.group_by.push_back(name);
    }
    ASSIGN_OR_RETURN(UnitLens lens, LookThrough(engine, request.unit_id(), request.unit_level()));
    plan.unit_of = std::move(lens.unit_of);
    return question;
  }
};

// Shows cells, each with a filter and a token that open it.
class Shower {
 public:
  Shower(const Question& question, const CellTokens& tokens, const Moment& moment)
      : question_(question), tokens_(tokens), next_offsets_(CountedUntil(moment)) {}

  void Show(const RollupGroup& group, v1::StatisticsCell* shown) const {
    const RollupPlan& plan = question_.plan;
    const DaySpan& span = plan.spans[group.span];
    CountedCells counted = Counted(group.cell, span);
    std::string narrowed = plan.cells.filter.normal_form();
    for (size_t i = 0; i < group.values.size(); ++i) {
      auto* dimension = shown->add_dimensions();
      dimension->set_dimension(question_.group_by[i]);
      dimension->set_value(group.values[i]);
      if (plan.group_by[i] == RollupPlan::kUnit) continue;
      narrowed = Narrowed(narrowed, question_.group_by[i], group.values[i]);
      counted.cells.values.emplace_back(plan.group_by[i], group.values[i]);
    }
    Finish(group.cell, span, std::move(counted), std::move(narrowed), group.branches, shown);
  }

  void ShowTotal(const std::vector<RollupGroup>& groups, v1::StatisticsCell* shown) const {
    const CubeCells& cells = question_.plan.cells;
    const DaySpan span{cells.from_day, cells.to_day};
    Cell total;
    std::set<std::string> branches;
    for (const RollupGroup& group : groups) {
      UniteCells(group.cell, &total);
      branches.insert(group.branches.begin(), group.branches.end());
    }
    Finish(total, span, Counted(total, span), cells.filter.normal_form(), branches, shown);
  }

 private:
  CountedCells Counted(const Cell& cell, DaySpan span) const {
    CountedCells counted{question_.plan.cells, next_offsets_, cell.count()};
    counted.cells.from_day = span.from_day;
    counted.cells.to_day = span.to_day;
    return counted;
  }

  void Finish(const Cell& cell, DaySpan span, CountedCells counted, std::string narrowed,
              const std::set<std::string>& branches, v1::StatisticsCell* shown) const {
    ShowCell(cell, shown);
    shown->set_from_day(DayText(span.from_day));
    shown->set_to_day(DayText(span.to_day));
    if (question_.plan.unit_of != nullptr) {
      narrowed = NarrowedToAny(narrowed, counted.cells.cube->dimensions[kBranchPlace].name, branches);
      counted.cells.branches = branches;
    }
    shown->set_filter(narrowed);
    shown->set_cell_token(tokens_.Make(counted));
  }

  const Question& question_;
  const CellTokens& tokens_;
  const std::vector<int64_t> next_offsets_;
};

// A page of the events behind cells, by partition, cell and offset. Of a figure that was counted: only those that were,
// and at the end it must have been all.
class CellEvents {
 public:
  CellEvents(const CountedCells& counted, const PageLimits& limits, v1::ListCellEventsResponse* response)
      : counted_(counted), cells_(counted.cells), limits_(limits), response_(response) {}

  // The cursor to go on from, empty at the end.
  StatusOr<std::string> Fill(const Moment& moment, std::string_view cursor) {
    int32_t partition = 0;
    std::string cell;
    Offset offset(-1);
    if (!cursor.empty() && (!codec::TakePart(cursor, &partition) || !codec::TakePart(cursor, &cell) ||
                            !codec::TakePart(cursor, &offset) || !codec::TakePart(cursor, &listed_) || !cursor.empty()))
      return WithReason(InvalidArgument("page_token: broken"), "PAGE_TOKEN_INVALID", "page_token");
    for (const auto& view : moment.partitions()) {
      const int32_t number = view->partition().value();
      if (number < partition) continue;
      const bool resumes = number == partition;
      RETURN_IF_ERROR(EachCell(*view, cells_, resumes ? std::string_view(cell) : std::string_view(),
                               limits_.keeps_going, [&](const CubeCell& at) -> StatusOr<bool> {
                                 const Offset after = resumes && at.key == cell ? offset : Offset(-1);
                                 RETURN_IF_ERROR(Open(*view, at.key, after));
                                 return next_.empty();
                               }));
      if (!next_.empty()) break;
    }
    if (next_.empty() && IsCounted() && listed_ != counted_.count) {
      RETURN_IF_ERROR(NothingCorrectedSince(moment));
      return DataLoss("the figure says {} events and {} are there; rebuild the view {}", counted_.count, listed_,
                      kView);
    }
    return next_;
  }

 private:
  bool IsCounted() const { return !counted_.next_offsets.empty(); }

  // What was corrected after the figure was counted may have left it, or come to it.
  Status NothingCorrectedSince(const Moment& moment) const {
    for (const auto& view : moment.partitions()) {
      const Offset counted(counted_.next_offsets[static_cast<size_t>(view->partition().value())]);
      ASSIGN_OR_RETURN(const bool corrected, AnyCorrectedFrom(*view, counted));
      if (corrected)
        return WithReason(FailedPrecondition("events were corrected since the figure was counted, so it is another one "
                                             "now; ask for it again, or as of then"),
                          "FIGURE_CORRECTED", "cell_token");
    }
    return OkStatus();
  }

  // Adds a cell's events after `after`; leaves the cursor in next_ when the page is full and there is more.
  Status Open(const engine::PartitionView& partition, std::string_view cell, Offset after) {
    std::string lower(cell);
    codec::AppendPart(lower, after.Next());
    std::string upper = codec::PrefixEnd(cell);
    if (IsCounted()) {
      upper = cell;
      codec::AppendPart(upper, counted_.next_offsets[static_cast<size_t>(partition.partition().value())]);
      if (upper <= lower) return OkStatus();
    }
    ASSIGN_OR_RETURN(const auto postings, partition.Scan(kView, statistics::Postings::kName, lower, upper));
    for (; postings->Valid(); postings->Next()) {
      if (response_->events_size() >= limits_.rows || bytes_ >= limits_.bytes) {
        next_ = last_;
        return OkStatus();
      }
      if (response_->events_size() % kRowsBetweenChecks == 0) RETURN_IF_ERROR(limits_.keeps_going());
      std::string_view key = postings->key();
      key.remove_prefix(cell.size());
      Offset offset;
      if (!codec::TakePart(key, &offset) || !key.empty())
        return DataLoss("a posting has a key that is none; rebuild the view {}", kView);
      RETURN_IF_ERROR(AddEvent(partition, std::string(postings->value()), offset));
      last_ = codec::Key(partition.partition(), cell, offset, ++listed_);
    }
    return postings->status();
  }

  Status AddEvent(const engine::PartitionView& partition, const std::string& client_id, Offset offset) {
    store::PinnedValue stored;
    ASSIGN_OR_RETURN(const bool found, partition.Get(kJournal, "entries", codec::Key(client_id, offset), &stored));
    if (!found && partition.next_offset(kJournal) <= offset)
      return WithReason(Unavailable("the journal of partition {} is at {} and does not have {} yet",
                                    partition.partition(), partition.next_offset(kJournal), offset),
                        "POSITION_NOT_REACHED");
    if (!found)
      return DataLoss("the event at {}@{} is counted but not in the journal; rebuild it", partition.partition(),
                      offset);
    bytes_ += stored.view().size();
    auto& event = *response_->add_events();
    ASSIGN_OR_RETURN(event, ReadTimelineEntry(partition.partition(), offset, stored.view()));
    // What is counted is the event as it stands: its entry says how that is.
    const auto [amendments, added] = amendments_.try_emplace(partition.partition(), partition);
    RETURN_IF_ERROR(amendments->second.Mark(client_id, &event));
    bytes_ += event.amended().ByteSizeLong();
    return OkStatus();
  }

  const CountedCells& counted_;
  const CubeCells& cells_;
  const PageLimits& limits_;
  v1::ListCellEventsResponse* const response_;
  size_t bytes_ = 0;
  std::map<Partition, Amendments> amendments_;
  // On this page and all before it.
  int64_t listed_ = 0;
  // The place after the last event on the page, and, once it is known that more follow, the answer.
  std::string last_;
  std::string next_;
};

class StatisticsService final : public v1::StatisticsService::CallbackService {
 public:
  StatisticsService(engine::Engine& engine, const QueryOptions& options)
      : engine_(engine),
        options_(options),
        past_(engine, options),
        tokens_(options.token_key),
        cell_tokens_(options.token_key, engine.log_identity().id) {
    // A number that nobody could recompute from its events must not be served.
    const std::string unexplained = statistics::UnexplainedMeasure();
    KEFU_CHECK(unexplained.empty(), "statistics: {}", unexplained);
  }

  ServerUnaryReactor* GetStatistics(CallbackServerContext* context, const v1::GetStatisticsRequest* request,
                                    v1::GetStatisticsResponse* response) override {
    if (auto* past = past_.Answer(context, &StatisticsService::GetStatistics, request, response)) return past;
    return Answer(context, request->min_position(), [=, this] { return Get(KeepsGoing(context), *request, response); });
  }

  ServerUnaryReactor* ListCellEvents(CallbackServerContext* context, const v1::ListCellEventsRequest* request,
                                     v1::ListCellEventsResponse* response) override {
    if (auto* past = past_.Answer(context, &StatisticsService::ListCellEvents, request, response)) return past;
    return Answer(context, request->min_position(),
                  [=, this] { return List(KeepsGoing(context), *request, response); });
  }

 private:
  // Walks many rows: not on a thread that serves others.
  ServerUnaryReactor* Answer(CallbackServerContext* context, std::string_view min_position, Work work) {
    auto position = ReadPosition(engine_, min_position, "min_position");
    if (position.ok() && !position->has_value()) return AnswerLater(context, std::move(work));
    return AnswerWhenReached(context, engine_, kView, position, std::move(work));
  }

  Status Get(const std::function<Status()>& keeps_going, const v1::GetStatisticsRequest& request,
             v1::GetStatisticsResponse* response) const {
    ASSIGN_OR_RETURN(const Question question, Question::Read(engine_, request));
    const Moment moment = Moment::Now(engine_);
    Rollup rollup(question.plan);
    RETURN_IF_ERROR(rollup.Add(moment, keeps_going));
    const std::vector<RollupGroup> groups = rollup.Take();
    const Shower shower(question, cell_tokens_, moment);
    size_t bytes = 0;
    for (const RollupGroup& group : groups) {
      auto* shown = response->add_cells();
      shower.Show(group, shown);
      bytes += shown->ByteSizeLong();
      if (bytes > options_.max_page_bytes)
        return WithReason(InvalidArgument("the {} cells do not fit in one answer; ask for fewer days, dimensions or "
                                          "branches, or coarser periods",
                                          groups.size()),
                          "CELLS_TOO_MANY", "group_by");
    }
    shower.ShowTotal(groups, response->mutable_total());
    response->set_position(moment.PositionOf(kView));
    return OkStatus();
  }

  // The cells that are meant, and what pages of them belong to.
  StatusOr<CountedCells> CellsOf(const v1::ListCellEventsRequest& request, std::string* hash) const {
    CountedCells counted;
    if (request.cell_token().empty()) {
      ASSIGN_OR_RETURN(counted.cells,
                       ReadCubeCells(request.cube(), request.from_day(), request.to_day(), request.filter()));
      *hash = PageTokens::QueryHash({"ListCellEvents", request.cube(), request.from_day(), request.to_day(),
                                     counted.cells.filter.normal_form()});
      return counted;
    }
    if (!request.cube().empty() || !request.from_day().empty() || !request.to_day().empty() ||
        !request.filter().empty())
      return WithReason(InvalidArgument("a cell_token says cube, days and filter; leave them empty"),
                        "CELL_TOKEN_NOT_ALONE", "cell_token");
    ASSIGN_OR_RETURN(counted, cell_tokens_.Open(request.cell_token()));
    if (counted.next_offsets.size() != static_cast<size_t>(engine_.partitions()))
      return WithReason(InvalidArgument("cell_token: the log has {} partitions, not {}", engine_.partitions(),
                                        counted.next_offsets.size()),
                        "CELL_TOKEN_INVALID", "cell_token");
    *hash = PageTokens::QueryHash({"ListCellEvents", request.cell_token()});
    return counted;
  }

  Status List(std::function<Status()> keeps_going, const v1::ListCellEventsRequest& request,
              v1::ListCellEventsResponse* response) const {
    ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
    std::string hash;
    ASSIGN_OR_RETURN(const CountedCells counted, CellsOf(request, &hash));
    ASSIGN_OR_RETURN(const std::string after, tokens_.Open(request.page_token(), hash));
    const Moment moment = Moment::Now(engine_);
    if (!counted.next_offsets.empty()) RETURN_IF_ERROR(MustHold(moment, counted.next_offsets));
    const PageLimits limits = LimitsOf(options_, size, std::move(keeps_going));
    ASSIGN_OR_RETURN(const std::string cursor, CellEvents(counted, limits, response).Fill(moment, after));
    if (!cursor.empty()) response->set_next_page_token(tokens_.Make(hash, cursor));
    if (request.page_token().empty()) response->set_total_size(counted.count);
    response->set_position(moment.PositionOf(kView));
    return OkStatus();
  }

  // A view that fell back, or another server's that is behind, does not have what was counted.
  static Status MustHold(const Moment& moment, const std::vector<int64_t>& next_offsets) {
    const std::vector<int64_t> now = CountedUntil(moment);
    for (size_t p = 0; p < now.size(); ++p)
      if (now[p] < next_offsets[p])
        return WithReason(Unavailable("view \"{}\" is at offset {} of partition {}, the figure was counted at {}; try "
                                      "again",
                                      kView, now[p], p, next_offsets[p]),
                          "POSITION_NOT_REACHED", "cell_token");
    return OkStatus();
  }

  engine::Engine& engine_;
  const QueryOptions options_;
  const PastOf<StatisticsService> past_;
  const PageTokens tokens_;
  const CellTokens cell_tokens_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeStatisticsService(engine::Engine& engine, const QueryOptions& options) {
  return std::make_unique<StatisticsService>(engine, options);
}

}  // namespace kefu::query
