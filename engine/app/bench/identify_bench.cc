#include "engine/app/bench/identify_bench.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "engine/app/bench/bench_people.h"
#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/search/device_gallery.h"
#include "engine/search/gallery_index.h"
#include "engine/search/identify.h"
#include "engine/search/position_search.h"

namespace whorl::app {
namespace {

constexpr std::int64_t kChunk = 4096;

double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Some queries' prints of one finger before the full comparison, timed.
class FingerRun {
 public:
  FingerRun(const search::GalleryIndex& gallery, std::span<const search::Query> queries,
            std::size_t finger)
      : prints_(gallery.finger(print_of(queries.front(), finger).position)) {
    plan_ = search::plan_for(queries.front().max_loss, prints_.live());
    for (const search::Query& query : queries) {
      search_.probes.emplace_back(print_of(query, finger), search::gate_of(query));
      search_.filters.push_back(&query.filter);
      search_.passages.push_back(plan_.passage);
      search_.lists.emplace_back(static_cast<std::size_t>(plan_.survivors));
    }
    comparisons = prints_.live() * std::ssize(queries);
  }

  void on_cpu(kernels::Backend backend) {
    std::vector<index::CodeHits> hits(search_.probes.size(),
                                      index::CodeHits(static_cast<std::size_t>(plan_.survivors)));
    const double started = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    prints_.rank_by_codes(search_.probes, {}, backend, 0, prints_.blocks(), hits);
    const double ranked = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    prints_.search(search_.probes, search_.filters, search_.passages, backend, 0, prints_.blocks(),
                   search_.lists);
    codes_s = ranked - started, both_s = seconds_of(CLOCK_THREAD_CPUTIME_ID) - ranked;
  }
  Result<> on(search::DeviceGallery& devices) {
    const double started = seconds_of(CLOCK_MONOTONIC);
    if (!devices.search(prints_, search_)) return tl::unexpected(devices.trouble().value());
    both_s = seconds_of(CLOCK_MONOTONIC) - started;
    kernel_s = 1e-3 * static_cast<double>(devices.last_kernel_ms(prints_.position()));
    return {};
  }
  // Whether the CPU, with all its threads, finds the same.
  bool agrees(kernels::Backend backend) const {
    search::PositionSearch again = search_;
    for (index::Shortlist& list : again.lists) list = index::Shortlist(list.k());
    search::search_on_cpu(prints_, backend, again);
    const auto same = [](const auto& a, const auto& b) {
      return a.row == b.row && a.score == b.score;
    };
    return std::ranges::equal(search_.lists, again.lists, [&](const auto& a, const auto& b) {
      return std::ranges::equal(a.sorted(), b.sorted(), same);
    });
  }

  const std::vector<index::Shortlist>& lists() const { return search_.lists; }  // of each query
  double codes_s = 0, both_s = 0, kernel_s = 0;
  std::int64_t comparisons = 0;

 private:
  static const FingerTemplate& print_of(const search::Query& query, std::size_t finger) {
    return std::get<FingerTemplate>(query.templates[finger]);
  }

  const index::FingerIndex& prints_;
  search::SurvivorPlan plan_;
  search::PositionSearch search_;
};

class Bench {
 public:
  explicit Bench(const IdentifyBench& options) : options_(options), population_(options.seed) {
    if (options.backend.accelerator == nullptr) return;
    const search::DeviceOptions any_size{options.backend.accelerator, 1, 1, 1, {}};
    devices_ = std::make_unique<search::DeviceGallery>(any_size, "bench");
  }

  void enrol_all(const std::function<void(std::int64_t)>& progress);
  void make_queries();
  void check(IdentifyFigures& figures) const;
  Result<> check_devices(IdentifyFigures& figures) const;
  Result<> measure_stage1(IdentifyFigures& figures) const;
  void measure_latency(IdentifyFigures& figures) const;
  void measure_throughput(IdentifyFigures& figures) const;
  double resident_bytes() const { return static_cast<double>(gallery_.resident_bytes()); }
  std::int64_t device_bytes() const { return devices_ == nullptr ? 0 : devices_->resident_bytes(); }
  // A bench whose devices gave up has measured something else.
  Result<> device_trouble() const {
    const auto trouble = devices_ == nullptr ? std::nullopt : devices_->trouble();
    return trouble ? Result<>(tl::unexpected(*trouble)) : Result<>{};
  }

 private:
  Encounter capture(std::int64_t person, std::uint64_t number) const;
  bool has_mate(std::size_t query) const { return query % 2 == 0; }
  std::size_t fingers() const {
    return options_.modality == Modality::finger ? static_cast<std::size_t>(options_.fingers) : 0;
  }
  std::vector<search::Answer> ask(std::size_t first, std::size_t count) const {
    return search::identify(gallery_, std::span(queries_).subspan(first, count),
                            options_.backend.cpu, devices_.get());
  }

  const IdentifyBench& options_;
  scanners::Population population_;
  scanners::FaceModel face_model_;
  search::GalleryIndex gallery_;
  std::vector<search::Query> queries_;
  std::vector<SubjectId> mates_;
  std::unique_ptr<search::DeviceGallery> devices_;  // null: none
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
    features::describe_minutiae(std::get<FingerTemplate>(t), options_.backend.cpu);
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
    const auto answers = ask(q, 1);
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

// Brings the prints to the devices, and has a few lists of each finger checked.
Result<> Bench::check_devices(IdentifyFigures& figures) const {
  constexpr std::size_t kChecked = 4;
  for (std::size_t finger = 0; devices_ != nullptr && finger < fingers(); ++finger) {
    FingerRun run(gallery_, std::span(queries_).first(std::min(kChecked, queries_.size())), finger);
    WHORL_TRY_VOID(run.on(*devices_));
    figures.devices.upload_s += run.both_s;
    if (!run.agrees(options_.backend.cpu))
      return fail(Fault::device_fault, 0, "a device's list differs from the CPU's");
  }
  return {};
}

// What stands before the full comparison, by one thread or the devices: the speed of the codes
// alone and with alignment, and whose mate would not have been compared. One finger after the
// other, since each has an index of its own.
Result<> Bench::measure_stage1(IdentifyFigures& figures) const {
  if (options_.modality != Modality::finger) return {};
  std::int64_t comparisons = 0, mated = 0, lost = 0;
  double codes_s = 0, both_s = 0, kernel_s = 0;
  const auto batch = static_cast<std::size_t>(options_.batch);
  for (std::size_t finger = 0; finger < fingers(); ++finger) {
    for (std::size_t from = 0; from < queries_.size(); from += batch) {
      const auto queries =
          std::span(queries_).subspan(from, std::min(batch, queries_.size() - from));
      FingerRun run(gallery_, queries, finger);
      if (devices_ != nullptr) {
        WHORL_TRY_VOID(run.on(*devices_));
      } else {
        run.on_cpu(options_.backend.cpu);
      }
      codes_s += run.codes_s, both_s += run.both_s, kernel_s += run.kernel_s;
      comparisons += run.comparisons;
      for (std::size_t q = 0; q < queries.size(); ++q) {
        if (!has_mate(from + q)) continue;
        ++mated;
        lost += std::ranges::none_of(run.lists()[q].sorted(), [&](const auto& hit) {
          return hit.owner.subject_id() == mates_[from + q];
        });
      }
    }
  }
  const auto made = static_cast<double>(comparisons);
  if (devices_ != nullptr) {
    figures.devices.shortlist_comparisons_per_second = made / both_s;
    figures.devices.kernel_comparisons_per_second = made / kernel_s;
  } else {
    figures.stage1_comparisons_per_cpu_second = made / codes_s;
    figures.shortlist_comparisons_per_cpu_second = made / both_s;
  }
  figures.lost_by_stage1 =
      static_cast<double>(lost) / static_cast<double>(std::max<std::int64_t>(mated, 1));
  return {};
}

void Bench::measure_latency(IdentifyFigures& figures) const {
  std::vector<double> milliseconds;
  for (std::size_t q = 0; q < queries_.size(); ++q) {
    const auto started = std::chrono::steady_clock::now();
    (void)ask(q, 1);
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
  const double wall_started = seconds_of(CLOCK_MONOTONIC);
  for (std::size_t q = 0; q < queries_.size(); q += static_cast<std::size_t>(options_.batch)) {
    const std::size_t count =
        std::min(queries_.size() - q, static_cast<std::size_t>(options_.batch));
    for (const search::Answer& answer : ask(q, count)) {
      figures.comparisons += answer.effort.comparisons;
      survivors += answer.effort.survivors;
    }
  }
  figures.compared_share =
      static_cast<double>(survivors) / static_cast<double>(figures.comparisons);
  figures.comparisons_per_second =
      static_cast<double>(figures.comparisons) / (seconds_of(CLOCK_MONOTONIC) - wall_started);
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
  WHORL_TRY_VOID(bench.check_devices(figures));
  bench.check(figures);
  WHORL_TRY_VOID(bench.measure_stage1(figures));
  bench.measure_latency(figures);
  bench.measure_throughput(figures);
  WHORL_TRY_VOID(bench.device_trouble());
  figures.devices.bytes = bench.device_bytes();
  figures.resident_bytes_per_template =
      bench.resident_bytes() / static_cast<double>(figures.gallery);
  return figures;
}

}  // namespace whorl::app
