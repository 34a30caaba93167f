#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

#include "engine/app/bench/accuracy_bench.h"
#include "engine/app/report/page.h"
#include "engine/app/words.h"

namespace whorl::app {
namespace {

constexpr double kRates[] = {1e-2, 1e-3, 1e-4, 1e-5};

double mean_of(const std::vector<double>& values) {
  return std::reduce(values.begin(), values.end()) / static_cast<double>(values.size());
}

// As a description has it: short, and no less exact than what it rests on.
std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

}  // namespace

std::string calibration_block(const FaceCalibration& c) {
  return "[calibration]\nversion = " + std::to_string(c.version) +
         "\ngenuine_mean = " + number(c.genuine_mean) + "\ngenuine_sd = " + number(c.genuine_sd) +
         "\nimpostor_mean = " + number(c.impostor_mean) +
         "\nimpostor_sd = " + number(c.impostor_sd) +
         "\nstranger_share = " + number(c.stranger_share) +
         "\ntwin_share = " + number(c.twin_share) + "\n";
}

Json as_json(const AccuracyFigures& f) {
  Json curve = Json::array(), strangers = Json::array();
  for (const RejectPoint& p : f.error_versus_reject) {
    curve.push_back({{"rejected", p.rejected}, {"fnmr", p.fnmr}});
  }
  for (const double rate : kRates) {
    if (rate * static_cast<double>(f.strangers.total()) < 10) continue;
    strangers.push_back({{"rate", rate}, {"similarity", f.strangers.exceeded_by(rate)}});
  }
  Json facts{{"model", f.model},
             {"pictures", f.pictures},
             {"without_face", f.without_face},
             {"people", f.people},
             {"pairs", f.pairs}};
  if (!f.fold_accuracies.empty()) {
    facts["accuracy"] = mean_of(f.fold_accuracies);
    facts["accuracy_of_folds"] = f.fold_accuracies;
  }
  facts.update(Json{{"eer", f.rates.eer},
                    {"fnmr_at_fmr_1e2", f.rates.fmr100},
                    {"fnmr_at_fmr_1e3", f.rates.fmr1000},
                    {"threshold_at_fmr_1e3", f.threshold},
                    {"error_versus_reject", curve},
                    {"enrolled", f.ranks.enrolled},
                    {"searched", f.ranks.searched},
                    {"rank1", f.ranks.rank1},
                    {"fnir_at_rank1", 1 - f.ranks.rank1},
                    {"strangers", strangers},
                    {"faces_per_cpu_second", f.faces_per_cpu_second},
                    {"calibration", calibration_block(f.calibration)}});
  return facts;
}

std::string as_text(const AccuracyFigures& f) {
  Table table{{"what", f.model}, {}};
  const auto row = [&](std::string what, std::string value) {
    table.rows.push_back({std::move(what), std::move(value)});
  };
  row("pictures", with_commas(f.pictures));
  row("  without a face", with_commas(f.without_face));
  row("people", with_commas(f.people));
  row("pairs", with_commas(f.pairs));
  for (std::size_t i = 0; i < f.fold_accuracies.size(); ++i) {
    row("  accuracy, fold " + std::to_string(i + 1), percent(f.fold_accuracies[i], 2));
  }
  if (!f.fold_accuracies.empty()) row("accuracy", percent(mean_of(f.fold_accuracies), 2));
  row("EER", percent(f.rates.eer, 2));
  row("FNMR at FMR 1 in 100", percent(f.rates.fmr100, 2));
  row("FNMR at FMR 1 in 1,000", percent(f.rates.fmr1000, 2));
  for (const RejectPoint& p : f.error_versus_reject) {
    if (p.rejected == 0) continue;
    row("  the poorest " + percent(p.rejected, 0) + " refused", percent(p.fnmr, 2));
  }
  row("rank-1, " + with_commas(f.ranks.searched) + " in " + with_commas(f.ranks.enrolled),
      percent(f.ranks.rank1, 2));
  row("faces per CPU second", rounded(f.faces_per_cpu_second, 1));
  return as_text(table) + "\n" + calibration_block(f.calibration);
}

}  // namespace whorl::app
