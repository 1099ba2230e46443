#include "services/cli/churn/training.h"

#include <absl/time/civil_time.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "platform/rules/churn_model.h"
#include "platform/rules/expression.h"
#include "services/cli/churn/auc.h"
#include "services/cli/churn/regression.h"

namespace kefu::cli {
namespace {

using events::v1::ClientFact;
using events::v1::ModelTerm;
using query::v1::ClientFacts;

constexpr double kMillionths = 1e6;
// Of each kind, to train on and to measure with.
constexpr int64_t kFewestClients = 10;

using Samples = std::vector<const ClientFacts*>;

// A month cannot tell these (projections/activity), and the score is the model's own.
bool CanBeTerm(ClientFact fact) {
  return fact != events::v1::CLIENT_FACT_UNSPECIFIED && fact != events::v1::CLIENT_FACT_STATUS &&
         fact != events::v1::CLIENT_FACT_OPEN_COMPLAINTS && fact != events::v1::CLIENT_FACT_CHURN_SCORE;
}

int64_t ValueOf(const ClientFacts& sample, ClientFact fact) {
  return static_cast<int>(fact) < sample.values_size() ? sample.values(static_cast<int>(fact)) : 0;
}

// Bounds, mean and scale of a fact. False: it says the same of nearly all.
bool Standardise(const Samples& samples, ModelTerm* term) {
  std::vector<int64_t> values;
  values.reserve(samples.size());
  for (const ClientFacts* sample : samples) values.push_back(ValueOf(*sample, term->fact()));
  std::sort(values.begin(), values.end());
  term->set_lower_bound(values[values.size() / 100]);
  term->set_upper_bound(values[values.size() - 1 - values.size() / 100]);
  if (term->lower_bound() == term->upper_bound()) {
    // Rare things count as well, such as a complaint: then all that is seen is within the bounds.
    term->set_lower_bound(values.front());
    term->set_upper_bound(values.back());
    if (term->lower_bound() == term->upper_bound()) return false;
  }
  double sum = 0, squares = 0;
  for (const int64_t value : values)
    sum += static_cast<double>(std::clamp(value, term->lower_bound(), term->upper_bound()));
  term->set_mean(std::llround(sum / static_cast<double>(values.size())));
  for (const int64_t value : values) {
    const double off = static_cast<double>(std::clamp(value, term->lower_bound(), term->upper_bound())) -
                       static_cast<double>(term->mean());
    squares += off * off;
  }
  term->set_scale(std::max<int64_t>(1, std::llround(std::sqrt(squares / static_cast<double>(values.size())))));
  return true;
}

std::vector<double> FeaturesOf(const Samples& samples, const events::v1::ChurnModelPublished& model) {
  std::vector<double> features;
  features.reserve(samples.size() * static_cast<size_t>(model.terms_size()));
  for (const ClientFacts* sample : samples) {
    for (const ModelTerm& term : model.terms()) {
      const int64_t value = std::clamp(ValueOf(*sample, term.fact()), term.lower_bound(), term.upper_bound());
      features.push_back((static_cast<double>(value) - static_cast<double>(term.mean())) /
                         static_cast<double>(term.scale()));
    }
  }
  return features;
}

std::vector<bool> LabelsOf(const Samples& samples) {
  std::vector<bool> labels;
  for (const ClientFacts* sample : samples) labels.push_back(sample->churned());
  return labels;
}

// Of the model as it will be applied.
int64_t Measure(const Samples& samples, const events::v1::ChurnModelPublished& model) {
  std::vector<int64_t> scores;
  for (const ClientFacts* sample : samples)
    scores.push_back(rules::ScoreOf(model, {sample->values().data(), static_cast<size_t>(sample->values_size())}));
  return AucMicros(scores, LabelsOf(samples));
}

int64_t Churned(const Samples& samples) {
  return std::count_if(samples.begin(), samples.end(), [](const ClientFacts* sample) { return sample->churned(); });
}

Status Suffice(const Samples& samples, std::string_view what) {
  const int64_t churned = Churned(samples);
  const int64_t stayed = static_cast<int64_t>(samples.size()) - churned;
  if (churned >= kFewestClients && stayed >= kFewestClients) return OkStatus();
  return FailedPrecondition("{}: {} clients left and {} stayed, and it takes {} of each; ask for more months", what,
                            churned, stayed, kFewestClients);
}

absl::CivilDay FirstDayOf(int32_t month) { return absl::CivilDay(absl::CivilMonth(1970, 1) + month); }

void SetDay(absl::CivilDay day, events::v1::CalendarDate* date) {
  date->set_year(static_cast<int32_t>(day.year()));
  date->set_month(day.month());
  date->set_day(day.day());
}

void CountClients(const Samples& samples, events::v1::ChurnModelPublished* model) {
  std::set<std::string_view> all, churned;
  for (const ClientFacts* sample : samples) {
    all.insert(sample->client_id());
    if (sample->churned()) churned.insert(sample->client_id());
  }
  model->set_trained_on_clients(static_cast<int64_t>(all.size()));
  model->set_churned_clients(static_cast<int64_t>(churned.size()));
}

}  // namespace

StatusOr<Trained> TrainChurnModel(std::span<const ClientFacts> facts, const TrainingOptions& options) {
  std::set<int32_t> months;
  for (const ClientFacts& sample : facts) months.insert(sample.month());
  if (options.hold_out_months < 1 || static_cast<int>(months.size()) <= options.hold_out_months)
    return FailedPrecondition("{} months have clients, of which {} are to be held out: none is left to train on",
                              months.size(), options.hold_out_months);
  const int32_t first_held_out = *std::next(months.rbegin(), options.hold_out_months - 1);
  Samples training, held_out;
  for (const ClientFacts& sample : facts) (sample.month() < first_held_out ? training : held_out).push_back(&sample);
  RETURN_IF_ERROR(Suffice(training, "months to train on"));
  RETURN_IF_ERROR(Suffice(held_out, "months held out"));

  Trained trained;
  auto& model = trained.model;
  for (size_t number = 1; number < rules::kFacts; ++number) {
    ModelTerm term;
    term.set_fact(static_cast<ClientFact>(number));
    if (CanBeTerm(term.fact()) && Standardise(training, &term)) *model.add_terms() = term;
  }
  ASSIGN_OR_RETURN(const Logistic fitted, FitLogistic(FeaturesOf(training, model), LabelsOf(training), options.l2));
  model.set_intercept_micros(std::llround(fitted.intercept * kMillionths));
  for (int i = 0; i < model.terms_size(); ++i)
    model.mutable_terms(i)->set_coefficient_micros(
        std::llround(fitted.coefficients[static_cast<size_t>(i)] * kMillionths));

  model.set_auc_micros(Measure(held_out, model));
  trained.training_auc_micros = Measure(training, model);
  trained.trained_on = static_cast<int64_t>(training.size());
  trained.trained_on_churned = Churned(training);
  trained.held_out = static_cast<int64_t>(held_out.size());
  trained.held_out_churned = Churned(held_out);
  SetDay(FirstDayOf(*months.begin()), model.mutable_trained_from());
  SetDay(FirstDayOf(first_held_out) - 1, model.mutable_trained_until());
  SetDay(FirstDayOf(*months.rbegin() + 1) - 1, model.mutable_held_out_until());
  CountClients(training, &model);
  return trained;
}

StatusOr<int32_t> ParseMonth(std::string_view text) {
  int year = 0, month = 0;
  const char* end = text.data() + text.size();
  const auto [dash, year_error] = std::from_chars(text.data(), end, year);
  if (year_error == std::errc() && dash != end && *dash == '-') {
    const auto [rest, month_error] = std::from_chars(dash + 1, end, month);
    if (month_error == std::errc() && rest == end && year >= 1970 && year <= 9999 && month >= 1 && month <= 12)
      return (year - 1970) * 12 + month - 1;
  }
  return InvalidArgument("\"{}\" is no month; write it like 2026-03", text);
}

std::string MonthText(int32_t month) {
  const absl::CivilMonth civil = absl::CivilMonth(1970, 1) + month;
  return fmt::format("{:04}-{:02}", civil.year(), civil.month());
}

}  // namespace kefu::cli
