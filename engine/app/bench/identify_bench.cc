#include "engine/app/bench/identify_bench.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <span>
#include <thread>
#include <vector>

#include "engine/app/bench/bench_people.h"
#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/search/gallery_index.h"
#include "engine/search/identify.h"

namespace whorl::app {
namespace {

constexpr std::int64_t kChunk = 4096;

double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Some queries' prints of one finger before the full comparison, timed.
struct FingerRun {
  FingerRun(const search::GalleryIndex& gallery, std::span<const search::Query> queries,
            std::size_t finger, kernels::Backend backend) {
    const auto print_of = [&](const search::Query& query) -> const FingerTemplate& {
      return std::get<FingerTemplate>(query.templates[finger]);
    };
    const index::FingerIndex& prints = gallery.finger(print_of(queries.front()).position);
    const search::SurvivorPlan plan = search::plan_for(queries.front().max_loss, prints.live());
    const auto survivors = static_cast<std::size_t>(plan.survivors);
    std::vector<index::FingerProbe> probes;
    for (const search::Query& query : queries) {
      probes.emplace_back(print_of(query), search::gate_of(query));
    }
    std::vector<index::CodeHits> hits(queries.size(), index::CodeHits(survivors));
    lists.assign(queries.size(), index::Shortlist(survivors));
    const double started = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    prints.rank_by_codes(probes, {}, backend, 0, prints.blocks(), hits);
    const double ranked = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    prints.search(probes, {}, plan.passage, backend, 0, prints.blocks(), lists);
    codes_s = ranked - started, both_s = seconds_of(CLOCK_THREAD_CPUTIME_ID) - ranked;
    comparisons = prints.live() * std::ssize(queries);
  }

  std::vector<index::Shortlist> lists;  // of each query
  double codes_s = 0, both_s = 0;
  std::int64_t comparisons = 0;
};

class Bench {
 public:
  explicit Bench(const IdentifyBench& options) : options_(options), population_(options.seed) {}

  void enrol_all(const std::function<void(std::int64_t)>& progress);
  void make_queries();
  void check(IdentifyFigures& figures) const;
  void measure_stage1(IdentifyFigures& figures) const;
  void measure_latency(IdentifyFigures& figures) const;
  void measure_throughput(IdentifyFigures& figures) const;
  double resident_bytes() const { return static_cast<double>(gallery_.resident_bytes()); }

 private:
  Encounter capture(std::int64_t person, std::uint64_t number) const;
  bool has_mate(std::size_t query) const { return query % 2 == 0; }

  const IdentifyBench& options_;
  scanners::Population population_;
  scanners::FaceModel face_model_;
  search::GalleryIndex gallery_;
  std::vector<search::Query> queries_;
  std::vector<SubjectId> mates_;
};

Encounter Bench::capture(std::int64_t index, std::uint64_t number) const {
  const scanners::Person person = population_.person(static_cast<std::uint64_t>(index));
  Encounter encounter;
  encounter.demographics = person.demographics();
  if (options_.modality == Modality::face) {
    encounter.templates.emplace_back(person.capture_face(face_model_, number));
    return encounter;
  }
  encounter = capture_fingers(population_, index, options_.fingers, number);
  for (Template& t : encounter.templates) {
    features::describe_minutiae(std::get<FingerTemplate>(t), options_.backend);
  }
  return encounter;
}

void Bench::enrol_all(const std::function<void(std::int64_t)>& progress) {
  const unsigned workers = std::max(1U, std::thread::hardware_concurrency());
  for (std::int64_t first = 0; first < options_.people; first += kChunk) {
    std::vector<Encounter> made(
        static_cast<std::size_t>(std::min(kChunk, options_.people - first)));
    {
      std::vector<std::jthread> threads;
      for (unsigned w = 0; w < workers; ++w) {
        threads.emplace_back([&, w] {
          for (std::size_t i = w; i < made.size(); i += workers) {
            made[i] = capture(first + static_cast<std::int64_t>(i), 0);
          }
        });
      }
    }
    std::vector<search::IndexedEncounter> rows;
    for (std::size_t i = 0; i < made.size(); ++i) {
      rows.push_back(
          {bench_subject(first + static_cast<std::int64_t>(i)), EncounterId{1}, &made[i]});
    }
    gallery_.append(rows);
    progress(first + std::ssize(made));
  }
}

// Mates are spread over the gallery; those without are people who were never enrolled.
void Bench::make_queries() {
  for (int q = 0; q < options_.queries; ++q) {
    const std::int64_t person = has_mate(static_cast<std::size_t>(q))
                                    ? q * options_.people / options_.queries
                                    : options_.people + q;
    search::Query query;
    query.templates = capture(person, 1).templates;
    query.max_loss = options_.max_loss;
    queries_.push_back(std::move(query));
    mates_.push_back(bench_subject(person));
  }
}

void Bench::check(IdentifyFigures& figures) const {
  int mated = 0, first = 0, unmated = 0, false_hits = 0;
  for (std::size_t q = 0; q < queries_.size(); ++q) {
    const auto answers = search::identify(gallery_, {&queries_[q], 1}, options_.backend);
    const auto& candidates = answers.front().candidates;
    if (has_mate(q)) {
      ++mated;
      first += !candidates.empty() && candidates.front().subject == mates_[q];
    } else {
      ++unmated;
      false_hits += answers.front().decision == search::Decision::hit;
    }
  }
  figures.rank1 = static_cast<double>(first) / std::max(mated, 1);
  figures.false_hits = static_cast<double>(false_hits) / std::max(unmated, 1);
}

// What stands before the full comparison, by one thread: the speed of the codes alone and with
// alignment, and whose mate would not have been compared. One finger after the other, since each
// has an index of its own.
void Bench::measure_stage1(IdentifyFigures& figures) const {
  if (options_.modality != Modality::finger) return;
  std::int64_t comparisons = 0, mated = 0, lost = 0;
  double codes_s = 0, both_s = 0;
  const auto batch = static_cast<std::size_t>(options_.batch);
  for (std::size_t finger = 0; finger < static_cast<std::size_t>(options_.fingers); ++finger) {
    for (std::size_t from = 0; from < queries_.size(); from += batch) {
      const auto queries =
          std::span(queries_).subspan(from, std::min(batch, queries_.size() - from));
      const FingerRun run(gallery_, queries, finger, options_.backend);
      codes_s += run.codes_s, both_s += run.both_s, comparisons += run.comparisons;
      for (std::size_t q = 0; q < queries.size(); ++q) {
        if (!has_mate(from + q)) continue;
        ++mated;
        lost += std::ranges::none_of(run.lists[q].sorted(), [&](const auto& hit) {
          return hit.owner.subject_id() == mates_[from + q];
        });
      }
    }
  }
  figures.stage1_comparisons_per_cpu_second = static_cast<double>(comparisons) / codes_s;
  figures.shortlist_comparisons_per_cpu_second = static_cast<double>(comparisons) / both_s;
  figures.lost_by_stage1 =
      static_cast<double>(lost) / static_cast<double>(std::max<std::int64_t>(mated, 1));
}

void Bench::measure_latency(IdentifyFigures& figures) const {
  std::vector<double> milliseconds;
  for (const search::Query& query : queries_) {
    const auto started = std::chrono::steady_clock::now();
    (void)search::identify(gallery_, {&query, 1}, options_.backend);
    milliseconds.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - started)
            .count());
  }
  std::ranges::sort(milliseconds);
  const auto at = [&](double share) {
    return milliseconds[static_cast<std::size_t>(share *
                                                 static_cast<double>(milliseconds.size() - 1))];
  };
  figures.p50_ms = at(0.5), figures.p99_ms = at(0.99);
}

void Bench::measure_throughput(IdentifyFigures& figures) const {
  std::int64_t survivors = 0;
  const double started = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  for (std::size_t q = 0; q < queries_.size(); q += static_cast<std::size_t>(options_.batch)) {
    const std::size_t count =
        std::min(queries_.size() - q, static_cast<std::size_t>(options_.batch));
    const auto answers =
        search::identify(gallery_, std::span(queries_).subspan(q, count), options_.backend);
    for (const search::Answer& answer : answers) {
      figures.comparisons += answer.effort.comparisons;
      survivors += answer.effort.survivors;
    }
  }
  figures.compared_share =
      static_cast<double>(survivors) / static_cast<double>(figures.comparisons);
  figures.comparisons_per_cpu_second =
      static_cast<double>(figures.comparisons) / (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - started);
}

}  // namespace

Result<IdentifyFigures> bench_identify(const IdentifyBench& options,
                                       const std::function<void(std::int64_t)>& progress) {
  if (options.people < 2 || options.people > INT32_MAX)
    return fail(Fault::bad_argument, 0, "--people");
  if (options.fingers < 1 || options.fingers > 10) return fail(Fault::bad_argument, 0, "--fingers");
  if (options.queries < 2 || options.queries > options.people)
    return fail(Fault::bad_argument, 0, "--queries");
  if (options.batch < 1 || options.batch > kMaxQueriesPerBatch)
    return fail(Fault::bad_argument, 0, "--batch");
  Bench bench(options);
  bench.enrol_all(progress);
  bench.make_queries();
  IdentifyFigures figures;
  const std::int64_t each = options.modality == Modality::face ? 1 : options.fingers;
  figures.gallery = options.people * each;
  bench.check(figures);
  bench.measure_stage1(figures);
  bench.measure_latency(figures);
  bench.measure_throughput(figures);
  figures.resident_bytes_per_template =
      bench.resident_bytes() / static_cast<double>(figures.gallery);
  return figures;
}

}  // namespace whorl::app
