#pragma once
// The probes of one scan, rounded on the host and put on the device. For face_scan_cuda.cu alone.

#include <cstdint>
#include <vector>

#include "kernels/cuda_memory.h"
#include "kernels/face_rows_cuda.h"

namespace whorl::kernels {

template <class Codes>
class ProbeBatch {
 public:
  Status upload(const float* probes, int count, int dimension, cudaStream_t stream) {
    codes_.clear(), rest_.clear(), coarse_.clear(), fine_.clear();
    for (int p = 0; p < count; ++p) {
      const float* vector = probes + std::int64_t{p} * dimension;
      WHORL_CHECK(is_face_vector(vector, dimension));
      const auto probe = quantise_face_probe<typename Codes::Kind>(vector, dimension);
      codes_.insert(codes_.end(), probe.codes.begin(), probe.codes.end());
      rest_.insert(rest_.end(), probe.rest.begin(), probe.rest.end());
      coarse_.push_back(probe.coarse);
      fine_.push_back(probe.fine);
    }
    const auto size = static_cast<std::int64_t>(codes_.size());
    WHORL_STATUS_TRY(device_codes_.copy_from(codes_.data(), size, stream));
    WHORL_STATUS_TRY(device_rest_.copy_from(rest_.data(), size, stream));
    WHORL_STATUS_TRY(device_coarse_.copy_from(coarse_.data(), count, stream));
    return device_fine_.copy_from(fine_.data(), count, stream);
  }
  device::FaceProbes view() const {
    return {reinterpret_cast<const device::Chunk*>(device_codes_.data()),
            reinterpret_cast<const device::Chunk*>(device_rest_.data()), device_coarse_.data(),
            device_fine_.data(), static_cast<int>(coarse_.size())};
  }

 private:
  using Code = typename Codes::Code;
  std::vector<Code> codes_, rest_;
  std::vector<FaceProbeTerms> coarse_, fine_;
  DeviceArray<Code> device_codes_, device_rest_;
  DeviceArray<FaceProbeTerms> device_coarse_, device_fine_;
};

}  // namespace whorl::kernels
