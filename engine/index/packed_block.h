#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "kernels/print_alignment.h"

namespace whorl::index {

// Above its code's place a packed minutia keeps its kind.
using kernels::PackedMinutia;
inline MinutiaKind kind_of(const PackedMinutia& m) {
  return static_cast<MinutiaKind>(m.code_and_kind >> PackedMinutia::kKindShift);
}
static_assert(sizeof(PackedMinutia) == 8);
static_assert(std::has_unique_object_representations_v<PackedMinutia>, "no padding on disk");

// Up to 64 prints in one piece of memory that is also the layout in a snapshot (little-endian):
//
//   header | planes | minutiae | directions | prints
//
// with each part's place computed from the header alone. About 1.5 kB a print of 36 minutiae.
class PackedBlock {
 public:
  struct Header {
    std::uint32_t groups = 0;    // of kernels::kLanes codes
    std::uint32_t codes = 0;     // of all prints; the last group is padded
    std::uint32_t minutiae = 0;  // of all prints
    std::uint16_t minutia_starts[kernels::kBlockPrints + 1] =
        {};  // of each print; the rest repeats the end
    std::uint8_t print_sizes[kernels::kBlockPrints] = {};  // codes of each print
    std::uint8_t zero[50] = {};  // header is 256 bytes: planes stay aligned
  };
  static_assert(sizeof(Header) == 256);
  static_assert(sizeof(Header) % 64 == 0);

  // Codes must be of one version; a print without codes scores 0. At most kernels::kBlockPrints.
  static PackedBlock pack(std::span<const FingerTemplate* const> prints);
  // Checks every count and index before anything is believed. Fault::store_corrupt otherwise.
  static Result<PackedBlock> from_bytes(std::span<const std::byte> bytes);
  // The same without a copy: the block stands where the bytes are, 64-byte aligned, and keeps that
  // memory alive. Many blocks may share one piece.
  static Result<PackedBlock> in_place(std::shared_ptr<std::byte> memory, std::size_t size);

  std::span<const std::byte> bytes() const { return {memory_.get(), size_}; }
  kernels::FingerBlock view() const;
  kernels::BlockMinutiae minutiae() const;
  // The template as it was packed: minutiae, codes and their order; the quality of the whole is not
  // kept.
  FingerTemplate unpack(int print, FingerPosition position, std::uint16_t code_version) const;
  // Without its codes, which are scattered over the block: each word of each in a line of its own.
  FingerTemplate unpack_minutiae(int print, FingerPosition position) const;
  // Writes over the print where it stands, while nobody reads; nobody else's scores change, and its
  // own must not be asked for. Left of it are the places of its codes, whose number and directions
  // they tell.
  void wipe(int print);

 private:
  struct Places {  // byte offsets of the parts
    std::size_t planes, minutiae, directions, prints, end;
    Places(std::size_t groups, std::size_t minutiae);
  };
  explicit PackedBlock(std::size_t size);
  PackedBlock(std::shared_ptr<std::byte> memory, std::size_t size)
      : memory_(std::move(memory)), size_(size) {}
  Header& header() const;
  template <class T>
  T* part(std::size_t place) const {
    return static_cast<T*>(static_cast<void*>(memory_.get() + place));
  }

  std::shared_ptr<std::byte> memory_;
  std::size_t size_;
};

}  // namespace whorl::index
