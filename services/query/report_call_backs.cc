// call_backs: what programmes of call-backs had to reach, and what they did.

#include <absl/time/civil_time.h>

#include <vector>

#include "projections/programme/programme.h"
#include "services/query/report.h"
#include "services/query/report_figures.h"

namespace kefu::query {
namespace {

using programme::Programme;
using programme::ProgrammeView;
using query::v1::ReportRow;

constexpr auto kText = query::v1::REPORT_COLUMN_KIND_TEXT;
constexpr auto kCount = query::v1::REPORT_COLUMN_KIND_COUNT;
constexpr auto kShare = query::v1::REPORT_COLUMN_KIND_SHARE;
constexpr int64_t kAll = 10'000;

struct Proof {
  int64_t population = 0;
  programme::Tally tally;
};

// Calls visit(key, row) for the rows of a table whose keys begin with `prefix`, in all partitions.
template <class Table, class Visit>
Status Each(const ReportQuestion& question, const std::string& prefix, Visit visit) {
  typename Table::Row row;
  for (const auto& view : question.moment.partitions()) {
    ASSIGN_OR_RETURN(const auto cursor,
                     view->Scan(ProgrammeView::kName, Table::kName, prefix, codec::PrefixEnd(prefix)));
    for (; cursor->Valid(); cursor->Next()) {
      const std::string_view stored = cursor->value();
      if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size())))
        return DataLoss("a row of the view {} in partition {} cannot be read; rebuild the view", ProgrammeView::kName,
                        view->partition());
      visit(cursor->key(), row);
    }
    RETURN_IF_ERROR(cursor->status());
    RETURN_IF_ERROR(question.keeps_going());
  }
  return OkStatus();
}

bool IsSeen(const ReportQuestion& question, const std::string& branch_id) {
  return question.lens.unit_of == nullptr || question.lens.unit_of(branch_id).has_value();
}

// As published last. Every partition has them; partition 0 first.
StatusOr<std::vector<Programme>> ReadProgrammes(const ReportQuestion& question) {
  std::vector<Programme> programmes;
  const engine::PartitionView& home = question.moment.front();
  ASSIGN_OR_RETURN(const auto cursor, home.Scan(ProgrammeView::kName, programme::Programmes::kName, {}, {}));
  for (; cursor->Valid(); cursor->Next())
    if (!programmes.emplace_back().ParseFromArray(cursor->value().data(), static_cast<int>(cursor->value().size())))
      return DataLoss("a row of the view {} cannot be read; rebuild the view", ProgrammeView::kName);
  RETURN_IF_ERROR(cursor->status());
  return programmes;
}

// Registered in the year; or active when the year before it ended.
StatusOr<int64_t> PopulationOf(const ReportQuestion& question, const Programme& programme, int32_t year) {
  const bool of_new = programme.published().selection() == events::v1::CALL_BACK_SELECTION_NEW_ACCOUNT;
  int64_t population = 0;
  RETURN_IF_ERROR(Each<programme::Years>(
      question, of_new ? codec::Key(year) : std::string(), [&](std::string_view key, const programme::Clients& row) {
        int32_t of_year = 0;
        std::string branch_id;
        if (!codec::TakePart(key, &of_year) || !codec::TakePart(key, &branch_id) || !IsSeen(question, branch_id)) return;
        if (of_new) population += row.registered();
        if (!of_new && of_year < year) population += row.active_change();
      }));
  return population;
}

StatusOr<Proof> ProofOf(const ReportQuestion& question, const Programme& programme, int32_t year) {
  Proof proof;
  ASSIGN_OR_RETURN(proof.population, PopulationOf(question, programme, year));
  programme::Tally& sum = proof.tally;
  RETURN_IF_ERROR(Each<programme::Tallies>(
      question, codec::Key(programme.published().programme(), year),
      [&](std::string_view key, const programme::Tally& row) {
        std::string name, branch_id;
        int32_t of_year = 0;
        if (!codec::TakePart(key, &name) || !codec::TakePart(key, &of_year) || !codec::TakePart(key, &branch_id) ||
            !IsSeen(question, branch_id))
          return;
        sum.set_planned(sum.planned() + row.planned());
        sum.set_done(sum.done() + row.done());
        sum.set_done_late(sum.done_late() + row.done_late());
        sum.set_not_independent(sum.not_independent() + row.not_independent());
        sum.set_cancelled(sum.cancelled() + row.cancelled());
      }));
  return proof;
}

// What the programme has to reach, in basis points of its population.
int64_t WantedOf(const Programme& programme) {
  const auto& published = programme.published();
  return published.selection() == events::v1::CALL_BACK_SELECTION_YEARLY_SAMPLE ? published.share_bp() : kAll;
}

void AddProof(const Programme& programme, int32_t year, const Proof& proof, ReportRow* row) {
  const programme::Tally& tally = proof.tally;
  AddText(programme.published().programme(), row);
  AddText(fmt::format("{}", year), row);
  AddNumber(proof.population, row);
  AddNumber(tally.planned(), row);
  AddPlainShare(tally.planned(), proof.population, row);
  AddNumber(tally.done(), row);
  AddNumber(WantedOf(programme), row);
  AddPlainShare(tally.done(), proof.population, row);
  AddText(proof.population > 0 && tally.done() * kAll >= WantedOf(programme) * proof.population ? "yes" : "no", row);
  AddNumber(tally.done_late(), row);
  AddNumber(tally.not_independent(), row);
  AddNumber(tally.cancelled(), row);
  AddNumber(tally.planned() - tally.done() - tally.cancelled(), row);
}

}  // namespace

Status MakeCallBacksReport(const ReportQuestion& question, query::v1::Report* report) {
  TableWriter table(question, report, "Call-back programmes",
                    {{"Programme", kText},
                     {"Year", kText},
                     {"Population", kCount},
                     {"Chosen", kCount},
                     {"Chosen of population", kShare},
                     {"Done", kCount},
                     {"Share wanted", kShare},
                     {"Share reached", kShare},
                     {"Reached", kText},
                     {"Late", kCount},
                     {"Not independent", kCount},
                     {"Cancelled", kCount},
                     {"Still open", kCount}});
  const absl::CivilDay epoch(1970, 1, 1);
  const auto first = static_cast<int32_t>((epoch + question.days.from_day).year());
  const auto last = static_cast<int32_t>((epoch + question.days.to_day).year());
  ASSIGN_OR_RETURN(const std::vector<Programme> programmes, ReadProgrammes(question));
  for (const Programme& programme : programmes) {
    for (int32_t year = first; year <= last; ++year) {
      ASSIGN_OR_RETURN(const Proof proof, ProofOf(question, programme, year));
      if (ReportRow* row = table.AddRow(); row != nullptr) AddProof(programme, year, proof, row);
    }
  }
  return OkStatus();
}

}  // namespace kefu::query
