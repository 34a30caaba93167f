#pragma once
// Inside the formats layer: tags, lengths and values in the basic encoding rules (ISO/IEC 8825-1),
// as the files of a passport's chip have them.

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/byte_reader.h"
#include "engine/base/result.h"

namespace whorl::formats {

struct BerElement {
  std::uint32_t tag = 0;  // its one or two bytes as they stand: 0x75, 0x7F61
  std::uint64_t offset = 0;
  std::span<const std::byte> value;
  std::uint64_t value_offset = 0;
};

// The elements of a value, or of a file, one after another. Lengths are of up to four bytes behind
// their first, and need not be the shortest.
class BerReader {
 public:
  // `end_fault` tells what it means that an element is longer than what is left: the file was cut,
  // or the lengths around it contradict it.
  BerReader(std::span<const std::byte> bytes, std::uint64_t offset, Fault end_fault)
      : in_(bytes), start_(offset), end_fault_(end_fault) {}
  explicit BerReader(const BerElement& parent)
      : BerReader(parent.value, parent.value_offset, Fault::length_mismatch) {}

  bool at_end() const { return in_.remaining() == 0; }
  std::uint64_t offset() const { return start_ + in_.offset(); }
  std::span<const std::byte> rest() { return in_.take(in_.remaining()); }

  // Faults: end_fault (truncated at the end of the bytes, length_mismatch at the element's first
  // byte); unsupported (tags of three bytes, lengths without an end or of more than four bytes).
  Result<BerElement> next();
  // The same, and out_of_range where its tag is another.
  Result<BerElement> next(std::uint32_t tag);

 private:
  tl::unexpected<Error> too_short(std::uint64_t element_offset) const;

  ByteReader in_;
  std::uint64_t start_;
  Fault end_fault_;
};

}  // namespace whorl::formats
