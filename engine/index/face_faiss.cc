// Nobody but this file and device_face_lists.cc sees FAISS. Its exceptions stop here, and so does
// its threading: every call runs on the caller's thread alone, because the caller's task graph owns
// the cores.
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/impl/IDSelector.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <new>

#include "engine/base/blas.h"
#include "engine/index/face_shortlist.h"

namespace whorl::index {
namespace {

using FaissId = faiss::Index::idx_t;

// Asked of FAISS beyond k: its own rounding decides who is the k-th, ours decides the order.
constexpr std::int64_t kSpareCandidates = 8;

template <class Work>
Result<> guarded(Work work) {
  omp_set_num_threads(1);  // of this thread alone
  const auto turn = blas_turn();
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

  FaissLists lists() const override {
    if (lists_ == nullptr) return {};
    return {lists_.get(), trained_rows_, looked_into(), spare()};
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
  static constexpr std::int64_t kSpareOfCodes = 240;

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

  std::int64_t looked_into() const {
    const auto lists = static_cast<double>(lists_->nlist);
    return static_cast<std::int64_t>(std::min(lists, kProbedListsPerRootList * std::sqrt(lists)));
  }
  std::int64_t spare() const { return keeps_ == Keeps::vectors ? kSpareCandidates : kSpareOfCodes; }

  // Looks into more lists while fewer than k were admitted; in the end into all of them.
  std::vector<Row> search(const float* probe, int k, const Admits& admits) const {
    AdmittedRows admitted(admits);
    faiss::SearchParametersIVF how;
    how.sel = admits.all_listed ? nullptr : &admitted;  // removed rows are in no list
    how.nprobe = static_cast<std::size_t>(looked_into());
    const auto fetch = static_cast<std::size_t>(k + spare());
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

}  // namespace

std::unique_ptr<FaceShortlist> make_ivf_shortlist() {
  return std::make_unique<IvfShortlist>(IvfShortlist::Keeps::vectors);
}
std::unique_ptr<FaceShortlist> make_pq_shortlist() {
  return std::make_unique<IvfShortlist>(IvfShortlist::Keeps::product_codes);
}

}  // namespace whorl::index
