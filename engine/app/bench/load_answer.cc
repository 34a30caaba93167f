#include <nlohmann/json.hpp>

#include "engine/app/bench/load_bench.h"
#include "engine/app/report/load_report.h"

namespace whorl::app {
namespace {

Json json_of(const Latency& l) {
  return {{"count", l.count},
          {"p50_ms", l.p50_ms},
          {"p99_ms", l.p99_ms},
          {"p999_ms", l.p999_ms},
          {"max_ms", l.max_ms}};
}

Json json_of(const LoadStep& s) {
  Json facts{{"percent", s.percent},   {"offered_per_second", s.offered_per_second},
             {"seconds", s.seconds},   {"asked", s.asked},
             {"accepted", s.accepted}, {"accepted_per_second", s.accepted_per_second()},
             {"refused", s.refused},   {"failed", s.failed},
             {"wrong", s.wrong},       {"latency", json_of(s.all)}};
  for (std::size_t k = 0; k < kLoadKinds; ++k) {
    if (s.by_kind.at(k).count > 0)
      facts[std::string(kLoadKindNames.at(k))] = json_of(s.by_kind.at(k));
  }
  if (s.refused > 0) facts["refusals"] = json_of(s.refusals);
  if (s.lateness.count > 0) facts["client_lateness"] = json_of(s.lateness);
  if (s.use) {
    facts["cpu_s"] = s.use->cpu_s;
    facts["cpu_ms_per_answer"] = s.cpu_ms_per_answer();
    facts["resident_bytes"] = s.use->resident_bytes;
    facts["most_resident_bytes"] = s.use->most_resident_bytes;
  }
  return facts;
}

Json json_of(const EmbeddedFigures& e) {
  return {{"identify_cpu_ms", e.identify_cpu_ms},
          {"verify_p50_ms", e.verify_p50_ms},
          {"verify_cpu_ms", e.verify_cpu_ms}};
}

}  // namespace

Json as_json(const LoadBench& bench, const LoadFigures& f) {
  Json steps = Json::array();
  for (const LoadStep& step : f.steps) steps.push_back(json_of(step));
  Json facts{{"people", bench.people},   {"fingers", bench.fingers},     {"seed", bench.seed},
             {"clients", bench.clients}, {"in_flight", bench.in_flight}, {"checked", f.checked},
             {"right", f.right_first}};
  if (f.before) facts["engine_before"] = json_of(*f.before);
  if (f.after) facts["engine_after"] = json_of(*f.after);
  facts["verify_alone"] = json_of(f.alone);
  facts["identify_alone"] = json_of(f.searching);
  facts["saturation"] = json_of(f.mixed);
  facts["steps"] = steps;
  facts["acknowledged"] = f.acknowledged;
  facts["lost"] = f.lost;
  return facts;
}

std::string as_text(const LoadFigures& f) { return app::as_text(load_table(f)); }

}  // namespace whorl::app
