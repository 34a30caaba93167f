// From a finger's picture to its template, and the steps on the way. The picture is simulated, cut
// to what most scanners give: 388 x 374 pixels, 0.145 Mpixel.

#include <benchmark/benchmark.h>

#include <ctime>

#include "engine/base/kept_memory.h"
#include "engine/features/fingerprint/extract.h"
#include "engine/features/fingerprint/ridge_image.h"
#include "engine/features/fingerprint/ridge_lines.h"
#include "engine/features/fingerprint/root_filter.h"
#include "scanners/simulated/people.h"

namespace whorl::features {
namespace {

constexpr int kWidth = 388, kHeight = 374;

Image one_print() {
  const Image whole =
      scanners::Population(1).person(3).capture_image(FingerPosition::right_index, 0);
  Image cut{kWidth, kHeight, 1, whole.ppi, {}};
  const int left = (whole.width_px - kWidth) / 2, top = (whole.height_px - kHeight) / 2;
  for (int y = 0; y < kHeight; ++y) {
    const std::uint8_t* row =
        whole.samples.data() + std::ptrdiff_t{y + top} * whole.width_px + left;
    cut.samples.insert(cut.samples.end(), row, row + kWidth);
  }
  return cut;
}

double cpu_seconds() {  // of this thread
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Times `work`, with memory kept as `whorl` keeps it, and says what one takes.
template <class Work>
void time(benchmark::State& state, Work work) {
  (void)keep_freed_memory();
  const double start = cpu_seconds();
  for (auto _ : state) benchmark::DoNotOptimize(work());
  state.counters["cpu_ms"] =
      1e3 * (cpu_seconds() - start) / static_cast<double>(state.iterations());
}

void BM_ExtractPrint(benchmark::State& state) {
  const Image image = one_print();
  const auto mode = static_cast<ExtractionMode>(state.range(0));
  const auto expected = extract_print(image, {}, {mode, kernels::Backend::reference});
  const auto extraction = extract_print(image, {}, {mode});
  if (!expected || !extraction || extraction->print != expected->print) {
    return state.SkipWithError("wrong answer");
  }
  time(state, [&] { return extract_print(image, {}, {mode}); });
  state.counters["minutiae"] = static_cast<double>(extraction->print.minutiae.size());
  state.counters["mpixel"] = 1e-6 * kWidth * kHeight;
  state.SetLabel(mode == ExtractionMode::fast ? "fast" : "accurate");
}
BENCHMARK(BM_ExtractPrint)->ArgName("mode")->Arg(0)->Arg(1);

// What each step is given.
struct Steps {
  Image image = one_print();
  Field grey = *at_500_ppi(image, *image.ppi);
  Survey survey = survey_of(grey);
  RidgeFilter filter{survey.normal, kernels::best_backend()};
  Field half = filter.filtered_at_half_scale(survey.flow, survey.period.log_px, survey.wide);
  Course course = course_of(half, survey.wide);
  ClearRidges clear = clear_ridges(survey, filter, course);
  Bitmap skeleton = thinned(binarised(clear.filtered, clear.mask));
};

template <class Step>
void time_step(benchmark::State& state, Step step) {
  const Steps steps;
  time(state, [&] { return step(steps); });
}

#define WHORL_STEP(name, ...) \
  BENCHMARK_CAPTURE(time_step, name, [](const Steps& s) { return __VA_ARGS__; })
WHORL_STEP(Grey, at_500_ppi(s.image, *s.image.ppi));
WHORL_STEP(Survey, survey_of(s.grey));
WHORL_STEP(Normalise, normalised(s.grey));
WHORL_STEP(Tensor, structure_tensor(s.survey.normal, 1));
WHORL_STEP(Period, period_of(s.survey.normal, 1, s.survey.flow, s.survey.wide));
WHORL_STEP(FilterHalf,
           s.filter.filtered_at_half_scale(s.survey.flow, s.survey.period.log_px, s.survey.wide));
WHORL_STEP(RootFilter, root_filtered(s.survey.normal, s.survey.wide));
WHORL_STEP(Course, course_of(s.half, s.survey.wide));
WHORL_STEP(Filter, s.filter.filtered(s.course.flow, s.course.log_period, s.survey.wide));
WHORL_STEP(ClearRidges, clear_ridges(s.survey, s.filter, s.course));
WHORL_STEP(Binarise, binarised(s.clear.filtered, s.clear.mask));
WHORL_STEP(Thin, thinned(binarised(s.clear.filtered, s.clear.mask)));
WHORL_STEP(Minutiae, minutiae_of({s.skeleton, s.clear.filtered, s.clear.course.flow, s.clear.mask,
                                  s.clear.quality}));
#undef WHORL_STEP

}  // namespace
}  // namespace whorl::features
