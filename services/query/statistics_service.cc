#include <grpcpp/support/server_callback.h>

#include <map>
#include <set>

#include "kefu/query/v1/statistics.grpc.pb.h"
#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "projections/statistics/distinct.h"
#include "projections/statistics/durations.h"
#include "services/query/cube_cells.h"
#include "services/query/days.h"
#include "services/query/estimate_clients.h"
#include "services/query/page.h"
#include "services/query/query_services.h"
#include "services/query/reader.h"
#include "services/query/timeline.h"
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

void Unite(const Cell& from, Cell* into) {
  into->set_count(into->count() + from.count());
  statistics::Unite(from.clients(), into->mutable_clients());
  if (from.has_durations()) statistics::Merge(from.durations(), into->mutable_durations());
}

google::protobuf::Duration ToDuration(int64_t milliseconds) {
  google::protobuf::Duration duration;
  duration.set_seconds(milliseconds / 1000);
  duration.set_nanos(static_cast<int32_t>(milliseconds % 1000 * 1'000'000));
  return duration;
}

void Show(const Cell& cell, v1::StatisticsCell* shown) {
  shown->set_count(cell.count());
  shown->mutable_clients()->set_estimate(EstimateClients(cell.clients()));
  if (!statistics::IsExact(cell.clients())) shown->mutable_clients()->set_standard_error(kClientsError);
  if (!cell.has_durations()) return;
  auto* durations = shown->mutable_durations();
  durations->set_count(statistics::CountOf(cell.durations()));
  *durations->mutable_sum() = ToDuration(cell.durations().sum_milliseconds());
  *durations->mutable_p50() = ToDuration(statistics::QuantileMilliseconds(cell.durations(), 500));
  *durations->mutable_p90() = ToDuration(statistics::QuantileMilliseconds(cell.durations(), 900));
  *durations->mutable_p99() = ToDuration(statistics::QuantileMilliseconds(cell.durations(), 990));
  durations->set_relative_error(statistics::kDurationsErrorPerMille / 1000.0);
}

// What one GetStatistics asks.
struct Question {
  CubeCells cells;
  v1::Granularity granularity = v1::GRANULARITY_UNSPECIFIED;
  // Places in the cube.
  std::vector<size_t> group_by;

  static StatusOr<Question> Read(const v1::GetStatisticsRequest& request) {
    Question question;
    ASSIGN_OR_RETURN(question.cells,
                     ReadCubeCells(request.cube(), request.from_day(), request.to_day(), request.filter()));
    if (!v1::Granularity_IsValid(request.granularity()))
      return WithReason(InvalidArgument("granularity {} is none", static_cast<int>(request.granularity())),
                        "GRANULARITY_INVALID", "granularity");
    question.granularity = request.granularity();
    std::set<size_t> seen;
    for (const std::string& name : request.group_by()) {
      ASSIGN_OR_RETURN(const size_t place, DimensionOf(*question.cells.cube, name, "group_by"));
      if (!seen.insert(place).second)
        return WithReason(InvalidArgument("group_by names \"{}\" twice", name), "DIMENSION_TWICE", "group_by");
      question.group_by.push_back(place);
    }
    return question;
  }

  // First day of the period, clipped to the span, and first day after it.
  std::pair<int32_t, int32_t> PeriodOf(int32_t day) const {
    if (granularity == v1::GRANULARITY_UNSPECIFIED) return {cells.from_day, cells.to_day + 1};
    return {std::max(cells.from_day, PeriodStart(day, granularity)),
            std::min(cells.to_day + 1, PeriodEnd(day, granularity))};
  }
};

// Cells of all partitions, united by period and the values of the dimensions asked for.
class Rollup {
 public:
  explicit Rollup(const Question& question) : question_(question) {}

  Status Add(const engine::PartitionView& partition, const std::function<Status()>& keeps_going) {
    return EachCell(partition, question_.cells, {}, keeps_going, [&](const CubeCell& cell) -> StatusOr<bool> {
      if (!scratch_.ParseFromArray(cell.stored.data(), static_cast<int>(cell.stored.size())))
        return DataLoss("a cell of partition {} cannot be read; rebuild the view {}", partition.partition(), kView);
      Group group{question_.PeriodOf(cell.day).first, {}};
      for (const size_t place : question_.group_by) group.second.push_back(cell.values.values(static_cast<int>(place)));
      Unite(scratch_, &groups_[std::move(group)]);
      Unite(scratch_, &total_);
      if (groups_.size() <= kMostCells) return true;
      return WithReason(
          InvalidArgument("more than {} cells; ask for fewer days or dimensions, or coarser periods", kMostCells),
          "CELLS_TOO_MANY", "group_by");
    });
  }

  void Answer(v1::GetStatisticsResponse* response) const {
    const CubeCells& cells = question_.cells;
    const std::string& filter = cells.filter.normal_form();
    for (const auto& [group, cell] : groups_) {
      auto* shown = response->add_cells();
      Show(cell, shown);
      shown->set_from_day(DayText(group.first));
      shown->set_to_day(DayText(question_.PeriodOf(group.first).second - 1));
      std::string narrowed = filter;
      for (size_t i = 0; i < group.second.size(); ++i) {
        const std::string_view name = cells.cube->dimensions[question_.group_by[i]].name;
        auto* dimension = shown->add_dimensions();
        dimension->set_dimension(std::string(name));
        dimension->set_value(group.second[i]);
        narrowed = Narrowed(narrowed, name, group.second[i]);
      }
      shown->set_filter(narrowed);
    }
    auto* total = response->mutable_total();
    Show(total_, total);
    total->set_from_day(DayText(cells.from_day));
    total->set_to_day(DayText(cells.to_day));
    total->set_filter(filter);
  }

 private:
  using Group = std::pair<int32_t, std::vector<std::string>>;
  const Question& question_;
  std::map<Group, Cell> groups_;
  Cell total_;
  Cell scratch_;
};

// A page of the events behind cells, by partition, cell and offset.
class CellEvents {
 public:
  CellEvents(const CubeCells& cells, const PageLimits& limits, v1::ListCellEventsResponse* response)
      : cells_(cells), limits_(limits), response_(response) {}

  // The cursor to go on from, empty at the end.
  StatusOr<std::string> Fill(const Moment& moment, std::string_view cursor) {
    int32_t partition = 0;
    std::string cell;
    Offset offset(-1);
    if (!cursor.empty() && (!codec::TakePart(cursor, &partition) || !codec::TakePart(cursor, &cell) ||
                            !codec::TakePart(cursor, &offset) || !cursor.empty()))
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
    return next_;
  }

 private:
  // Adds a cell's events after `after`; leaves the cursor in next_ when the page is full and there is more.
  Status Open(const engine::PartitionView& partition, std::string_view cell, Offset after) {
    std::string lower(cell);
    codec::AppendPart(lower, after.Next());
    ASSIGN_OR_RETURN(const auto postings,
                     partition.Scan(kView, statistics::Postings::kName, lower, codec::PrefixEnd(cell)));
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
      last_ = codec::Key(partition.partition(), cell, offset);
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
    ASSIGN_OR_RETURN(*response_->add_events(), ReadTimelineEntry(partition.partition(), offset, stored.view()));
    return OkStatus();
  }

  const CubeCells& cells_;
  const PageLimits& limits_;
  v1::ListCellEventsResponse* const response_;
  size_t bytes_ = 0;
  // The place after the last event on the page, and, once it is known that more follow, the answer.
  std::string last_;
  std::string next_;
};

class StatisticsService final : public v1::StatisticsService::CallbackService {
 public:
  StatisticsService(engine::Engine& engine, const QueryOptions& options)
      : engine_(engine), options_(options), tokens_(options.token_key) {}

  ServerUnaryReactor* GetStatistics(CallbackServerContext* context, const v1::GetStatisticsRequest* request,
                                    v1::GetStatisticsResponse* response) override {
    return Answer(context, request->min_position(), [=, this] { return Get(KeepsGoing(context), *request, response); });
  }

  ServerUnaryReactor* ListCellEvents(CallbackServerContext* context, const v1::ListCellEventsRequest* request,
                                     v1::ListCellEventsResponse* response) override {
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
    ASSIGN_OR_RETURN(const Question question, Question::Read(request));
    const Moment moment = Moment::Now(engine_);
    Rollup rollup(question);
    for (const auto& partition : moment.partitions()) RETURN_IF_ERROR(rollup.Add(*partition, keeps_going));
    rollup.Answer(response);
    response->set_position(moment.PositionOf(kView));
    return OkStatus();
  }

  Status List(std::function<Status()> keeps_going, const v1::ListCellEventsRequest& request,
              v1::ListCellEventsResponse* response) const {
    ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
    ASSIGN_OR_RETURN(const CubeCells cells,
                     ReadCubeCells(request.cube(), request.from_day(), request.to_day(), request.filter()));
    const std::string hash = PageTokens::QueryHash(
        {"ListCellEvents", request.cube(), request.from_day(), request.to_day(), cells.filter.normal_form()});
    ASSIGN_OR_RETURN(const std::string after, tokens_.Open(request.page_token(), hash));
    const Moment moment = Moment::Now(engine_);
    const PageLimits limits = LimitsOf(options_, size, std::move(keeps_going));
    ASSIGN_OR_RETURN(const std::string cursor, CellEvents(cells, limits, response).Fill(moment, after));
    if (!cursor.empty()) response->set_next_page_token(tokens_.Make(hash, cursor));
    response->set_position(moment.PositionOf(kView));
    return OkStatus();
  }

  engine::Engine& engine_;
  const QueryOptions options_;
  const PageTokens tokens_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeStatisticsService(engine::Engine& engine, const QueryOptions& options) {
  return std::make_unique<StatisticsService>(engine, options);
}

}  // namespace kefu::query
