// prometheus-cpp stops here.

#include "engine/service/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string_view>
#include <utility>

#include "kernels/backend.h"

namespace whorl::service {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;
using Buckets = prometheus::Histogram::BucketBoundaries;

// From a verification, a tenth of a millisecond, to what a register waits for at the longest.
const Buckets kSeconds = {1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05,
                          0.1,  0.2,  0.5,  1,    2,    5,    10,   20,   60};
// About the losses that a search may be asked for (search/survivor_policy.h).
const Buckets kLosses = {0, 0.001, 0.0015, 0.002, 0.003, 0.006, 0.01, 0.1};
const Buckets kQueries = {1, 2, 4, 8, 16, 32, 64, 128, 256};  // up to kMaxQueriesPerBatch

constexpr std::array<std::string_view, 5> kStages = {"queued", "extracted", "stage1", "stage2",
                                                     "committed"};

// What a label may say is decided here, not by who asks: a label for every word that comes would
// fill Prometheus, and might be a person's.
constexpr std::string_view kOther = "other";

// "cuda", a twin of the CPU, or "cuda, avx512" where both took part.
std::string backend_label(std::string_view backend) {
  std::string_view cpu = backend;
  constexpr std::string_view kBoth = "cuda, ";
  if (cpu.starts_with(kBoth)) cpu.remove_prefix(kBoth.size());
  const bool known = backend == "cuda" || std::ranges::any_of(kernels::kBackends, [&](auto twin) {
                       return kernels::name_of(twin) == cpu;
                     });
  return std::string(known ? backend : kOther);
}

std::string decision_label(std::string_view decision) {
  using search::Decision;
  for (const Decision known : {Decision::no_hit, Decision::refer, Decision::hit}) {
    if (search::name_of(known) == decision) return std::string(decision);
  }
  return std::string(kOther);
}

std::string fault_label(std::uint16_t fault) {
  return fault == 0 ? "none" : std::string(text_of(static_cast<Fault>(fault)).name);
}

MetricFamily family(std::string name, std::string help, MetricType type = MetricType::Gauge) {
  return {std::move(name), std::move(help), type, {}};
}

void add(MetricFamily& family, double value, std::string label = {}, std::string_view named = {}) {
  prometheus::ClientMetric metric;
  if (!label.empty()) metric.label.push_back({std::move(label), std::string(named)});
  (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  family.metric.push_back(std::move(metric));
}

MetricFamily one(std::string name, std::string help, double value,
                 MetricType type = MetricType::Gauge) {
  MetricFamily single = family(std::move(name), std::move(help), type);
  add(single, value);
  return single;
}

void look_at_galleries(const std::vector<search::GalleryStatus>& galleries,
                       std::vector<MetricFamily>& out) {
  MetricFamily subjects = family("whorl_gallery_subjects", "People enrolled");
  MetricFamily templates = family("whorl_gallery_templates", "Templates enrolled");
  MetricFamily memory = family("whorl_gallery_memory_bytes", "Memory that its index takes");
  MetricFamily device = family("whorl_gallery_device_bytes", "Memory that it takes on devices");
  MetricFamily trouble = family("whorl_gallery_device_trouble",
                                "1 where a device does not serve it, or not all of it");
  for (const search::GalleryStatus& gallery : galleries) {
    const auto tell = [&](MetricFamily& of, auto value) {
      add(of, static_cast<double>(value), "gallery", gallery.name);
    };
    tell(subjects, gallery.subjects);
    tell(templates, gallery.templates);
    tell(memory, gallery.resident_bytes);
    tell(device, gallery.device_bytes);
    tell(trouble, gallery.device_trouble.has_value());
  }
  for (MetricFamily* of : {&subjects, &templates, &memory, &device, &trouble}) {
    out.push_back(std::move(*of));
  }
}

void look_at(const Metrics::Gauges& seen, std::vector<MetricFamily>& out) {
  MetricFamily waiting =
      family("whorl_waiting_requests", "Requests that are in the service, waiting or under way");
  for (std::size_t i = 0; i < seen.waiting.size() && i < kPriorities; ++i) {
    add(waiting, static_cast<double>(seen.waiting[i]), "priority",
        name_of(static_cast<Priority>(i)));
  }
  out.push_back(std::move(waiting));
  out.push_back(
      one("whorl_streams", "Streams of stations that are open", static_cast<double>(seen.streams)));
  out.push_back(
      one("whorl_subscribers", "Clients that watch hits", static_cast<double>(seen.subscribers)));
  out.push_back(one("whorl_draining", "1 while the service is about to stop", seen.draining));
  out.push_back(
      one("whorl_disk_bytes", "Disk that the store takes", static_cast<double>(seen.disk_bytes)));
  out.push_back(one("whorl_log_lines_lost_total", "Lines that the request log had to drop",
                    static_cast<double>(seen.log_lines_lost), MetricType::Counter));
  look_at_galleries(seen.galleries, out);
}

// Under the names that Prometheus' own clients use, so that every dashboard knows them.
void look_at_process(std::vector<MetricFamily>& out) {
  std::int64_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  out.push_back(one("process_resident_memory_bytes", "Memory of the process",
                    static_cast<double>(resident * sysconf(_SC_PAGESIZE))));
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  out.push_back(one("process_cpu_seconds_total", "CPU time of the process, user and system",
                    seconds(used.ru_utime) + seconds(used.ru_stime), MetricType::Counter));
  std::error_code unreadable;
  const std::filesystem::directory_iterator open_files("/proc/self/fd", unreadable);
  out.push_back(one("process_open_fds", "Files and connections that are open",
                    static_cast<double>(std::distance(begin(open_files), end(open_files)))));
}

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter()
          .Name("whorl_requests_total")
          .Help("Requests, answered (fault=\"none\") or refused")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& request_seconds =
      prometheus::BuildHistogram()
          .Name("whorl_request_seconds")
          .Help("Time from a request's arrival to its answer or refusal")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& stage_seconds =
      prometheus::BuildHistogram()
          .Name("whorl_stage_seconds")
          .Help("Time that requests spend in one stage")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& searches =
      prometheus::BuildCounter()
          .Name("whorl_searches_total")
          .Help("Searches of a gallery, by what was decided")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& comparisons =
      prometheus::BuildCounter()
          .Name("whorl_comparisons_total")
          .Help("Prints and faces compared by searches")
          .Register(registry);
  prometheus::Histogram& loss =
      prometheus::BuildHistogram()
          .Name("whorl_search_loss")
          .Help("Share of single prints' mates that a search loses, as measured for what it did")
          .Register(registry)
          .Add({}, kLosses);
  prometheus::Histogram& batch_queries = prometheus::BuildHistogram()
                                             .Name("whorl_batch_queries")
                                             .Help("Searches that went over a gallery together")
                                             .Register(registry)
                                             .Add({}, kQueries);
  std::array<prometheus::Histogram*, kVerbNames.size()> of_verb{};  // in the order of kVerbNames
  std::array<prometheus::Histogram*, kStages.size()> of_stage{};

  std::mutex looking;  // guards look, for as long as it runs
  std::function<Gauges()> look;

  State() {
    // Those that count from the start: the rate of what appears with its first event misses it.
    for (std::size_t i = 0; i < kVerbNames.size(); ++i) {
      const std::string verb(kVerbNames[i].name);
      requests.Add({{"verb", verb}, {"fault", fault_label(0)}});
      of_verb[i] = &request_seconds.Add({{"verb", verb}}, kSeconds);
    }
    for (std::size_t i = 0; i < kStages.size(); ++i) {
      of_stage[i] = &stage_seconds.Add({{"stage", std::string(kStages[i])}}, kSeconds);
    }
  }
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Metrics::request(Verb verb, std::uint16_t fault, Seconds total) {
  state_->requests.Add({{"verb", std::string(name_of(verb))}, {"fault", fault_label(fault)}})
      .Increment();
  for (std::size_t i = 0; i < kVerbNames.size(); ++i) {
    if (kVerbNames[i].verb == verb) state_->of_verb[i]->Observe(total.count());
  }
}

void Metrics::stage(Stage stage, Seconds time) {
  state_->of_stage[static_cast<std::size_t>(stage)]->Observe(time.count());
}

void Metrics::searched(std::int64_t comparisons, double loss, const std::string& backend,
                       const std::string& decision) {
  const std::string by = backend_label(backend);
  state_->searches.Add({{"backend", by}, {"decision", decision_label(decision)}}).Increment();
  state_->comparisons.Add({{"backend", by}}).Increment(static_cast<double>(comparisons));
  state_->loss.Observe(loss);
}

void Metrics::batch(std::int64_t queries) {
  state_->batch_queries.Observe(static_cast<double>(queries));
}

void Metrics::gauges_from(std::function<Gauges()> look) {
  const std::scoped_lock lock(state_->looking);
  state_->look = std::move(look);
}

std::string Metrics::text() const {
  std::vector<MetricFamily> families = state_->registry.Collect();
  look_at_process(families);
  {
    const std::scoped_lock lock(state_->looking);
    if (state_->look) look_at(state_->look(), families);
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return std::move(out).str();
}

}  // namespace whorl::service
