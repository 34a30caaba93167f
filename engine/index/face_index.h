#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/face_index_kind.h"
#include "engine/base/result.h"
#include "engine/index/face_codes.h"
#include "engine/index/face_shortlist.h"
#include "engine/index/face_table.h"
#include "engine/index/print_owner.h"
#include "engine/index/top_k.h"
#include "kernels/backend.h"

namespace whorl::index {

using FaceHit = Hit<Similarity>;

// All faces of one embedder in one gallery. Derived from the gallery: it may be dropped and rebuilt
// at any time. Whatever the kind, a similarity is the exact inner product of kernels/face_dot.h on
// unit vectors (the bits of matchers::FaceMatcher), better ones first and equal ones by owner; the
// approximate kinds may only leave faces out. Recall of the ten nearest against the exact scan is
// measured by tests/index and bench/index and stated in docs/limits.md.
//
// Which faces ivf and pq leave out may differ from one machine to the next (centres come from
// BLAS); exact and hnsw answer the same everywhere, hnsw for the same order of adding.
//
// Invariants: rows are dense; a removed row keeps its place, its vector is overwritten at once and
// it is never a candidate again (hnsw keeps it as a place to walk through: rebuild when many are
// dead). Thread safety: const members may run at once; add and remove need the index to themselves.
//
// exact looks at 8-bit codes first (kernels/face_sift.h) and compares only those exactly whose
// bounds say that they may be among the best: its answers are those of comparing everybody, to the
// last bit.
//
// An index of FAISS's that fails (memory, a fault of its own) gives way to an exact one at once:
// slower, and it loses nobody.
//
// Memory: 4 bytes a dimension and 17 a face; exact one more a dimension (rounded up to 64) and 9;
// ivf 4 more a dimension and 24; hnsw one more a dimension and about 300; pq a byte for four
// dimensions and 24 more a face.
class FaceIndex {
 public:
  // `dimension` 1 .. kMaxFaceDimension.
  FaceIndex(FaceIndexKind kind, std::string model, int dimension,
            kernels::Backend backend = kernels::best_backend());

  // The row is rows() as it was. Faults: wrong_model, wrong_dimension, not_finite, zero_vector,
  // limit_exceeded; nothing is changed then.
  Result<Row> add(const PrintOwner& owner, const FaceTemplate& face);
  // Fault::not_found where the row does not exist or is gone already.
  Result<> remove(Row row);

  // For each probe at most `k` faces that the filter admits. Faults: bad_argument (k < 1),
  // limit_exceeded (k > kMaxCandidates or more than kMaxQueriesPerBatch probes), and those of
  // add(). Cost of exact: rows * dimension multiply-adds of bytes a probe; each block is read once
  // for all probes: ask together.
  Result<std::vector<std::vector<FaceHit>>> search(std::span<const FaceTemplate> probes,
                                                   const Filter& filter, int k) const;
  // In two steps, for callers that find out by themselves who may be among the best: the probe as
  // it is compared, with the faults of add(); and the `k` best of `rows`, exactly.
  Result<std::vector<float>> prepare(const FaceTemplate& face) const;
  std::vector<FaceHit> rank(std::span<const float> prepared, std::span<const Row> rows,
                            int k) const;

  // exact where the kind asked for failed.
  FaceIndexKind kind() const { return kind_; }
  const std::string& model() const { return model_; }
  int dimension() const { return dimension_; }
  std::int64_t rows() const { return std::ssize(owners_); }
  std::int64_t live() const { return live_; }
  bool is_live(Row row) const {
    return row.value() < owners_.size() && (live_bits_[row.value() / 32] >> row.value() % 32 & 1U);
  }
  // Who is looked at, a bit a row: of all without a filter, and of rows 32 * word onwards with it.
  std::span<const std::uint32_t> live_bits() const { return live_bits_; }
  std::uint32_t admitted(std::int64_t word, const Filter& filter) const;
  std::span<const Row> removed() const { return removed_; }  // in the order they went
  std::span<const float> vector(Row row) const;              // [dimension], zeros once removed
  const PrintOwner& owner(Row row) const { return owners_.at(row.value()); }
  // Of ivf and pq, for a copy elsewhere.
  FaissLists lists() const { return shortlist_ == nullptr ? FaissLists{} : shortlist_->lists(); }
  FaceTemplate face(Row row) const;  // its unit vector; the quality is not kept
  std::size_t resident_bytes() const;

 private:
  using Hits = TopK<Similarity>;
  void become_exact();
  void sift(std::span<const std::vector<float>> probes, const Filter& filter,
            std::span<Hits> hits) const;
  void rank(const float* probe, std::span<const kernels::FaceEntry> entries, Hits& hits) const;
  void scan(std::span<const std::vector<float>> probes, const Filter& filter,
            std::span<Hits> hits) const;
  void score(const float* probe, std::span<const Row> rows, Hits& hits) const;

  FaceIndexKind kind_;
  std::string model_;
  int dimension_;
  kernels::FaceDot dot_;
  kernels::SiftFaces sift_;
  FaceTable table_;
  std::optional<FaceCodes> codes_;            // for exact alone
  std::unique_ptr<FaceShortlist> shortlist_;  // none for exact
  std::vector<PrintOwner> owners_;
  std::vector<std::uint32_t> live_bits_;  // one for 32 rows
  std::vector<Row> removed_;
  std::int64_t live_ = 0;
};

}  // namespace whorl::index
