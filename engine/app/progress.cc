#include "engine/app/progress.h"

#include <algorithm>
#include <utility>

#include "engine/app/words.h"

namespace whorl::app {
namespace {

constexpr int kBarCells = 20;
// Before this a rate is a guess about a guess.
constexpr std::int64_t kRateAfterMs = 500;

double share_of(const ProgressState& s) {
  return std::clamp(static_cast<double>(s.done) / static_cast<double>(s.total), 0.0, 1.0);
}

std::string percent_of(const ProgressState& s) {
  return std::to_string(static_cast<int>(share_of(s) * 100)) + "%";
}

std::string count_of(const ProgressState& s) {
  const std::string done = with_commas(s.done);
  return (s.total > 0 ? done + " of " + with_commas(s.total) : done) + " " + s.unit;
}

// ", 84/s, 7 s left"; nothing while it is too early to tell.
std::string pace_of(const ProgressState& s) {
  if (s.elapsed_ms < kRateAfterMs || s.done <= 0) return {};
  const double seconds = static_cast<double>(s.elapsed_ms) / 1000;
  const double rate = static_cast<double>(s.done) / seconds;
  std::string pace =
      ", " + (rate < 10 ? rounded(rate, 1) : with_commas(static_cast<std::int64_t>(rate))) + "/s";
  if (s.total > s.done) {
    return pace + ", " + duration(static_cast<double>(s.total - s.done) / rate) + " left";
  }
  return pace + ", " + duration(seconds);
}

}  // namespace

std::string progress_bar(const ProgressState& s) {
  if (s.total <= 0) return s.label + "  " + count_of(s) + pace_of(s);
  const auto filled = static_cast<std::size_t>(share_of(s) * kBarCells);
  const std::string cells = std::string(filled, '#') + std::string(kBarCells - filled, '.');
  const std::string share = percent_of(s);
  return s.label + " " + std::string(5 - std::min<std::size_t>(share.size(), 5), ' ') + share +
         " [" + cells + "] " + count_of(s) + pace_of(s);
}

std::string progress_line(const ProgressState& s) {
  const std::string share = s.total > 0 ? " (" + percent_of(s) + ")" : "";
  return s.label + ": " + count_of(s) + share + pace_of(s);
}

Progress::Progress(std::ostream& out, ProgressStyle style, const Clock& clock, std::string label,
                   std::string unit, std::int64_t total)
    : out_(out), style_(style), clock_(clock), started_(clock.now()) {
  state_.label = std::move(label);
  state_.unit = std::move(unit);
  state_.total = total;
}

void Progress::at(std::int64_t done) {
  state_.done = done;
  state_.elapsed_ms = clock_.now().value() - started_.value();
  const std::int64_t every = style_ == ProgressStyle::bar ? kBarEveryMs : kLineEveryMs;
  if (!finished_ && state_.elapsed_ms - drawn_ms_ >= every) draw();
}

void Progress::finish() {
  if (std::exchange(finished_, true)) return;
  state_.elapsed_ms = clock_.now().value() - started_.value();
  draw();
  if (style_ == ProgressStyle::bar) out_ << '\n' << std::flush;
}

void Progress::draw() {
  drawn_ms_ = state_.elapsed_ms;
  if (style_ == ProgressStyle::lines) out_ << progress_line(state_) << '\n' << std::flush;
  // ESC [ K clears what a longer line left behind.
  if (style_ == ProgressStyle::bar) out_ << '\r' << progress_bar(state_) << "\x1b[K" << std::flush;
}

}  // namespace whorl::app
