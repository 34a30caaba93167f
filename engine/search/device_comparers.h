#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "engine/index/on_all_devices.h"
#include "kernels/accelerator.h"

namespace whorl::search {

// Several devices that share the full comparisons of prints out among them. One call at a time;
// after a status other than ok: drop it.
class DeviceComparers {
 public:
  // Null, with the reason in `status`, where one of them does not answer or is full.
  static std::unique_ptr<DeviceComparers> make(const kernels::Accelerator& accelerator,
                                               std::span<const int> devices,
                                               kernels::Status* status) {
    *status = kernels::Status::no_device;
    auto made = std::make_unique<DeviceComparers>();
    for (const int device : devices) {
      made->all_.push_back(accelerator.comparer(device, status));
      if (made->all_.back() == nullptr) return nullptr;
    }
    return devices.empty() ? nullptr : std::move(made);
  }

  kernels::Status compare(const kernels::PrintBatch& batch,
                          std::span<const kernels::PrintPair> pairs,
                          std::span<float> similarities) {
    const std::size_t share = (pairs.size() + all_.size() - 1) / all_.size();
    return index::on_all_devices(all_.size(), [&](std::size_t d) {
      const std::size_t first = std::min(d * share, pairs.size());
      const auto mine = pairs.subspan(first, std::min(share, pairs.size() - first));
      return all_[d]->compare(batch, mine.data(), std::ssize(mine), similarities.data() + first);
    });
  }

 private:
  std::vector<std::unique_ptr<kernels::PrintComparer>> all_;
};

}  // namespace whorl::search
