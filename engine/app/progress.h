#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "engine/base/clock.h"

namespace whorl::app {

// How far long work has come. Counts only what it is told; draws at most as often as its style
// allows, so that telling it costs nothing.
struct ProgressState {
  std::string label;  // "enrol"
  std::string unit;   // "templates"
  std::int64_t done = 0;
  std::int64_t total = 0;  // 0: not known beforehand
  std::int64_t elapsed_ms = 0;
};

// "enrol  42% [########............] 420 of 1,000 templates, 84/s, 7 s left"
std::string progress_bar(const ProgressState& state);
// "enrol: 420 of 1,000 templates (42%), 84/s, 7 s left"
std::string progress_line(const ProgressState& state);

enum class ProgressStyle : std::uint8_t { silent, lines, bar };
inline constexpr std::int64_t kBarEveryMs = 100;    // the eye sees it move
inline constexpr std::int64_t kLineEveryMs = 5000;  // a log stays readable

// One piece of long work, told by one thread. A bar on a terminal, redrawn in place; lines
// elsewhere; the last state is always shown, unless silent.
class Progress {
 public:
  // `out` and `clock` must outlive it.
  Progress(std::ostream& out, ProgressStyle style, const Clock& clock, std::string label,
           std::string unit, std::int64_t total);

  void at(std::int64_t done);  // done so far, altogether
  void finish();               // draws the last state; at() draws no more

  std::int64_t elapsed_ms() const { return state_.elapsed_ms; }

 private:
  void draw();

  std::ostream& out_;
  ProgressStyle style_;
  const Clock& clock_;
  UnixMillis started_;
  std::int64_t drawn_ms_ = 0;  // elapsed when last drawn
  bool finished_ = false;
  ProgressState state_;
};

}  // namespace whorl::app
