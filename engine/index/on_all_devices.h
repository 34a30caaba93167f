#pragma once

#include <cstddef>
#include <future>
#include <vector>

#include "kernels/core.h"

namespace whorl::index {

// work(0) .. work(devices - 1) at the same time; ok where all are, else the first trouble. Each but
// the first has a thread that does nothing but wait for its device: a worker of oneTBB's might be
// busy comparing prints until another device has long finished. Where no thread is to be had, one
// works after the other.
template <class Work>
kernels::Status on_all_devices(std::size_t devices, Work work) {
  std::vector<std::future<kernels::Status>> others;
  for (std::size_t d = 1; d < devices; ++d) {
    others.push_back(std::async(std::launch::async | std::launch::deferred, work, d));
  }
  kernels::Status status = work(0);
  for (auto& other : others) {
    const kernels::Status its = other.get();
    if (status == kernels::Status::ok) status = its;
  }
  return status;
}

}  // namespace whorl::index
