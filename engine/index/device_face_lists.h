#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/index/face_index.h"
#include "kernels/core.h"

namespace whorl::index {

// The inverted lists of one FaceIndex, ivf or pq, once more on a device, searched there by FAISS's
// own GPU indexes (Johnson et al., IEEE Trans. Big Data 7(3), 2021); builds with WHORL_FAISS_GPU
// alone. As many lists are looked into as by the index, which compares exactly whoever comes out;
// who is left out may differ, for FAISS rounds otherwise there.
//
// FAISS takes nothing out of lists on a device: once a face was removed the copy goes, which
// overwrites nothing, and the next search makes another.
//
// Thread safety: one call at a time. After a status other than ok: drop it.
class DeviceFaceLists {
 public:
  // False where this build or its FAISS cannot, or the lists are not trained yet.
  static bool takes(const FaceIndex& index);
  // Null, with the reason in `status`, where the device does not answer or is full.
  static std::unique_ptr<DeviceFaceLists> make(int device, kernels::Status* status = nullptr);
  ~DeviceFaceLists();

  // Adds there what the index has got since the last time. If something was removed, or the lists
  // were trained anew, there is no copy afterwards.
  kernels::Status sync(const FaceIndex& index);

  // About the `k` nearest of all to each probe, as FaceIndex::prepare gave it. No hits, and not as
  // many as there are probes, where FAISS cannot look into enough lists: somebody else must.
  // takes() is true of the index.
  kernels::Status search(const FaceIndex& index, std::span<const std::vector<float>> probes, int k,
                         std::vector<std::vector<FaceHit>>& hits);

  std::int64_t resident_bytes() const;  // before FAISS rounds each list up

 private:
  struct Copy;
  explicit DeviceFaceLists(int device);
  void drop();

  int device_;
  std::unique_ptr<Copy> copy_;  // null: the next search makes it
  std::size_t removals_ = 0;    // of the index that are not in the copy
};

}  // namespace whorl::index
