#pragma once
// Writing blocks: coefficients become symbols, symbols become codes made for them.

#include <array>
#include <cstdint>
#include <vector>

#include "engine/base/byte_writer.h"
#include "engine/formats/images/wsq_huffman.h"

namespace whorl::formats::wsq {

// Quantised coefficients of the standard's three blocks.
using Blocks = std::array<std::vector<std::int32_t>, 3>;

// Chooses the tables too: one for the first block and one for the two others, as the standard's
// encoder has it, or one each, whichever takes fewer bytes.
class BlockCoder {
 public:
  // `restart_interval` coefficients a restart, 0 for none. `blocks` must outlive this.
  BlockCoder(const Blocks& blocks, int restart_interval);

  // Of tables and blocks, but for stuffed bytes, the filling up and restarts: a few in a hundred
  // thousand.
  std::uint64_t bits() const { return bits_; }

  // Nothing where no coefficient travels.
  void write(ByteWriter& out) const;

 private:
  const Blocks& blocks_;
  int restart_interval_;
  std::uint64_t bits_ = 0;
  std::array<int, 3> table_of_{};      // by block
  std::array<HuffmanSpec, 3> tables_;  // by number; empty where not used
};

}  // namespace whorl::formats::wsq
