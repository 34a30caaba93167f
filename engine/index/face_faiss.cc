// The only file that sees FAISS. Its exceptions stop here, and so does its threading: every call
// runs on the caller's thread alone, because the caller's task graph owns the cores.
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/HNSW.h>
#include <faiss/impl/IDSelector.h>
#include <omp.h>
#ifdef WHORL_FAISS_GPU
#include <cuda_runtime_api.h>
#include <faiss/gpu/GpuIndexFlat.h>
#include <faiss/gpu/StandardGpuResources.h>
#endif

#include <algorithm>
#include <cmath>
#include <exception>
#include <new>

#include "engine/index/face_codes.h"
#include "engine/index/face_shortlist.h"

namespace whorl::index {
namespace {

using FaissId = faiss::Index::idx_t;

// Asked of FAISS beyond k: its own rounding decides who is the k-th, ours decides the order.
constexpr int kSpareCandidates = 8;

template <class Work>
Result<> guarded(Work work) {
  omp_set_num_threads(1);  // of this thread alone
  try {
    work();
    return {};
  } catch (const std::bad_alloc&) {
    return fail(Fault::out_of_memory, 0, "face index");
  } catch (const std::exception&) { return fail(Fault::index_unavailable, 0, "face index"); }
}

Row row_of(FaissId id) { return Row{static_cast<std::uint32_t>(id)}; }
FaissId id_of(Row row) { return static_cast<FaissId>(row.value()); }

class AdmittedRows final : public faiss::IDSelector {
 public:
  explicit AdmittedRows(const Admits& admits) : admits_(admits) {}
  bool is_member(idx_t id) const override { return admits_.row(row_of(id)); }

 private:
  const Admits& admits_;
};

#ifdef WHORL_FAISS_GPU
// Finds each vector's nearest centre on a GPU.
struct GpuAssigner {
  faiss::gpu::StandardGpuResources resources;
  faiss::gpu::GpuIndexFlatIP index;
  explicit GpuAssigner(std::int64_t dimension) : index(&resources, static_cast<int>(dimension)) {}
};
// Asks CUDA first: FAISS aborts where there is no driver.
bool has_gpu() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess && count > 0;
}
// False: somebody else must.
bool train_on_gpu(faiss::IndexIVF& lists, const std::vector<float>& sample) {
  if (!has_gpu()) return false;
  bool trained = false;
  try {
    GpuAssigner assigner(lists.d);
    lists.clustering_index = &assigner.index;
    lists.train(std::ssize(sample) / lists.d, sample.data());
    trained = true;
  } catch (const std::exception&) { lists.quantizer->reset(); }
  lists.clustering_index = nullptr;
  return trained;
}
#else
bool train_on_gpu(faiss::IndexIVF&, const std::vector<float>&) { return false; }
#endif

// Inverted lists over spherical k-means (Sivic and Zisserman, ICCV 2003; Johnson et al., IEEE
// Trans. Big Data 7(3), 2021). Trained anew each time the table has grown kGrowth-fold.
class IvfShortlist final : public FaceShortlist {
 public:
  // What the lists keep of a face: its vector, or 8 bits for every four dimensions of what is left
  // of it beside its list's centre.
  enum class Keeps : std::uint8_t { vectors, product_codes };
  explicit IvfShortlist(Keeps keeps) : keeps_(keeps) {}

  Result<> add(const FaceTable& table, Row row) override {
    listed_.resize(static_cast<std::size_t>(table.rows()), false);
    listed_[row.value()] = true;
    Result<> done = guarded([&] {
      if (table.rows() >= trained_rows_ * kGrowth) {
        train(table);
      } else if (lists_ != nullptr) {
        insert(table, row);
      }
    });
    if (!done) listed_[row.value()] = false;
    return done;
  }

  Result<> remove(const FaceTable&, Row row) override {
    Result<> done = guarded([&] {
      if (lists_ == nullptr) return;
      const FaissId id = id_of(row);
      lists_->remove_ids(faiss::IDSelectorArray(1, &id));
    });
    if (done) listed_[row.value()] = false;
    return done;
  }

  Result<std::optional<std::vector<Row>>> nearest(const FaceTable&, const float* probe, int k,
                                                  const Admits& admits) const override {
    if (lists_ == nullptr) return std::nullopt;
    std::vector<Row> rows;
    WHORL_TRY_VOID(guarded([&] { rows = search(probe, k, admits); }));
    return rows;
  }

  std::size_t resident_bytes() const override {
    if (lists_ == nullptr) return 0;
    const auto vector_bytes = static_cast<std::size_t>(lists_->d) * sizeof(float);
    const auto rows = static_cast<std::size_t>(lists_->ntotal);
    const std::size_t codebook = keeps_ == Keeps::vectors ? 0 : kCentresPerPart * vector_bytes;
    return rows * (lists_->code_size + sizeof(FaissId) + 2 * sizeof(FaissId)) +
           lists_->nlist * vector_bytes + codebook;
  }

 private:
  static constexpr std::int64_t kFirstTraining = 10'000;  // below, a scan takes under a millisecond
  static constexpr std::int64_t kGrowth = 4;
  static constexpr std::int64_t kTrainingRowsPerList = 39;  // FAISS warns below this
  // Lists are 4 sqrt(n), FAISS's guideline for below a million vectors; how many of them are looked
  // into is set by the recall it gives (docs/limits.md).
  static constexpr double kListsPerRootRow = 4;
  static constexpr double kProbedListsPerRootList = 5;
  static constexpr std::size_t kRowsPerInsert = 1024;  // FAISS hands 20 and more to BLAS
  static constexpr int kTrainingRounds = 10;
  // Product codes: a byte for each part of the vector, and how many more than asked for are
  // compared exactly, because codes alone do not tell who is nearest.
  static constexpr std::int64_t kPartDimensions = 4;
  static_assert(kernels::kFaceLanes % kPartDimensions == 0);
  static constexpr std::size_t kPartBits = 8, kCentresPerPart = std::size_t{1} << kPartBits;
  static constexpr std::size_t kSpareOfCodes = 240;

  void train(const FaceTable& table) {
    const std::int64_t rows = table.rows();
    auto list_count = static_cast<std::int64_t>(kListsPerRootRow * std::sqrt(rows));
    list_count = std::min(list_count, rows / kTrainingRowsPerList);
    auto centres = std::make_unique<faiss::IndexFlatIP>(table.padded());
    std::unique_ptr<faiss::IndexIVF> lists =
        make_lists(*centres, table.padded(), static_cast<std::size_t>(list_count));
    lists->cp.spherical = true;
    lists->cp.niter = kTrainingRounds;
    const std::vector<float> sample = training_sample(table, list_count * kTrainingRowsPerList);
    if (!train_on_gpu(*lists, sample))
      lists->train(std::ssize(sample) / table.padded(), sample.data());
    lists->set_direct_map_type(faiss::DirectMap::Hashtable);
    lists_ = std::move(lists);  // before the centres it points to
    centres_ = std::move(centres);
    trained_rows_ = rows;
    insert_all(table);
  }

  std::unique_ptr<faiss::IndexIVF> make_lists(faiss::IndexFlatIP& centres, std::int64_t padded,
                                              std::size_t count) const {
    const auto size = static_cast<std::size_t>(padded);
    if (keeps_ == Keeps::vectors) {
      return std::make_unique<faiss::IndexIVFFlat>(&centres, size, count,
                                                   faiss::METRIC_INNER_PRODUCT);
    }
    return std::make_unique<faiss::IndexIVFPQ>(&centres, size, count,
                                               static_cast<std::size_t>(padded / kPartDimensions),
                                               kPartBits, faiss::METRIC_INNER_PRODUCT);
  }

  void insert_all(const FaceTable& table) {
    std::vector<FaissId> ids;
    std::vector<float> vectors;
    const auto flush = [&] {
      if (!ids.empty()) lists_->add_with_ids(std::ssize(ids), vectors.data(), ids.data());
      ids.clear();
      vectors.clear();
    };
    for (std::uint32_t r = 0; r < table.rows(); ++r) {
      if (!listed_[r]) continue;
      ids.push_back(r);
      vectors.insert(vectors.end(), table.vector(Row{r}), table.vector(Row{r}) + table.padded());
      if (ids.size() == kRowsPerInsert) flush();
    }
    flush();
  }

  // Every n-th listed row, so that the order of enrolment does not decide the centres.
  std::vector<float> training_sample(const FaceTable& table, std::int64_t wanted) const {
    const std::int64_t step = std::max<std::int64_t>(1, table.rows() / wanted);
    std::vector<float> sample;
    for (std::int64_t r = 0; r < table.rows(); r += step) {
      if (!listed_[static_cast<std::size_t>(r)]) continue;
      const float* vector = table.vector(row_of(r));
      sample.insert(sample.end(), vector, vector + table.padded());
    }
    return sample;
  }

  void insert(const FaceTable& table, Row row) {
    const FaissId id = id_of(row);
    lists_->add_with_ids(1, table.vector(row), &id);
  }

  // Looks into more lists while fewer than k were admitted; in the end into all of them.
  std::vector<Row> search(const float* probe, int k, const Admits& admits) const {
    AdmittedRows admitted(admits);
    faiss::SearchParametersIVF how;
    how.sel = admits.all_listed ? nullptr : &admitted;  // removed rows are in no list
    const double wanted = kProbedListsPerRootList * std::sqrt(static_cast<double>(lists_->nlist));
    how.nprobe = std::min(lists_->nlist, static_cast<std::size_t>(wanted));
    const std::size_t fetch =
        static_cast<std::size_t>(k) +
        (keeps_ == Keeps::vectors ? std::size_t{kSpareCandidates} : kSpareOfCodes);
    std::vector<float> ignored(fetch);
    std::vector<FaissId> ids(fetch);
    for (;;) {
      lists_->search(1, probe, static_cast<FaissId>(fetch), ignored.data(), ids.data(), &how);
      const auto found = std::ranges::count_if(ids, [](FaissId id) { return id >= 0; });
      if (found >= k || how.nprobe == lists_->nlist) break;
      how.nprobe = std::min(lists_->nlist, how.nprobe * 2);
    }
    std::vector<Row> rows;
    for (const FaissId id : ids) {
      if (id >= 0) rows.push_back(row_of(id));
    }
    return rows;
  }

  Keeps keeps_;
  std::unique_ptr<faiss::IndexFlatIP> centres_;
  std::unique_ptr<faiss::IndexIVF> lists_;
  std::vector<bool> listed_;
  std::int64_t trained_rows_ = kFirstTraining / kGrowth;
};

// FAISS's graph over codes of ours, which it never sees: distance 1 - their product. A walk waits
// for memory, and codes are a quarter of a vector's; who is found is compared exactly afterwards.
class CodeDistance final : public faiss::DistanceComputer {
 public:
  explicit CodeDistance(const FaceCodeRows& rows)
      : rows_(rows), own_(static_cast<std::size_t>(rows.codes())) {}
  void set_query(const float* query) override {
    const auto terms = kernels::quantise_face(query, rows_.dimension(), own_.data());
    query_ = {own_.data(), terms.scale};
  }
  void set_row(Row row) { query_ = rows_.row(row); }
  float operator()(idx_t id) override { return apart(query_, id); }
  float symmetric_dis(idx_t a, idx_t b) override { return apart(rows_.row(row_of(a)), b); }

 private:
  float apart(const FaceCodeRows::Coded& from, idx_t id) const {
    return 1 - rows_.similarity(from, rows_.row(row_of(id)));
  }
  const FaceCodeRows& rows_;
  std::vector<std::int8_t> own_;
  FaceCodeRows::Coded query_{};
};

// Removed faces stay in the graph as zeros, far from every probe; they are still walked
// through where an edge leads there. faiss::IndexHNSW is not used: it keeps a second copy of the
// vectors and touches a lock for each of them on every single add.
class HnswShortlist final : public FaceShortlist {
 public:
  HnswShortlist(int dimension, kernels::Backend backend)
      : rows_(dimension, kernels::face_code_dot(backend)), graph_(kLinks), visited_(0) {
    graph_.efConstruction = kBuildBreadth;
    graph_.efSearch = kSearchBreadth;
    graph_.search_bounded_queue =
        false;  // FAISS's bounded one looks through all of it at each step
  }

  Result<> add(const FaceTable& table, Row row) override {
    const auto added = guarded([&] {
      if (rows_.rows() == row.value()) {
        rows_.append({table.vector(row), static_cast<std::size_t>(table.padded())});
      }
      // An add that failed half-way left its place behind: it is taken again.
      if (row.value() == graph_.levels.size()) graph_.prepare_level_tab(1);
      WHORL_CHECK(row.value() + 1 == graph_.levels.size());
      visited_.visited.resize(graph_.levels.size(), 0);
      locks_.resize(graph_.levels.size());
      omp_init_lock(&locks_.back());
      CodeDistance distance(rows_);
      distance.set_row(row);
      graph_.add_with_locks(distance, graph_.levels.back() - 1, static_cast<int>(row.value()),
                            locks_, visited_);
    });
    if (!added && rows_.rows() > row.value()) rows_.drop_last();
    return added;
  }

  Result<> remove(const FaceTable&, Row row) override {
    rows_.wipe(row);
    return {};
  }

  Result<std::optional<std::vector<Row>>> nearest(const FaceTable& table, const float* probe, int k,
                                                  const Admits& admits) const override {
    std::optional<std::vector<Row>> rows;
    WHORL_TRY_VOID(guarded([&] { rows = search(table, probe, k, admits); }));
    return rows;
  }

  std::size_t resident_bytes() const override {
    return graph_.neighbors.capacity() * sizeof(faiss::HNSW::storage_idx_t) +
           graph_.offsets.capacity() * sizeof(std::size_t) +
           graph_.levels.capacity() * sizeof(int) + locks_.capacity() * sizeof(omp_lock_t) +
           visited_.visited.capacity() + rows_.resident_bytes();
  }

 private:
  // Links a face has on each level (twice as many on the lowest), and how many of the nearest faces
  // so far are kept in view while adding and while searching: set by the recall they give
  // (docs/limits.md).
  static constexpr int kLinks = 32;
  static constexpr int kBuildBreadth = 200;
  static constexpr int kSearchBreadth = 512;
  // Compared exactly beyond k: codes err by a few thousandths.
  static constexpr std::int64_t kSpareOfCodes = 22;
  // Where a filter admits so few that this share of the table had to be fetched, a scan is cheaper.
  static constexpr std::int64_t kScanShare = 16;

  // The graph knows no filter: more are fetched until k are admitted.
  std::optional<std::vector<Row>> search(const FaceTable& table, const float* probe, int k,
                                         const Admits& admits) const {
    CodeDistance distance(rows_);
    distance.set_query(probe);
    for (std::int64_t fetch = k + kSpareOfCodes; fetch * kScanShare <= table.rows(); fetch *= 2) {
      std::vector<FaissId> ids(static_cast<std::size_t>(fetch), -1);
      std::vector<float> ignored(static_cast<std::size_t>(fetch));
      faiss::VisitedTable visited(static_cast<int>(graph_.levels.size()));
      graph_.search(distance, static_cast<int>(fetch), ids.data(), ignored.data(), visited);
      std::vector<Row> rows;
      for (const FaissId id : ids) {
        if (id >= 0 && admits.row(row_of(id))) rows.push_back(row_of(id));
      }
      if (std::ssize(rows) >= k) return rows;
    }
    return std::nullopt;
  }

  FaceCodeRows rows_;
  faiss::HNSW graph_;
  faiss::VisitedTable visited_;
  std::vector<omp_lock_t> locks_;
};

}  // namespace

std::unique_ptr<FaceShortlist> make_ivf_shortlist() {
  return std::make_unique<IvfShortlist>(IvfShortlist::Keeps::vectors);
}
std::unique_ptr<FaceShortlist> make_pq_shortlist() {
  return std::make_unique<IvfShortlist>(IvfShortlist::Keeps::product_codes);
}

std::unique_ptr<FaceShortlist> make_hnsw_shortlist(int dimension, kernels::Backend backend) {
  return std::make_unique<HnswShortlist>(dimension, backend);
}

}  // namespace whorl::index
