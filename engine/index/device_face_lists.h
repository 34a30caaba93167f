#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/index/face_index.h"
#include "kernels/core.h"

namespace whorl::index {

// The inverted lists of one FaceIndex, ivf or pq, once more on a device, searched there by FAISS's
// own GPU indexes (Johnson et al., IEEE Trans. Big Data 7(3), 2021); builds with WHORL_FAISS_GPU
// alone. The lists that are looked into are those of the index, and who is found is compared
// exactly by it; what is left out may differ by what another order of adding floats does.
//
// FAISS takes nothing out of lists on a device: once a face was removed the whole copy goes, and
// the next search makes another.
//
// Thread safety: one call at a time. After a status other than ok: drop it.
class DeviceFaceLists {
 public:
  // False where this build or its FAISS cannot, or the lists are not trained yet.
  static bool takes(const FaceIndex& index);
  // Null, with the reason in `status`, where the device does not answer.
  static std::unique_ptr<DeviceFaceLists> make(int device, kernels::Status* status = nullptr);
  ~DeviceFaceLists();

  // Afterwards nothing of a removed face is there.
  kernels::Status sync(const FaceIndex& index);

  // About the `k` nearest of all to each probe, as FaceIndex::prepare gave it; the index is one
  // that takes() is true of.
  kernels::Status search(const FaceIndex& index, std::span<const std::vector<float>> probes, int k,
                         std::vector<std::vector<FaceHit>>& hits);

  std::int64_t resident_bytes() const;  // of lists on the device; FAISS has scratch memory beside

 private:
  struct Copy;
  explicit DeviceFaceLists(std::unique_ptr<Copy> copy);
  std::unique_ptr<Copy> copy_;
};

}  // namespace whorl::index
