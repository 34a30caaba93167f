#include "engine/index/face_index.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>

#include "engine/base/limits.h"
#include "engine/matchers/face_matcher.h"

namespace whorl::index {
namespace {

// Rows scored at a time: their vectors stay in the second-level cache for all probes of a batch.
constexpr std::int64_t kTileRows = 256;
static_assert(FaceTable::kBlockRows % kTileRows == 0);

std::int64_t padded(int dimension) {
  WHORL_CHECK(dimension >= 1 && dimension <= kMaxFaceDimension);
  return (dimension + kernels::kFaceLanes - 1) / kernels::kFaceLanes * kernels::kFaceLanes;
}

// The rows of a slice that a filter admits, asked for 32 at a time and only where one of them came
// through: for all probes of a batch once.
class AdmittedSlice {
 public:
  AdmittedSlice(const FaceIndex& index, const Filter& filter, std::int64_t slice)
      : index_(index), filter_(filter), first_(slice * kWords) {}
  std::uint32_t word(std::int64_t w) {
    const std::uint32_t bit = std::uint32_t{1} << w;
    if ((known_ & bit) == 0 && first_ + w < std::ssize(index_.live_bits()))
      words_[static_cast<std::size_t>(w)] = index_.admitted(first_ + w, filter_);
    known_ |= bit;
    return words_[static_cast<std::size_t>(w)];
  }

 private:
  static constexpr std::int64_t kWords = FaceCodes::kSliceRows / 32;
  static_assert(kWords <= 32);
  const FaceIndex& index_;
  const Filter& filter_;
  std::int64_t first_;
  std::uint32_t known_ = 0;
  std::array<std::uint32_t, kWords> words_{};
};

// Rows that come through together are far apart in memory: they are asked for before the first of
// them is waited for.
void fetch(const float* vector, std::int64_t padded) {
  constexpr std::int64_t kLine = 64 / sizeof(float);
  for (std::int64_t d = 0; d < padded; d += kLine) __builtin_prefetch(vector + d);
}

std::unique_ptr<FaceShortlist> make_shortlist(FaceIndexKind kind, int dimension,
                                              kernels::Backend backend) {
  switch (kind) {
    case FaceIndexKind::exact:
      return nullptr;
    case FaceIndexKind::ivf:
      return make_ivf_shortlist();
    case FaceIndexKind::hnsw:
      return make_hnsw_shortlist(dimension, backend);
    case FaceIndexKind::pq:
      return make_pq_shortlist();
  }
  return nullptr;
}

}  // namespace

FaceIndex::FaceIndex(FaceIndexKind kind, std::string model, int dimension, kernels::Backend backend)
    : kind_(kind),
      model_(std::move(model)),
      dimension_(dimension),
      dot_(kernels::face_dot(backend)),
      sift_(kernels::sift_faces(backend)),
      table_(padded(dimension)),
      shortlist_(make_shortlist(kind, dimension, backend)) {
  if (kind == FaceIndexKind::exact) codes_.emplace(dimension);
}

Result<std::vector<float>> FaceIndex::prepare(const FaceTemplate& face) const {
  if (face.model != model_) return fail(Fault::wrong_model);
  if (std::ssize(face.vector) != dimension_) return fail(Fault::wrong_dimension);
  return matchers::unit_vector(face);
}

Result<Row> FaceIndex::add(const PrintOwner& owner, const FaceTemplate& face) {
  if (rows() == std::numeric_limits<std::int32_t>::max()) return fail(Fault::limit_exceeded);
  WHORL_TRY(const std::vector<float> vector, prepare(face));
  const Row row = table_.append(vector);
  if (codes_) codes_->append(vector);
  if (shortlist_ != nullptr && !shortlist_->add(table_, row)) become_exact();
  owners_.push_back(owner);
  live_bits_.resize(row.value() / 32 + 1);
  live_bits_.back() |= std::uint32_t{1} << row.value() % 32;
  ++live_;
  return row;
}

// Rows keep their places; of those that are gone the table has zeros.
void FaceIndex::become_exact() {
  kind_ = FaceIndexKind::exact;
  shortlist_.reset();
  codes_.emplace(dimension_);
  for (std::uint32_t r = 0; r < table_.rows(); ++r) {
    codes_->append({table_.vector(Row{r}), static_cast<std::size_t>(table_.padded())});
  }
  for (const Row row : removed_) codes_->wipe(row);
}

Result<> FaceIndex::remove(Row row) {
  if (!is_live(row)) return fail(Fault::not_found);
  if (shortlist_ != nullptr && !shortlist_->remove(table_, row)) become_exact();
  live_bits_[row.value() / 32] &= ~(std::uint32_t{1} << row.value() % 32);
  removed_.push_back(row);
  --live_;
  table_.wipe(row);
  if (codes_) codes_->wipe(row);
  return {};
}

Result<std::vector<std::vector<FaceHit>>> FaceIndex::search(std::span<const FaceTemplate> probes,
                                                            const Filter& filter, int k) const {
  if (k < 1) return fail(Fault::bad_argument);
  if (k > kMaxCandidates || std::ssize(probes) > kMaxQueriesPerBatch) {
    return fail(Fault::limit_exceeded);
  }
  std::vector<std::vector<float>> vectors;
  for (const FaceTemplate& probe : probes) { WHORL_TRY(vectors.emplace_back(), prepare(probe)); }
  std::vector<Hits> hits(probes.size(), Hits(static_cast<std::size_t>(k)));
  if (codes_) {
    sift(vectors, filter, hits);
  } else {
    const Admits admits{
        [&](Row row) { return is_live(row) && filter.admits(owners_[row.value()]); }, filter.all()};
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      // A shortlist that fails costs time, and loses nobody.
      const auto rows = shortlist_->nearest(table_, vectors[i].data(), k, admits);
      if (rows && *rows) {
        score(vectors[i].data(), **rows, hits[i]);
      } else {
        scan(std::span(vectors).subspan(i, 1), filter, std::span(hits).subspan(i, 1));
      }
    }
  }
  std::vector<std::vector<FaceHit>> sorted;
  for (const Hits& found : hits) sorted.push_back(found.sorted());
  return sorted;
}

// The first look at a slice says who may matter; of these only those are compared exactly whose
// bounds reach the k-th best so far, and the k-th best of what the slice has at least.
void FaceIndex::sift(std::span<const std::vector<float>> probes, const Filter& filter,
                     std::span<Hits> hits) const {
  if (probes.empty()) return;
  FaceSiftBatch batch(probes, dimension_);
  std::vector<kernels::FaceEntry> entries;
  for (std::int64_t s = 0; s < codes_->slices(); ++s) {
    batch.sift(sift_, codes_->slice(s));
    AdmittedSlice admitted(*this, filter, s);
    for (std::size_t p = 0; p < probes.size(); ++p) {
      batch.passed(
          p, *codes_, s, [&](std::int64_t word) { return admitted.word(word); }, entries);
      if (entries.empty()) continue;
      kernels::keep_possible_faces(entries, static_cast<std::int64_t>(hits[p].k()));
      rank(probes[p].data(), entries, hits[p]);
      if (const auto least = hits[p].least()) batch.ask(p, least->value());
    }
  }
}

void FaceIndex::rank(const float* probe, std::span<const kernels::FaceEntry> entries,
                     Hits& hits) const {
  for (const kernels::FaceEntry& entry : entries)
    fetch(table_.vector(Row{entry.row}), table_.padded());
  for (const kernels::FaceEntry& entry : entries) {
    if (hits.worth(Similarity{entry.upper})) {
      const Row row{entry.row};
      score(probe, std::span(&row, 1), hits);
    }
  }
}

// The filter is asked last: it costs more than a score that is too low to matter.
void FaceIndex::scan(std::span<const std::vector<float>> probes, const Filter& filter,
                     std::span<Hits> hits) const {
  std::array<float, kTileRows> scores;
  for (std::int64_t b = 0; b < table_.blocks(); ++b) {
    const auto block = table_.block(b);
    for (std::int64_t first = 0; first < block.rows; first += kTileRows) {
      const std::int64_t count = std::min(kTileRows, block.rows - first);
      for (std::size_t p = 0; p < probes.size(); ++p) {
        dot_(probes[p].data(), {block.row(first), count, block.cols}, scores.data());
        for (std::int64_t i = 0; i < count; ++i) {
          const Similarity similarity{scores[static_cast<std::size_t>(i)]};
          if (!hits[p].worth(similarity)) continue;
          const Row row{static_cast<std::uint32_t>(b * FaceTable::kBlockRows + first + i)};
          const PrintOwner& who = owners_[row.value()];
          if (is_live(row) && filter.admits(who)) hits[p].offer({similarity, who, row});
        }
      }
    }
  }
}

void FaceIndex::score(const float* probe, std::span<const Row> rows, Hits& hits) const {
  for (const Row row : rows) {
    float similarity = 0;
    dot_(probe, {table_.vector(row), 1, table_.padded()}, &similarity);
    hits.offer({Similarity{similarity}, owners_[row.value()], row});
  }
}

std::vector<FaceHit> FaceIndex::rank(std::span<const float> prepared, std::span<const Row> rows,
                                     int k) const {
  WHORL_CHECK(std::ssize(prepared) == table_.padded());
  Hits hits(static_cast<std::size_t>(k));
  score(prepared.data(), rows, hits);
  return hits.sorted();
}

std::uint32_t FaceIndex::admitted(std::int64_t word, const Filter& filter) const {
  std::uint32_t bits = live_bits_[static_cast<std::size_t>(word)];
  if (filter.all()) return bits;
  for (std::uint32_t left = bits; left != 0; left &= left - 1) {
    const auto at = static_cast<std::size_t>(std::countr_zero(left));
    if (!filter.admits(owners_[static_cast<std::size_t>(word) * 32 + at])) {
      bits &= ~(std::uint32_t{1} << at);
    }
  }
  return bits;
}

std::size_t FaceIndex::resident_bytes() const {
  return table_.resident_bytes() + owners_.capacity() * sizeof(PrintOwner) +
         live_bits_.capacity() * sizeof(std::uint32_t) + removed_.capacity() * sizeof(Row) +
         (codes_ ? codes_->resident_bytes() : 0) +
         (shortlist_ == nullptr ? 0 : shortlist_->resident_bytes());
}

std::span<const float> FaceIndex::vector(Row row) const {
  return {table_.vector(row), static_cast<std::size_t>(dimension_)};
}

FaceTemplate FaceIndex::face(Row row) const {
  const std::span<const float> values = vector(row);
  return {model_, {}, std::vector<float>(values.begin(), values.end())};
}

}  // namespace whorl::index
