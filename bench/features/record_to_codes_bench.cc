// From the bytes of an ISO/IEC 19794-2 record to a print that can be searched: parsed, then
// described. Records are simulated, of 36 minutiae each, or, where WHORL_BENCH_RECORDS names a
// folder, all its .iso files.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/formats/finger_templates.h"
#include "engine/formats/minutiae_record.h"
#include "engine/formats/read_templates.h"
#include "scanners/simulated/people.h"

namespace whorl::features {
namespace {

namespace fs = std::filesystem;

// Enough records that neither they nor the branches they take are learnt by heart.
constexpr std::size_t kSimulated = 256;
constexpr std::ptrdiff_t kMinutiae = 36;

std::vector<Bytes> simulated_records() {
  std::vector<Bytes> records;
  const scanners::Population population(1);
  for (std::uint64_t person = 0; records.size() < kSimulated; ++person) {
    const FingerTemplate print = population.person(person).capture(FingerPosition::right_index, 0);
    if (std::ssize(print.minutiae) != kMinutiae) continue;
    const auto record =
        formats::to_minutiae_record({&print, 1}, formats::MinutiaeFormat::iso19794_2_2005);
    records.push_back(*formats::encode_minutiae_record(*record));
  }
  return records;
}

std::vector<Bytes> records_in(const fs::path& folder) {
  std::vector<Bytes> records;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".iso") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto bytes = std::as_bytes(std::span(text));
    records.emplace_back(bytes.begin(), bytes.end());
  }
  return records;
}

// Prints and minutiae of one record, described; none where it cannot be read.
struct Described {
  std::int64_t prints = 0, minutiae = 0;
  bool right = true;
};
Described describe_record(const Bytes& record, bool check) {
  Described done;
  auto templates = formats::read_templates(record);
  if (!templates) return done;
  for (Template& t : *templates) {
    auto* print = std::get_if<FingerTemplate>(&t);
    if (print == nullptr) continue;
    FingerTemplate expected = check ? *print : FingerTemplate();
    describe_minutiae(*print);
    if (check) {
      describe_minutiae(expected, kernels::Backend::reference);
      done.right = done.right && *print == expected && !print->codes.empty();
    }
    benchmark::DoNotOptimize(print->codes.data());
    ++done.prints, done.minutiae += std::ssize(print->minutiae);
  }
  return done;
}

void BM_RecordToCodes(benchmark::State& state) {
  const char* folder = std::getenv("WHORL_BENCH_RECORDS");
  const std::vector<Bytes> records = folder == nullptr ? simulated_records() : records_in(folder);
  if (records.empty()) return state.SkipWithError("no records");
  std::int64_t minutiae = 0, readable = 0;
  for (const Bytes& record : records) {
    const Described checked = describe_record(record, true);
    if (!checked.right) return state.SkipWithError("wrong answer");
    minutiae += checked.minutiae, readable += checked.prints;
  }
  if (readable == 0) return state.SkipWithError("wrong answer");
  std::int64_t prints = 0;
  std::size_t next = 0;
  for (auto _ : state) {
    prints += describe_record(records[next], false).prints;
    if (++next == records.size()) next = 0;
  }
  state.counters["prints_per_cpu_s"] = {static_cast<double>(prints), benchmark::Counter::kIsRate};
  state.counters["minutiae"] = static_cast<double>(minutiae) / static_cast<double>(readable);
  state.counters["records"] = static_cast<double>(records.size());
}
BENCHMARK(BM_RecordToCodes);

}  // namespace
}  // namespace whorl::features
