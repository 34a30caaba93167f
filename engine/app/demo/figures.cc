#include "engine/app/demo/figures.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/app/words.h"
#include "engine/app/workers.h"
#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/matchers/finger_matcher.h"

namespace whorl::app {
namespace {

void count(const DemoVisit& visit, DemoCounts& counts) {
  ++counts.captures;
  ++(visit.known ? counts.known : counts.fresh);
  switch (visit.outcome) {
    case DemoOutcome::found:
      ++counts.found;
      break;
    case DemoOutcome::referred:
      ++counts.referred;
      break;
    case DemoOutcome::missed:
      ++counts.missed;
      break;
    case DemoOutcome::enrolled:
      ++counts.enrolled;
      break;
    case DemoOutcome::false_hit:
      ++counts.false_hits;
      break;
    case DemoOutcome::false_referral:
      ++counts.false_referrals;
      break;
    case DemoOutcome::refused:
      break;
  }
}

// The smallest value that `share` of the values do not exceed.
double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  const std::size_t at = std::clamp<std::size_t>(rank, 1, values.size()) - 1;
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(at));
  return values[at];
}

Json json_of(const DemoCounts& c) {
  return {{"captures", c.captures},
          {"known", c.known},
          {"found", c.found},
          {"referred", c.referred},
          {"missed", c.missed},
          {"new", c.fresh},
          {"enrolled", c.enrolled},
          {"false_hits", c.false_hits},
          {"false_referrals", c.false_referrals}};
}

std::vector<const DemoCapture*> some_of(const std::vector<DemoCapture>& captures) {
  std::vector<const DemoCapture*> chosen;
  for (const bool real : {true, false}) {
    for (const DemoCapture& c : captures) {
      if (c.real == real && chosen.size() < kMostCompared) chosen.push_back(&c);
    }
  }
  return chosen;
}

std::vector<FingerTemplate> described(const std::vector<const DemoCapture*>& captures) {
  std::vector<FingerTemplate> prints;
  for (const DemoCapture* c : captures) {
    prints.push_back(c->print);
    features::describe_minutiae(prints.back());
  }
  return prints;
}

}  // namespace

DemoFigures figures_of(const DemoRun& run) {
  DemoFigures figures;
  std::vector<double> latencies;
  double comparisons = 0, search_seconds = 0;
  for (const DemoVisit& visit : run.visits) {
    count(visit, visit.capture->real ? figures.real : figures.simulated);
    latencies.push_back(visit.latency_ms);
    const search::Effort& effort = visit.answer.effort;
    comparisons += static_cast<double>(effort.comparisons);
    search_seconds += effort.stage1_s + effort.stage2_s;
  }
  const auto rate = [](double amount, double seconds) {
    return seconds > 0 ? amount / seconds : 0.0;
  };
  figures.templates_per_second = rate(static_cast<double>(run.known.templates), run.known.seconds);
  figures.captures_per_second = rate(static_cast<double>(run.visits.size()), run.stream_seconds);
  figures.comparisons_per_second = rate(comparisons, search_seconds);
  figures.p50_ms = quantile(latencies, 0.50), figures.p99_ms = quantile(latencies, 0.99);
  return figures;
}

Json as_json(const DemoFigures& f) {
  return {{"real", json_of(f.real)},
          {"simulated", json_of(f.simulated)},
          {"templates_per_second", f.templates_per_second},
          {"captures_per_second", f.captures_per_second},
          {"comparisons_per_second", f.comparisons_per_second},
          {"p50_ms", f.p50_ms},
          {"p99_ms", f.p99_ms}};
}

Table outcome_table(const DemoFigures& f) {
  Table table{{"captures in the stream", "real", "simulated"}, {}};
  const auto row = [&](const char* what, std::int64_t DemoCounts::*member) {
    table.rows.push_back({what, with_commas(f.real.*member), with_commas(f.simulated.*member)});
  };
  row("of people enrolled before", &DemoCounts::known);
  row("  duplicates found", &DemoCounts::found);
  row("  referred to an examiner", &DemoCounts::referred);
  row("  missed", &DemoCounts::missed);
  row("of people who are new", &DemoCounts::fresh);
  row("  enrolled", &DemoCounts::enrolled);
  row("false hits", &DemoCounts::false_hits);
  row("false referrals", &DemoCounts::false_referrals);
  return table;
}

Table speed_table(const DemoRun& run, const DemoFigures& f) {
  const auto per_second = [](double rate) {
    return with_commas(static_cast<std::int64_t>(std::llround(rate))) + " /s";
  };
  return {{"speed", "measured"},
          {{"enrolled beforehand, on disk", per_second(f.templates_per_second)},
           {"stream: searched and enrolled", rounded(f.captures_per_second, 1) + " /s"},
           {"comparisons", per_second(f.comparisons_per_second)},
           {"latency p50", rounded(f.p50_ms, 1) + " ms"},
           {"latency p99", rounded(f.p99_ms, 1) + " ms"},
           {"prints in the gallery at the end", with_commas(run.gallery_prints)}}};
}

DemoScores scores_of(const DemoPopulation& population, Console& console) {
  const auto stream = some_of(population.stream), known = some_of(population.known);
  const auto probes = described(stream), references = described(known);
  std::vector<double> scores(probes.size() * references.size());
  Progress progress = console.progress("compare", "pairs", std::ssize(scores));
  share_out(std::ssize(scores), progress, [&] {
    return [&, matcher = matchers::FingerMatcher()](std::int64_t i) mutable {
      const auto at = static_cast<std::size_t>(i);
      scores[at] =
          matcher.compare(probes[at / references.size()], references[at % references.size()])
              .value();
    };
  });
  DemoScores split;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const bool one = stream[i / known.size()]->person == known[i % known.size()]->person;
    (one ? split.one_person : split.two_people).push_back(scores[i]);
  }
  return split;
}

}  // namespace whorl::app
