#pragma once
// GPUs: which there are, and galleries that live on one. C++17 and free of CUDA's own types, so
// that any source may include it and any build has it.
//
// A scanner owns what it holds on its device. It is not thread-safe: one call at a time. After a
// status other than ok it may have lost its contents: drop it, and go on without the device.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/core.h"
#include "kernels/finger_block.h"
#include "kernels/print_alignment.h"
#include "kernels/print_comparison.h"

namespace whorl::kernels {

struct DeviceInfo {
  int number = 0;
  std::string name;
  int major = 0, minor = 0;  // of its compute capability
  std::int64_t memory_bytes = 0, free_bytes = 0;
};

// One block of up to 64 prints as the index keeps it, in one piece of host memory. `codes` and
// `minutiae` point into it; a device keeps the same bytes.
struct PackedFingers {
  const std::byte* bytes = nullptr;
  std::int64_t size = 0;
  FingerBlock codes;
  BlockMinutiae minutiae;
};

// What one probe asks of a gallery.
struct FingerSearch {
  FingerProbe codes;
  AlignmentProbe minutiae;                  // not read where codes alone are ranked
  const std::uint64_t* eligible = nullptr;  // [blocks] a bit a print; searches may share one
  int least_votes = 0;                      // of print_alignment.h
  std::uint16_t at_least = 1;               // lower scores are not wanted; 1 or more
  int keep = 1;                             // how many of the best are wanted
};
enum class FingerScore : std::uint8_t {
  codes,      // of finger_block.h
  alignment,  // of print_alignment.h
};
struct FingerCandidate {
  std::uint32_t row;  // block * kBlockPrints + print
  std::uint16_t score;
};

// The prints of one finger position. Scores are those of the reference definitions, bit for bit.
class FingerScanner {
 public:
  virtual ~FingerScanner() = default;

  // Block `number` from now on: blocks() appends one, blocks() - 1 takes the place of the last.
  // The bytes must stay where they are until they are put again or the scanner goes, and as they
  // are but for refresh(): what does not fit into device memory is streamed from them in every
  // scan.
  virtual Status put(std::int64_t number, const PackedFingers& block) = 0;
  // Block `number` was written over where it stands: its bytes are copied again. Its parts have
  // kept their places and sizes.
  virtual Status refresh(std::int64_t number) = 0;
  virtual std::int64_t blocks() const = 0;
  virtual std::int64_t resident_bytes() const = 0;  // on the device

  // lists[s] becomes, in any order, every eligible print of search s that scores at_least or more,
  // but for those below `keep` others; it may hold some of them, too.
  virtual Status scan(const FingerSearch* searches, int count, FingerScore score,
                      std::vector<std::vector<FingerCandidate>>& lists) = 0;

  // Device time of the last scan's kernels, for benchmarks; 0 before the first.
  virtual float last_kernel_ms() const = 0;
};

struct FaceCandidate {
  std::uint32_t row;
  float similarity;  // see FaceScanner::exact
};

// Unit vectors of one length, as 8-bit integers with a scale a vector.
class FaceScanner {
 public:
  virtual ~FaceScanner() = default;

  // [rows, dimension]; all or none. device_out_of_memory where they do not fit: faces are not
  // streamed.
  virtual Status append(const float* vectors, std::int64_t rows) = 0;
  virtual Status wipe(std::int64_t row) = 0;  // overwritten with zeros on the device at once
  virtual std::int64_t rows() const = 0;
  virtual std::int64_t resident_bytes() const = 0;

  // lists[p] becomes, in any order, every admitted row that may be among the `keep` of largest
  // inner product with probe p, whatever the rounding to 8 bits did, and as few others as that
  // leaves.
  //   probes    [count, dimension]  unit vectors
  //   admitted  [(rows() + 31) / 32]  a bit a row, or null: all
  virtual Status scan(const float* probes, int count, const std::uint32_t* admitted, int keep,
                      std::vector<std::vector<FaceCandidate>>& lists) = 0;
  // Whether the device has the vectors themselves, too. Then similarities are those of face_dot.h,
  // to the last bit, and the lists end with the `keep`-th and its equals. Else they are
  // approximate: compare the rows exactly. Turns false when a gallery outgrows the memory, for
  // good.
  virtual bool exact() const = 0;

  virtual float last_kernel_ms() const = 0;
};

// Compares prints in full. Keeps nothing of them but its buffers' memory.
class PrintComparer {
 public:
  virtual ~PrintComparer() = default;

  // What compare_prints_reference writes, bit for bit.
  virtual Status compare(const PrintBatch& batch, const PrintPair* pairs, std::int64_t count,
                         float* similarities) = 0;
  virtual float last_kernel_ms() const = 0;
};

// A kind of GPU that this build and this machine have.
class Accelerator {
 public:
  virtual ~Accelerator() = default;

  // Empty, with the reason in `status` where it is given, when no device answers.
  virtual std::vector<DeviceInfo> devices(Status* status = nullptr) const = 0;
  // Null, with the reason in `why` where it is given, when the device does not answer or is full.
  // At most `memory_bytes` of its memory are used for the gallery; 0: what is free whenever the
  // gallery grows, less what searches need.
  virtual std::unique_ptr<FingerScanner> fingers(int device, std::int64_t memory_bytes,
                                                 Status* why = nullptr) const = 0;
  virtual std::unique_ptr<FaceScanner> faces(int device, int dimension, std::int64_t memory_bytes,
                                             Status* why = nullptr) const = 0;
  virtual std::unique_ptr<PrintComparer> comparer(int device, Status* why = nullptr) const = 0;
};

// In builds without CUDA an accelerator without devices.
const Accelerator& cuda_accelerator();

}  // namespace whorl::kernels
