#pragma once

#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace whorl::kernels {

// The time that a run may take. What there is none left to begin with is left out, and told. Before
// anything is begun what is known so far is written down, so that it takes nothing away.
class GpuBudget {
 public:
  explicit GpuBudget(double minutes)
      : until_(Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                  std::chrono::duration<double, std::ratio<60>>(minutes))) {}

  std::function<void()> write_down = [] {};

  // Whether `step` may begin.
  bool allows(const std::string& step) {
    write_down();
    if (Clock::now() < until_) return true;
    std::printf("gpu: time is up, left out: %s\n", step.c_str());
    left_out_.push_back(step);
    return false;
  }
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point until_;
  std::vector<std::string> left_out_;
};

}  // namespace whorl::kernels
