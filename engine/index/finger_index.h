#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/result.h"
#include "engine/index/packed_block.h"
#include "engine/index/print_owner.h"
#include "engine/index/top_k.h"
#include "kernels/backend.h"

namespace whorl::index {

// A probe ready for the kernels: its codes in their form and order, and its minutiae. Minutiae
// without a code only take part in alignment; what exceeds the kernels' limits is left out.
class FingerProbe {
 public:
  FingerProbe(const FingerTemplate& print, int gate_steps);
  kernels::FingerProbe codes() const;
  kernels::AlignmentProbe minutiae() const;

 private:
  std::vector<kernels::ProbeCode> codes_;  // ascending by direction, ties as in the template
  std::vector<PackedMinutia> minutiae_;    // those of the codes, then the others
  int gate_steps_;
};

// Scores of kernels/finger_block.h, 0 .. kernels::kMaxBlockScore, and of print_alignment.h. Neither
// is comparable beyond one search: they rank, the comparison judges.
using CodeScore = Quantity<struct CodeScoreTag, std::uint16_t>;
using AlignmentScore = Quantity<struct AlignmentScoreTag, std::uint16_t>;
using CodeHits = TopK<CodeScore>;
using Shortlist = TopK<AlignmentScore>;

// What a print must show: votes to be aligned, and an alignment to be a candidate
// (kernels/print_alignment.h). Zeros let every print pass that has anything in common.
struct Passage {
  int votes = 0;
  AlignmentScore alignment{0};
};

struct FingerPrint {
  PrintOwner owner;
  const FingerTemplate* print;  // with codes of the index's version
};

// All prints of one finger position in one gallery, scored exhaustively. Derived from the gallery:
// it may be dropped and rebuilt at any time, with the same answers.
//
// Invariants: rows are dense, row r lives in block r / 64 slot r % 64; only the last block is
// partly filled; a removed row keeps its place, its print is overwritten at once and it is never a
// candidate again. Thread safety: const members may run at once; append and remove need the index
// to themselves.
class FingerIndex {
 public:
  FingerIndex(FingerPosition position, std::uint16_t code_version);

  // Adds in order; the first gets row rows(). Appending in batches is cheaper than one by one: the
  // last block is packed again for each call.
  void append(std::span<const FingerPrint> prints);
  void remove(Row row);

  FingerPosition position() const { return position_; }
  std::uint16_t code_version() const { return code_version_; }
  std::int64_t rows() const { return std::ssize(owners_); }
  std::int64_t live() const { return live_; }
  std::int64_t blocks() const { return std::ssize(blocks_); }
  std::size_t resident_bytes() const;

  // A block stays in the same memory once the next one exists, and as it is but for prints that are
  // wiped from it; the last is packed into other memory whenever it grows.
  const PackedBlock& block(std::int64_t number) const {
    return blocks_.at(static_cast<std::size_t>(number));
  }
  // Who is looked at, a bit a print: of all blocks without a filter, and of one with it.
  std::span<const std::uint64_t> live_bits() const { return live_bits_; }
  std::uint64_t admitted(std::int64_t block, const Filter& filter) const;
  std::span<const Row> removed() const { return removed_; }  // here, in the order they went

  // Compares the codes of the prints of blocks [first, last), aligns those that filters[i] admits
  // and that have the votes, and offers them to lists[i] for probes[i]. A block is read from memory
  // once for kMaxBatchProbes probes, whatever their filters. Callers share the blocks out among
  // threads and merge.
  void search(std::span<const FingerProbe> probes, std::span<const Filter* const> filters,
              std::span<const Passage> passages, kernels::Backend backend, std::int64_t first,
              std::int64_t last, std::span<Shortlist> lists) const;
  // The same where all ask alike.
  void search(std::span<const FingerProbe> probes, const Filter& filter, const Passage& passage,
              kernels::Backend backend, std::int64_t first, std::int64_t last,
              std::span<Shortlist> lists) const;
  // By codes alone: each list is what scoring every print would give.
  void rank_by_codes(std::span<const FingerProbe> probes, const Filter& filter,
                     kernels::Backend backend, std::int64_t first, std::int64_t last,
                     std::span<CodeHits> hits) const;

  const PrintOwner& owner(Row row) const { return owners_.at(row.value()); }  // nobody once removed
  bool is_live(Row row) const;
  FingerTemplate print(Row row) const;     // as packed, with codes
  FingerTemplate minutiae(Row row) const;  // what a comparison reads of it

  // The index's state as bytes and back. Block by block, so that neither side holds it twice.
  // Of removed prints only the empty places are saved. Every count is checked:
  // Fault::store_corrupt.
  void save_head(ByteWriter& out) const;
  PackedBlock block_to_save(std::int64_t block) const;
  static Result<FingerIndex> load_head(ByteReader& in);
  Result<> load_block(std::span<const std::byte> bytes);
  Result<> load_block(PackedBlock block);
  bool complete() const;

 private:
  class Sweep;  // one batch of probes over a run of blocks
  template <class Visit>
  void sweep(std::span<const FingerProbe> probes, std::span<const Filter* const> filters,
             kernels::Backend backend, std::int64_t first, std::int64_t last, Visit visit) const;

  FingerPosition position_;
  std::uint16_t code_version_;
  std::vector<PackedBlock> blocks_;
  std::vector<std::uint64_t> live_bits_;  // one a block
  std::vector<PrintOwner> owners_;
  std::vector<Row> removed_;
  std::int64_t live_ = 0;
};

}  // namespace whorl::index
