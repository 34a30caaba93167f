// Reading and writing one print in every format: records from files, and the container the store
// keeps.

#include <benchmark/benchmark.h>

#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/formats/finger_templates.h"
#include "engine/formats/minutiae_record.h"
#include "engine/formats/read_templates.h"
#include "engine/formats/template_container.h"
#include "scanners/simulated/people.h"

namespace whorl::formats {
namespace {

FingerTemplate print() {
  return scanners::Population(1).person(3).capture(FingerPosition::right_index, 0);
}

void count_bytes(benchmark::State& state, const Bytes& bytes) {
  state.SetBytesProcessed(state.iterations() * std::ssize(bytes));
  state.counters["prints"] = {static_cast<double>(state.iterations()), benchmark::Counter::kIsRate};
  state.counters["record_bytes"] = static_cast<double>(bytes.size());
}

void BM_ReadRecord(benchmark::State& state) {
  const auto format = static_cast<MinutiaeFormat>(state.range(0));
  const FingerTemplate source = print();
  const auto bytes = encode_minutiae_record(*to_minutiae_record({&source, 1}, format));
  const auto back = read_templates(*bytes);
  if (!back || std::get<FingerTemplate>(back->at(0)).minutiae.size() != source.minutiae.size()) {
    return state.SkipWithError("wrong answer");
  }
  for (auto _ : state) benchmark::DoNotOptimize(read_templates(*bytes));
  count_bytes(state, *bytes);
}
BENCHMARK(BM_ReadRecord)->ArgName("format")->DenseRange(0, 4);

void BM_ReadContainer(benchmark::State& state) {
  FingerTemplate source = print();
  features::describe_minutiae(source);
  const auto bytes = encode_template(source);
  const auto back = decode_template(*bytes);
  if (!back || std::get<FingerTemplate>(*back) != source)
    return state.SkipWithError("wrong answer");
  for (auto _ : state) benchmark::DoNotOptimize(decode_template(*bytes));
  count_bytes(state, *bytes);
}
BENCHMARK(BM_ReadContainer);

void BM_WriteContainer(benchmark::State& state) {
  FingerTemplate source = print();
  features::describe_minutiae(source);
  const Template held = source;
  const auto bytes = encode_template(held);
  if (!bytes) return state.SkipWithError("wrong answer");
  for (auto _ : state) benchmark::DoNotOptimize(encode_template(held));
  count_bytes(state, *bytes);
}
BENCHMARK(BM_WriteContainer);

}  // namespace
}  // namespace whorl::formats
