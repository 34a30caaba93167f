// Faces of 512 dimensions (bench/index/clustered_faces.h, seed 5), one and 64 probes a search: each
// kind of index, and FAISS's IndexFlatIP beside them. 10,000 people, and as many more as
// WHORL_BENCH_FACES says; every probe has a mate. Counters: queries a second of CPU time; templates
// compared a second where everybody is; recall_at_1 and recall_at_10 against comparing everybody by
// kernels/face_dot.h; bytes a face; build_s, CPU time of adding all.
// One kind at a time for a million: --benchmark_filter=hnsw, with 16 GB.
#include <benchmark/benchmark.h>
#include <faiss/IndexFlat.h>
#include <omp.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "bench/index/clustered_faces.h"
#include "engine/index/face_index.h"

namespace whorl::index {
namespace {

constexpr std::uint64_t kSeed = 5;
constexpr std::int64_t kProbes = 192;
constexpr int kWanted = 10;
const char* const kModel = "clustered-512";

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Built {
  std::unique_ptr<FaceIndex> index;
  double seconds = 0;
};

Built build(FaceIndexKind kind, std::int64_t people) {
  const ClusteredFaces faces(kSeed);
  Built built{std::make_unique<FaceIndex>(kind, kModel, ClusteredFaces::kDimension)};
  for (std::int64_t person = 0; person < people; ++person) {
    const auto number = static_cast<std::uint64_t>(person);
    const FaceTemplate face{kModel, {}, faces.face(number)};
    const double start = cpu_seconds();
    if (!built.index->add({number, 1, 0, 0, 0}, face)) return {};
    built.seconds += cpu_seconds() - start;
  }
  return built;
}

std::vector<FaceTemplate> mated_probes(std::int64_t people) {
  const ClusteredFaces faces(kSeed);
  std::vector<FaceTemplate> probes;
  for (std::int64_t i = 0; i < kProbes; ++i) {
    probes.push_back({kModel, {}, faces.probe(static_cast<std::uint64_t>(i * people / kProbes))});
  }
  return probes;
}

// Of every probe the rows and the bits of the best, as comparing everybody finds them.
using Truth = std::vector<std::vector<std::pair<std::uint32_t, std::uint64_t>>>;
Truth truth_of(const FaceIndex& index, const std::vector<FaceTemplate>& probes) {
  const auto dot = kernels::face_dot(kernels::best_backend());
  std::vector<TopK<Similarity>> best(probes.size(), TopK<Similarity>(kWanted));
  for (std::uint32_t r = 0; r < index.rows(); ++r) {
    for (std::size_t p = 0; p < probes.size(); ++p) {
      float similarity = 0;
      dot(probes[p].vector.data(), {index.vector(Row{r}).data(), 1, ClusteredFaces::kDimension},
          &similarity);
      if (best[p].worth(Similarity{similarity}))
        best[p].offer({Similarity{similarity}, index.owner(Row{r}), Row{r}});
    }
  }
  Truth truth;
  for (const auto& hits : best) {
    auto& list = truth.emplace_back();
    for (const FaceHit& hit : hits.sorted())
      list.emplace_back(std::bit_cast<std::uint32_t>(hit.score.value()), hit.owner.subject);
  }
  return truth;
}

struct Scene {
  FaceIndexKind kind{};
  std::int64_t people = 0;
  Built built;
  std::vector<FaceTemplate> probes;
  Truth truth;
};

// Building a large graph takes many minutes: once for the runs of a kind and size.
const Scene& scene(FaceIndexKind kind, std::int64_t people) {
  static Scene last;
  if (last.people != people || last.kind != kind) {
    last = {};
    last = {kind, people, build(kind, people), mated_probes(people), {}};
    for (FaceTemplate& probe : last.probes) probe.vector = *last.built.index->prepare(probe);
    last.truth = truth_of(*last.built.index, last.probes);
  }
  return last;
}

struct Recall {
  double at_1 = 0, at_10 = 0;
  bool same_bits = true;
};
Recall recall_of(const Scene& scene, std::size_t together) {
  Recall recall;
  for (std::size_t first = 0; first < scene.probes.size(); first += together) {
    const auto found = scene.built.index->search(std::span(scene.probes).subspan(first, together),
                                                 Filter{}, kWanted);
    if (!found) return {0, 0, false};
    for (std::size_t i = 0; i < together; ++i) {
      const auto& truth = scene.truth[first + i];
      Truth::value_type mine;
      for (const FaceHit& hit : (*found)[i])
        mine.emplace_back(std::bit_cast<std::uint32_t>(hit.score.value()), hit.owner.subject);
      recall.same_bits &= mine == truth;
      recall.at_1 += std::ranges::count(mine, truth.front()) > 0 ? 1 : 0;
      for (const auto& hit : truth) recall.at_10 += std::ranges::count(mine, hit) > 0 ? 1 : 0;
    }
  }
  recall.at_1 /= kProbes, recall.at_10 /= kProbes * kWanted;
  return recall;
}

void tell(benchmark::State& state, std::int64_t people, std::int64_t together) {
  using benchmark::Counter;
  const auto queries = static_cast<double>(state.iterations() * together);
  state.counters["queries"] = {queries, Counter::kIsRate};
  state.counters["templates"] = {queries * static_cast<double>(people), Counter::kIsRate};
}

void search_kind(benchmark::State& state, FaceIndexKind kind) {
  const std::int64_t people = state.range(0);
  const auto together = static_cast<std::size_t>(state.range(1));
  const Scene& all = scene(kind, people);
  const Recall recall = recall_of(all, together);
  if (kind == FaceIndexKind::exact && !recall.same_bits) {
    return state.SkipWithError("wrong answer: not what comparing everybody finds");
  }
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        all.built.index->search(std::span(all.probes).subspan(next, together), Filter{}, kWanted));
    next = (next + together) % all.probes.size();
  }
  tell(state, people, state.range(1));
  state.counters["recall_at_1"] = recall.at_1;
  state.counters["recall_at_10"] = recall.at_10;
  state.counters["bytes_a_face"] =
      static_cast<double>(all.built.index->resident_bytes()) / static_cast<double>(people);
  state.counters["build_s"] = all.built.seconds;
}

void search_faiss(benchmark::State& state) {
  const std::int64_t people = state.range(0), together = state.range(1);
  omp_set_num_threads(1);
  const ClusteredFaces faces(kSeed);
  faiss::IndexFlatIP flat(ClusteredFaces::kDimension);
  for (std::int64_t p = 0; p < people; ++p) {
    flat.add(1, faces.face(static_cast<std::uint64_t>(p)).data());
  }
  std::vector<float> probes;
  for (const FaceTemplate& probe : mated_probes(people))
    probes.insert(probes.end(), probe.vector.begin(), probe.vector.end());
  const auto size = static_cast<std::size_t>(together * kWanted);
  std::vector<float> similarities(size);
  std::vector<faiss::Index::idx_t> rows(size);
  flat.search(together, probes.data(), kWanted, similarities.data(), rows.data());
  for (std::int64_t p = 0; p < together; ++p) {
    if (rows[static_cast<std::size_t>(p * kWanted)] != p * people / kProbes)
      return state.SkipWithError("wrong answer: the mate is not the nearest");
  }
  std::int64_t next = 0;
  for (auto _ : state) {
    flat.search(together, probes.data() + next * ClusteredFaces::kDimension, kWanted,
                similarities.data(), rows.data());
    next = (next + together) % kProbes;
  }
  tell(state, people, together);
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"people", "together"})->Unit(benchmark::kMillisecond);
  const char* more = std::getenv("WHORL_BENCH_FACES");
  const long people = more == nullptr ? 0 : std::atol(more);
  if (people <= kProbes) bench->Args({10'000, 1})->Args({10'000, 64});
  if (people > kProbes) bench->Args({people, 1})->Args({people, 64});
}
BENCHMARK_CAPTURE(search_kind, exact, FaceIndexKind::exact)->Apply(sizes);
BENCHMARK_CAPTURE(search_kind, ivf, FaceIndexKind::ivf)->Apply(sizes);
BENCHMARK_CAPTURE(search_kind, pq, FaceIndexKind::pq)->Apply(sizes);
BENCHMARK_CAPTURE(search_kind, hnsw, FaceIndexKind::hnsw)->Apply(sizes);
BENCHMARK(search_faiss)->Apply(sizes);

}  // namespace
}  // namespace whorl::index
