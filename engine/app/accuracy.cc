#include "engine/app/accuracy.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/app/words.h"
#include "engine/matchers/comparison.h"

namespace whorl::app {
namespace {

std::optional<Measured> measured(LabelledScores scores) {
  if (!scores.measurable()) return std::nullopt;
  std::vector<OperatingPoint> curve = det_curve(scores);
  const ErrorRates rates = error_rates(curve);
  return Measured{std::move(scores), std::move(curve), rates};
}

std::vector<const Measured*> all_of(const Accuracy& accuracy) {
  std::vector<const Measured*> all;
  for (const Measured& m : accuracy.databases) all.push_back(&m);
  if (accuracy.pooled) all.push_back(&*accuracy.pooled);
  return all;
}

}  // namespace

const Measured* Accuracy::overall() const {
  if (pooled) return &*pooled;
  return databases.empty() ? nullptr : &databases.front();
}

Accuracy measure(std::vector<LabelledScores> databases) {
  Accuracy accuracy;
  LabelledScores all{"pooled", {}, {}};
  for (LabelledScores& scores : databases) {
    std::ranges::copy(scores.genuine, std::back_inserter(all.genuine));
    std::ranges::copy(scores.impostor, std::back_inserter(all.impostor));
    if (auto m = measured(std::move(scores))) accuracy.databases.push_back(std::move(*m));
  }
  if (databases.size() > 1) accuracy.pooled = measured(std::move(all));
  return accuracy;
}

Json as_json(const Accuracy& accuracy) {
  Json rows = Json::array();
  for (const Measured* m : all_of(accuracy)) {
    rows.push_back({{"name", m->scores.name},
                    {"genuine", m->scores.genuine.size()},
                    {"impostor", m->scores.impostor.size()},
                    {"eer", m->rates.eer},
                    {"fmr100", m->rates.fmr100},
                    {"fmr1000", m->rates.fmr1000},
                    {"zero_fmr", m->rates.zero_fmr}});
  }
  return rows;
}

Table rates_table(const Accuracy& accuracy) {
  Table table{
      {"database", "one finger", "two fingers", "EER %", "FMR100 %", "FMR1000 %", "ZeroFMR %"}, {}};
  for (const Measured* m : all_of(accuracy)) {
    std::vector<std::string> row{m->scores.name, with_commas(std::ssize(m->scores.genuine)),
                                 with_commas(std::ssize(m->scores.impostor))};
    for (const double rate : {m->rates.eer, m->rates.fmr100, m->rates.fmr1000, m->rates.zero_fmr}) {
      row.push_back(rounded(100 * rate, 2));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table thresholds_table(const Measured& measured) {
  Table table{{"asked for", "similarity", "measured FMR", "FNMR"}, {}};
  for (const double rate : {1e-2, 1e-3, 1e-4, 1e-5, 1e-6}) {
    const Similarity threshold = matchers::similarity_at(FalseMatchRate{rate});
    const OperatingPoint point = operating_point(measured.scores, threshold.value());
    table.rows.push_back({one_in(FalseMatchRate{rate}), rounded(threshold.value(), 1),
                          point.fmr > 0 ? one_in(FalseMatchRate{point.fmr}) : "none",
                          percent(point.fnmr, 2)});
  }
  return table;
}

}  // namespace whorl::app
