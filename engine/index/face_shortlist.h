#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/result.h"
#include "engine/index/face_table.h"
#include "kernels/backend.h"

namespace faiss {
struct IndexIVF;
}

namespace whorl::index {

// Which rows may be candidates of this search.
struct Admits {
  std::function<bool(Row)> row;  // not removed, and let through by the filter
  bool all_listed = false;       // the filter lets everyone through: rows not removed are in
};

// What somebody needs who searches a copy of FAISS's inverted lists. Their ids are rows.
struct FaissLists {
  const faiss::IndexIVF* index = nullptr;  // none: there are none, or not yet
  std::int64_t trained_rows = 0;           // another number: other lists
  std::int64_t looked_into = 0;            // of the lists, at first
  std::int64_t spare = 0;                  // asked for beyond k, because the order is not exact
};

// Names the rows of a table that are probably nearest to a probe, without looking at all of them.
// The caller scores them; a row that is left out here is lost. Const members may run at once.
class FaceShortlist {
 public:
  virtual ~FaceShortlist() = default;

  // The table's last row, just appended. Fault::index_unavailable, and the row is not listed.
  virtual Result<> add(const FaceTable& table, Row row) = 0;
  // Afterwards admits.row(row) is false; called before the vector is wiped.
  virtual Result<> remove(const FaceTable& table, Row row) = 0;

  // About the k nearest admitted rows in any order, or nothing where only a scan of all rows could
  // tell: too few rows so far, or too few of them admitted.
  virtual Result<std::optional<std::vector<Row>>> nearest(const FaceTable& table,
                                                          const float* probe, int k,
                                                          const Admits& admits) const = 0;
  virtual FaissLists lists() const { return {}; }
  virtual std::size_t resident_bytes() const = 0;
};

// By FAISS, which face_faiss.cc and device_face_lists.cc alone see.
std::unique_ptr<FaceShortlist> make_ivf_shortlist();
std::unique_ptr<FaceShortlist> make_pq_shortlist();
// face_graph.cc
std::unique_ptr<FaceShortlist> make_hnsw_shortlist(int dimension, kernels::Backend backend);

}  // namespace whorl::index
