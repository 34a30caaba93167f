// Fits matchers::kDefaultFingerCalibration (engine/matchers/finger_calibration.h) on simulated
// people: the exponential tail of strangers' similarities and the normal distribution of mates'.
// Prints the parameters and how well the fitted tail foretells rates that were not used to fit it.
//
//   build/release/bin/fit_finger_calibration [PEOPLE]

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "engine/matchers/finger_matcher.h"
#include "scanners/simulated/people.h"

namespace whorl {
namespace {

constexpr std::uint64_t kSeed = 20'04;
constexpr double kTailShare = 0.02;  // of strangers, above which the tail is fitted

struct Scores {
  std::vector<double> mates, strangers;
};

Scores measure(std::uint64_t people) {
  const scanners::Population population(kSeed);
  std::vector<FingerTemplate> first, second;
  for (std::uint64_t p = 0; p < people; ++p) {
    // Every position in turn: patterns differ from finger to finger.
    const FingerPosition position{static_cast<std::uint8_t>(1 + p % 10)};
    const scanners::Person person = population.person(p);
    first.push_back(person.capture(position, 0)), second.push_back(person.capture(position, 1));
  }
  Scores scores;
  matchers::FingerMatcher matcher;
  for (std::size_t a = 0; a < first.size(); ++a) {
    scores.mates.push_back(matcher.compare(first[a], second[a]).value());
    for (std::size_t b = a + 10; b < first.size(); b += 10) {  // like fingers of two people
      scores.strangers.push_back(matcher.compare(first[a], second[b]).value());
    }
  }
  std::ranges::sort(scores.mates), std::ranges::sort(scores.strangers);
  return scores;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

void fit(const Scores& scores) {
  const auto count = static_cast<double>(scores.strangers.size());
  const auto cut = static_cast<std::size_t>(count * (1 - kTailShare));
  const double threshold = scores.strangers[cut];
  double excess = 0;
  for (std::size_t i = cut; i < scores.strangers.size(); ++i)
    excess += scores.strangers[i] - threshold;
  const double above = count - static_cast<double>(cut);
  const double scale = excess / above;
  // Generalised Pareto by moments (Hosking and Wallis, Technometrics 29(3), 1987): a shape of 0 is
  // the exponential tail that the calibration assumes.
  double spread = 0;
  for (std::size_t i = cut; i < scores.strangers.size(); ++i) {
    spread += (scores.strangers[i] - threshold - scale) * (scores.strangers[i] - threshold - scale);
  }
  const double shape = (1 - scale * scale * above / spread) / 2;
  const double origin = threshold + scale * std::log(kTailShare);
  const double middle = mean(scores.mates);
  double squares = 0;
  for (const double s : scores.mates) squares += (s - middle) * (s - middle);
  std::printf(
      "%zu mates, %zu strangers\norigin %.2f  scale %.3f  shape %.3f  genuine mean %.1f  sd %.1f\n",
      scores.mates.size(), scores.strangers.size(), origin, scale, shape, middle,
      std::sqrt(squares / static_cast<double>(scores.mates.size())));
  std::printf("largest of strangers %.1f\n", scores.strangers.back());
  std::printf("rate      similarity measured   foretold   mates below\n");
  for (double rate = 0.1; rate * count >= 10; rate /= 10) {
    const double measured = scores.strangers[static_cast<std::size_t>(count * (1 - rate))];
    const auto below = std::ranges::lower_bound(scores.mates, measured) - scores.mates.begin();
    std::printf("%.0e %15.1f %15.1f %11.2f %%\n", rate, measured, origin - scale * std::log(rate),
                100.0 * static_cast<double>(below) / static_cast<double>(scores.mates.size()));
  }
}

}  // namespace
}  // namespace whorl

int main(int argc, char** argv) {
  const std::uint64_t people = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2000;
  whorl::fit(whorl::measure(std::max<std::uint64_t>(people, 100)));
}
