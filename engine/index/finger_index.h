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

// A probe ready for stage 1: its codes in the kernel's form and order. Minutiae without a code are
// left out, and so is what exceeds kernels::kMaxProbeCodes.
class FingerProbe {
 public:
  FingerProbe(const FingerTemplate& print, int gate_steps);
  kernels::FingerProbe view() const;
  // Which minutia of the template the kernel's probe code `code` describes.
  int minutia_of(int code) const { return minutiae_.at(static_cast<std::size_t>(code)); }

 private:
  std::vector<kernels::ProbeCode> codes_;  // ascending by direction, ties as in the template
  std::vector<int> minutiae_;
  int gate_steps_;
};

// Stage-1 score of kernels/finger_block.h, 0 .. kernels::kMaxBlockScore. Not comparable beyond one
// search: it ranks, stage 2 judges.
using CodeScore = Quantity<struct CodeScoreTag, std::uint16_t>;
using FingerHits = TopK<CodeScore>;

struct FingerPrint {
  PrintOwner owner;
  const FingerTemplate* print;  // with codes of the index's version
};

// All prints of one finger position in one gallery, scored exhaustively. Derived from the gallery:
// it may be dropped and rebuilt at any time, with the same answers.
//
// Invariants: rows are dense, row r lives in block r / 64 slot r % 64; only the last block is
// partly filled; a removed row keeps its place and is never a candidate again. Thread safety: const
// members may run at once; append and remove need the index to themselves.
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

  // Offers the admitted prints of blocks [first, last) to hits[i] for probes[i]; each list is what
  // scoring every print would give. A block is read from memory once for kMaxBatchProbes probes.
  // Callers share the blocks out among threads and merge.
  void search(std::span<const FingerProbe> probes, const Filter& filter, kernels::Backend backend,
              std::int64_t first, std::int64_t last, std::span<FingerHits> hits) const;

  const PrintOwner& owner(Row row) const { return owners_.at(row.value()); }
  bool is_live(Row row) const;
  FingerTemplate print(Row row) const;  // as packed, with codes, for stage 2

  // The index's state as bytes and back. Block by block, so that neither side holds it twice.
  // Every count is checked: Fault::store_corrupt.
  void save_head(ByteWriter& out) const;
  std::span<const std::byte> block_bytes(std::int64_t block) const {
    return blocks_.at(static_cast<std::size_t>(block)).bytes();
  }
  static Result<FingerIndex> load_head(ByteReader& in);
  Result<> load_block(std::span<const std::byte> bytes);
  Result<> load_block(PackedBlock block);
  bool complete() const;

 private:
  class Sweep;  // one batch of probes over a run of blocks
  std::uint64_t admitted(std::int64_t block, const Filter& filter) const;

  FingerPosition position_;
  std::uint16_t code_version_;
  std::vector<PackedBlock> blocks_;
  std::vector<std::uint64_t> live_bits_;  // one a block
  std::vector<PrintOwner> owners_;
  std::int64_t live_ = 0;
};

}  // namespace whorl::index
