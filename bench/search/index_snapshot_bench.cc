// A gallery's index saved and loaded. The prints are arbitrary (36 minutiae, random codes): a
// snapshot moves bytes, and these are as many as those of people. The file was written a moment ago
// and lies in the page cache: what is timed is the mapping, the unsealing and the index, not the
// disk. WHORL_BENCH_PEOPLE sets how many people of one finger (and ten times fewer of ten).

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/search/index_snapshot.h"

namespace whorl::search {
namespace {

constexpr int kMinutiae = 36;

std::int64_t people() {
  const char* text = std::getenv("WHORL_BENCH_PEOPLE");
  return text == nullptr ? 200'000 : std::atoll(text);
}
constexpr GalleryId kGallery{1};
constexpr Revision kRevision{7};

FingerTemplate random_print(SeededRandom& random, FingerPosition position) {
  FingerTemplate print;
  print.position = position;
  print.code_version = features::kMinutiaCodeVersion;
  for (int m = 0; m < kMinutiae; ++m) {
    print.minutiae.push_back(
        {static_cast<std::int16_t>(random.below(300)), static_cast<std::int16_t>(random.below(400)),
         Direction{static_cast<std::uint8_t>(random.below(256))}, MinutiaKind::ending, 0, 0});
    MinutiaCode code;
    for (std::uint16_t& word : code) word = static_cast<std::uint16_t>(random.next());
    print.codes.push_back(code);
  }
  return print;
}

GalleryIndex random_index(std::int64_t people, int fingers) {
  SeededRandom random(1);
  GalleryIndex index;
  std::vector<Encounter> visits;
  const auto append = [&] {
    std::vector<IndexedEncounter> rows;
    for (const Encounter& visit : visits) {
      const auto subject = static_cast<std::uint64_t>(index.subjects() + std::ssize(rows) + 1);
      rows.push_back({SubjectId{subject}, EncounterId{1}, &visit});
    }
    index.append(rows);
    visits.clear();
  };
  for (std::int64_t p = 0; p < people; ++p) {
    Encounter& visit = visits.emplace_back();
    for (int f = 1; f <= fingers; ++f)
      visit.templates.emplace_back(
          random_print(random, FingerPosition{static_cast<std::uint8_t>(f)}));
    if (visits.size() == 1024) append();
  }
  append();
  return index;
}

bool same(const GalleryIndex& a, const GalleryIndex& b) {
  if (a.subjects() != b.subjects() || a.templates() != b.templates()) return false;
  for (std::uint8_t p = 0; p < kFingerPositions; ++p) {
    const index::FingerIndex &x = a.finger(FingerPosition{p}), &y = b.finger(FingerPosition{p});
    if (x.rows() != y.rows() || x.live() != y.live()) return false;
    for (std::uint32_t r = 0; r < x.rows(); ++r) {
      if (x.owner(index::Row{r}) != y.owner(index::Row{r})) return false;
    }
    for (std::int64_t block = 0; block < x.blocks(); ++block) {
      if (!std::ranges::equal(x.block(block).bytes(), y.block(block).bytes())) return false;
    }
  }
  return true;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// One gallery and its file, for the benchmarks of one size.
struct Saved {
  std::int64_t people;
  int fingers;
  std::filesystem::path folder;
  GalleryIndex index;
  SystemEntropy entropy;
  Key key;

  Saved(std::int64_t people_count, int finger_count)
      : people(people_count),
        fingers(finger_count),
        folder(std::filesystem::temp_directory_path() / "whorl_index_snapshot_bench"),
        index(random_index(people, fingers)),
        key(*Key::random(entropy)) {
    std::filesystem::create_directories(folder);
  }
  ~Saved() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  std::string path() const { return (folder / "1.whix").string(); }
  bool save() { return save_index(path(), key, kGallery, kRevision, index, entropy).has_value(); }
};

Saved& saved(const benchmark::State& state) {
  static std::unique_ptr<Saved> kept;
  const auto fingers = static_cast<int>(state.range(1));
  if (!kept || kept->people != state.range(0) || kept->fingers != fingers) {
    kept.reset();
    kept = std::make_unique<Saved>(state.range(0), fingers);
  }
  return *kept;
}

void count(benchmark::State& state, const Saved& gallery, double cpu_s) {
  const double prints =
      static_cast<double>(state.iterations()) * static_cast<double>(gallery.index.templates());
  state.counters["prints_per_s"] = {prints, benchmark::Counter::kIsRate};
  state.counters["prints_per_cpu_s"] = prints / cpu_s;
  state.counters["file_bytes_per_print"] =
      static_cast<double>(std::filesystem::file_size(gallery.path())) /
      static_cast<double>(gallery.index.templates());
}

void BM_LoadIndex(benchmark::State& state) {
  Saved& gallery = saved(state);
  if (!gallery.save()) return state.SkipWithError("wrong answer");
  {
    const auto loaded = load_index(gallery.path(), gallery.key, kGallery);
    if (!loaded || loaded->revision != kRevision || !same(loaded->index, gallery.index))
      return state.SkipWithError("wrong answer");
  }
  double cpu_s = 0;
  for (auto _ : state) {
    const double before = cpu_seconds();
    auto loaded = load_index(gallery.path(), gallery.key, kGallery);
    cpu_s += cpu_seconds() - before;
    state.PauseTiming();  // giving the memory back is no part of a start
    loaded = fail(Fault::cancelled);
    state.ResumeTiming();
  }
  count(state, gallery, cpu_s);
}
BENCHMARK(BM_LoadIndex)
    ->ArgNames({"people", "fingers"})
    ->Args({people(), 1})
    ->Args({people() / 10, 10})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// To the disk: the file is flushed before it counts.
void BM_SaveIndex(benchmark::State& state) {
  Saved& gallery = saved(state);
  double cpu_s = 0;
  for (auto _ : state) {
    const double before = cpu_seconds();
    if (!gallery.save()) return state.SkipWithError("wrong answer");
    cpu_s += cpu_seconds() - before;
  }
  count(state, gallery, cpu_s);
}
BENCHMARK(BM_SaveIndex)
    ->ArgNames({"people", "fingers"})
    ->Args({people() / 10, 10})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace whorl::search
