#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/app/backend_choice.h"
#include "engine/app/bench/accuracy_bench.h"
#include "engine/app/bench/enrol_bench.h"
#include "engine/app/bench/identify_bench.h"
#include "engine/app/bench/load_bench.h"
#include "engine/app/files.h"
#include "engine/app/report/load_report.h"
#include "engine/app/verbs/verbs.h"
#include "engine/search/thread_limit.h"
#include "engine/service/tls.h"

namespace whorl::app {
namespace {

struct BenchOptions {
  IdentifyBench identify;
  AccuracyBench accuracy;
  LoadBench load;
  int threads = 0;
  std::string modality = "finger", backend, store, report;
};

std::string name_of(const BackendChoice& backend) {
  return std::string(backend.accelerator != nullptr ? kCuda : kernels::name_of(backend.cpu));
}

Json json_of(const DeviceFigures& f) {
  Json names = Json::array();
  for (const kernels::DeviceInfo& gpu : find_gpus().devices) names.push_back(gpu.name);
  return {{"names", names},
          {"bytes", f.bytes},
          {"upload_s", f.upload_s},
          {"shortlist_comparisons_per_second", f.shortlist_comparisons_per_second},
          {"kernel_comparisons_per_second", f.kernel_comparisons_per_second}};
}

Result<Exit> identify(BenchOptions& o, Console& console) {
  o.identify.modality = o.modality == "face" ? Modality::face : Modality::finger;
  Progress progress = console.progress("enrol", "people", o.identify.people);
  WHORL_TRY(const IdentifyFigures f,
            bench_identify(o.identify, [&](std::int64_t done) { progress.at(done); }));
  progress.finish();
  Json facts{{"gallery", f.gallery},
             {"comparisons", f.comparisons},
             {"comparisons_per_second", f.comparisons_per_second},
             {"comparisons_per_cpu_second", f.comparisons_per_cpu_second},
             {"stage1_comparisons_per_cpu_second", f.stage1_comparisons_per_cpu_second},
             {"shortlist_comparisons_per_cpu_second", f.shortlist_comparisons_per_cpu_second},
             {"p50_ms", f.p50_ms},
             {"p99_ms", f.p99_ms},
             {"rank1", f.rank1},
             {"false_hits", f.false_hits},
             {"lost_by_stage1", f.lost_by_stage1},
             {"compared_share", f.compared_share},
             {"resident_bytes_per_template", f.resident_bytes_per_template},
             {"backend", name_of(o.identify.backend)}};
  if (o.identify.backend.accelerator != nullptr) facts["devices"] = json_of(f.devices);
  console.answer(facts, facts.dump(2));
  return Exit::ok;
}

Result<Exit> enrol(const BenchOptions& o, Console& console) {
  EnrolBench bench{o.identify.people, o.identify.fingers, o.identify.seed, o.store,
                   o.identify.backend};
  Progress progress = console.progress("enrol", "people", bench.people);
  WHORL_TRY(const EnrolFigures f,
            bench_enrol(bench, [&](std::int64_t done) { progress.at(done); }));
  progress.finish();
  const Json facts{{"templates", f.templates},
                   {"templates_per_second", f.templates_per_second},
                   {"templates_per_cpu_second", f.templates_per_cpu_second},
                   {"disk_bytes", f.disk_bytes},
                   {"resident_bytes_per_template", f.resident_bytes_per_template},
                   {"snapshot_start_s", f.snapshot_start_s},
                   {"rebuild_s", f.rebuild_s},
                   {"backend", name_of(bench.backend)}};
  console.answer(facts, facts.dump(2));
  return Exit::ok;
}

Result<Exit> accuracy(const BenchOptions& o, Console& console) {
  search::limit_threads(o.threads);
  WHORL_TRY(const AccuracyFigures figures, bench_accuracy(o.accuracy, console));
  console.answer(as_json(figures), as_text(figures));
  return Exit::ok;
}

Result<Exit> load(BenchOptions& o, Console& console) {
  service::require_tls13();  // before there are threads: it writes the environment
  WHORL_TRY(const LoadFigures figures, bench_load(o.load, console));
  if (!o.report.empty()) WHORL_TRY_VOID(write_file(o.report, load_report(o.load, figures)));
  console.answer(as_json(o.load, figures), as_text(figures));
  return figures.lost == 0 ? Exit::ok : Exit::machine_trouble;
}

void declare_people(CLI::App& options, BenchOptions& o) {
  options.add_option("--people", o.identify.people, "Simulated people enrolled")
      ->capture_default_str();
  options
      .add_option("--fingers", o.identify.fingers, "Fingers of each person, index fingers first")
      ->capture_default_str();
  options.add_option("--seed", o.identify.seed, "The same seed gives the same people")
      ->capture_default_str();
  options.add_option("--backend", o.backend, kBackendHelp);
}

CLI::App* declare_accuracy(CLI::App& options, BenchOptions& o) {
  CLI::App* faces = options.add_subcommand("accuracy", "A face model on pictures of known people");
  faces->add_option("--lfw", o.accuracy.folder, "Pictures, a folder for each person")->required();
  faces->add_option("--pairs", o.accuracy.pairs, "Which to compare: a pairs.txt of LFW")
      ->required();
  faces->add_option("--model", o.accuracy.model, "Face model, or the path of its description")
      ->capture_default_str();
  faces->add_option("--threads", o.threads, "0: as many as there are CPUs")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  faces->fallthrough();
  return faces;
}

CLI::App* declare_load(CLI::App& options, BenchOptions& o) {
  CLI::App* load = options.add_subcommand(
      "load",
      "A service asked by many clients, at rising rates; one of its own unless you name one");
  LoadBench& bench = o.load;
  add_service_options(*load, bench.service, Heading::without_gallery);
  load->add_option("--gallery", bench.service.gallery, "Of the service you name: must exist");
  load->add_option("--people", bench.people, "Simulated people enrolled first")
      ->capture_default_str();
  load->add_option("--fingers", bench.fingers, "Fingers of each person, index fingers first")
      ->capture_default_str();
  load->add_option("--seed", bench.seed, "The same seed gives the same people and arrivals")
      ->capture_default_str();
  for (std::size_t k = 0; k < kLoadKinds; ++k) {
    load->add_option("--" + std::string(kLoadKindNames.at(k)), bench.shares.at(k),
                     "Share of these requests, in proportion to the others")
        ->capture_default_str();
  }
  load->add_option("--clients", bench.clients, "Connections")->capture_default_str();
  load->add_option("--in-flight", bench.in_flight, "Requests under way together at most")
      ->capture_default_str();
  load->add_option("--batch", bench.batch, "Searches together where the engine works alone")
      ->capture_default_str();
  load->add_option("--seconds", bench.seconds, "Of each step")->capture_default_str();
  load->add_option("--ramp", bench.ramp, "Rates, in percent of what was reached as fast as it went")
      ->delimiter(',')
      ->capture_default_str();
  load->add_option("--report", o.report, "HTML page with the latency curves");
  load->fallthrough();
  return load;
}

Run declare_bench(CLI::App& options) {
  auto o = std::make_shared<BenchOptions>();
  options.require_subcommand(1);
  CLI::App* search = options.add_subcommand("identify", "1:N search; half the queries have a mate");
  declare_people(*search, *o);
  search->add_option("--modality", o->modality, "finger or face")
      ->check(CLI::IsMember({"finger", "face"}))
      ->capture_default_str();
  search->add_option("--queries", o->identify.queries, "Searches, each made three times")
      ->capture_default_str();
  search->add_option("--batch", o->identify.batch, "Queries together in the throughput run")
      ->capture_default_str();
  search->add_option("--max-loss", o->identify.max_loss, "As whorl identify takes it")
      ->capture_default_str();
  CLI::App* stream = options.add_subcommand("enrol", "Durable enrolment, then two restarts");
  declare_people(*stream, *o);
  stream->add_option("--store", o->store, "Folder for the store; must not exist, and is kept")
      ->required();
  search->fallthrough();  // --json and --quiet may stand behind the last word, too
  stream->fallthrough();
  CLI::App* faces = declare_accuracy(options, *o);
  CLI::App* service = declare_load(options, *o);
  return [o, search, faces, service](Console& console) -> Result<Exit> {
    if (faces->parsed()) return accuracy(*o, console);
    if (service->parsed()) return load(*o, console);
    WHORL_TRY(o->identify.backend, backend_from_name(o->backend));
    return search->parsed() ? identify(*o, console) : enrol(*o, console);
  };
}

}  // namespace

const Verb kBench{
    "bench", "Measure this machine over simulated people, and a face model over real ones",
    "Examples:\n"
    "  whorl bench identify --people 100000 --queries 100 --json\n"
    "  whorl bench identify --modality face --people 100000 --queries 100 --json\n"
    "  whorl bench enrol --people 100000 --store /tmp/bench-store --json\n"
    "  whorl bench accuracy --lfw lfw --pairs pairs.txt --json\n"
    "  whorl bench load --people 100000 --report load.html --json\n"
    "\n"
    "Answers are checked before anything is timed. Rates are per second of CPU time of all "
    "threads;\n"
    "p50_ms and p99_ms are of one query at a time. docs/benchmarks.md explains every key, "
    "docs/accuracy.md\n"
    "those of accuracy, which also prints the [calibration] for a model's description.",
    declare_bench};

}  // namespace whorl::app
