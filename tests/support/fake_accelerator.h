#pragma once
// An accelerator without hardware: the CPU's twins behind kernels/accelerator.h. It returns no more
// than the contract asks for, breaks off where a caller breaks the contract, and fails on command.

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "kernels/accelerator.h"

namespace whorl::testing {

class FakeAccelerator : public kernels::Accelerator {
 public:
  explicit FakeAccelerator(int devices) : devices_(devices) {}

  // Faults. A call is a put, refresh, append, wipe or scan of any scanner.
  std::atomic<std::int64_t> memory_bytes = std::numeric_limits<std::int64_t>::max();  // a scanner's
  std::atomic<std::int64_t> good_calls = std::numeric_limits<std::int64_t>::max();
  std::atomic<kernels::Status> failure = kernels::Status::device_fault;  // of the calls after them

  std::atomic<bool> exact_faces = false;  // their similarities

  std::atomic<kernels::Status> opening = kernels::Status::ok;  // what a new scanner meets

  // What was asked of it; a refresh counts as a wipe.
  mutable std::atomic<std::int64_t> calls = 0, puts = 0, scans = 0, wipes = 0, scanners = 0,
                                    compared = 0;

  std::vector<kernels::DeviceInfo> devices(kernels::Status* status = nullptr) const override;
  std::unique_ptr<kernels::FingerScanner> fingers(int device, std::int64_t bytes,
                                                  kernels::Status* why = nullptr) const override;
  std::unique_ptr<kernels::FaceScanner> faces(int device, int dimension, std::int64_t bytes,
                                              kernels::Status* why = nullptr) const override;
  std::unique_ptr<kernels::PrintComparer> comparer(int device,
                                                   kernels::Status* why = nullptr) const override;

  kernels::Status call() const {
    return ++calls > good_calls ? failure.load() : kernels::Status::ok;
  }

 private:
  bool opens(int device, kernels::Status* why) const;

  int devices_;
};

}  // namespace whorl::testing
