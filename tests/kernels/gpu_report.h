#pragma once
// What the GPU check tells of a kernel: how fast, and how fast it could be.

#include <string>

namespace whorl::kernels {

struct GpuFigure {
  std::string name;
  double achieved = 0;
  std::string unit;
  double limit = 0;  // in the same unit; 0: not known
  std::string limit_said;
  bool checked = false;  // the answers that were timed are right
};

// A row of a Markdown table: name, achieved, unit, limit, achieved / limit, answer.
std::string figure_header();
std::string figure_row(const GpuFigure& figure);

// Bytes read and written a second by the best of several large copies within the device's memory;
// 0 where the device does not do them.
double measured_copy_rate(int device);

}  // namespace whorl::kernels
