#pragma once

#include <oneapi/tbb/concurrent_queue.h>

#include <memory>
#include <utility>

namespace whorl::features {

// Networks write to themselves while they run, so each of several threads needs its own. As many
// are made as ever ran at once; the next caller takes one that is free.
template <class Network>
class Spares {
 public:
  explicit Spares(std::unique_ptr<Network> first) { free_.push(std::move(first)); }

  // Calls use(network) with one that nobody else uses; make() makes one where all are in use. One
  // whose use threw is not used again.
  template <class Make, class Use>
  auto with(Make&& make, Use&& use) const {
    std::unique_ptr<Network> network;
    if (!free_.try_pop(network)) network = make();
    auto result = use(*network);
    free_.push(std::move(network));
    return result;
  }

 private:
  mutable tbb::concurrent_queue<std::unique_ptr<Network>> free_;
};

}  // namespace whorl::features
