// Checks the CUDA scanners against the definitions on awkward shapes on this machine's GPU, then
// times them.
//   whorl_gpu_check [--report FOLDER]
// Exit 0: they agree. 1: they do not, or the device failed. 77: no device, nothing was checked.
// With --report the figures also go to FOLDER/<date>-<device>.md.

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cuda_accelerator.h"
#include "tests/kernels/finger_scan_oracle.h"

namespace whorl::kernels {
namespace {

constexpr int kSkipped = 77;
constexpr std::uint64_t kSeed = 20261126;

struct Unit {
  CodeUnit unit;
  const char* name;
};
std::vector<Unit> units_of(const DeviceInfo& device) {
  std::vector<Unit> units{{CodeUnit::popcount, "popcount"}};
  if (device.major >= 8) {
    units.push_back({CodeUnit::bytes, "tensor cores, bytes"});
    units.push_back({CodeUnit::bits, "tensor cores, bits"});
  }
  return units;
}

Status put_all(FingerScanner& scanner, const FingerGallery& gallery, int copies) {
  std::int64_t number = 0;
  for (int c = 0; c < copies; ++c) {
    for (const OwnedFingers& block : gallery.blocks) {
      const Status put = scanner.put(number++, block.view());
      if (put != Status::ok) return put;
    }
  }
  return Status::ok;
}

// Empty when all is as the definitions say.
std::string check_gallery(const DeviceInfo& device, const Unit& unit, const FingerGallery& gallery,
                          const FingerSearches& searches, std::int64_t memory_bytes) {
  const auto scanner = make_cuda_fingers(device.number, memory_bytes, unit.unit);
  if (!scanner || put_all(*scanner, gallery, 1) != Status::ok) return "the device failed";
  for (const FingerScore score : {FingerScore::alignment, FingerScore::codes}) {
    std::vector<std::vector<FingerCandidate>> lists;
    const auto count = static_cast<int>(searches.all.size());
    if (scanner->scan(searches.all.data(), count, score, lists) != Status::ok) {
      return "a scan failed";
    }
    for (std::size_t s = 0; s < lists.size(); ++s) {
      const std::string wrong = disagreement(gallery, searches.all[s], score, lists[s]);
      if (!wrong.empty()) return "search " + std::to_string(s) + ": " + wrong;
    }
  }
  return {};
}

bool check(const DeviceInfo& device, const Unit& unit) {
  const struct {
    int probes, blocks, minutiae;
    std::int64_t memory_bytes;  // 1: everything is streamed
  } shapes[] = {{1, 1, 0, 0},  {1, 3, 1, 0},   {3, 2, 9, 1},    {4, 7, 33, 0}, {17, 5, 40, 0},
                {6, 9, 40, 1}, {2, 80, 12, 0}, {40, 3, 128, 0}, {3, 2, 255, 0}};
  bool all = true;
  FingerGalleryMaker maker(kSeed);
  for (const auto& shape : shapes) {
    const FingerGallery gallery = maker.gallery(shape.blocks, shape.probes, shape.minutiae);
    const FingerSearches searches(maker, gallery, shape.probes);
    const std::string wrong = check_gallery(device, unit, gallery, searches, shape.memory_bytes);
    std::printf("gpu: %s: %d probes, %d blocks, up to %d minutiae%s: %s\n", unit.name, shape.probes,
                shape.blocks, shape.minutiae, shape.memory_bytes == 1 ? ", streamed" : "",
                wrong.empty() ? "the definition's candidates" : wrong.c_str());
    all = all && wrong.empty();
  }
  return all;
}

struct Timing {
  double prints = 0;
  int probes = 0;
  float best_ms = 0, median_ms = 0;
};

// Copies of 16 blocks of prints of 40 minutiae, until they leave every cache.
Timing time_scan(const DeviceInfo& device, const Unit& unit, FingerScore score, int copies,
                 int probes) {
  FingerGalleryMaker maker(kSeed);
  const FingerGallery gallery = maker.full_gallery(16, probes, 40);
  Timing timing{16.0 * copies * kBlockPrints, probes, 0, 0};
  const auto scanner = make_cuda_fingers(device.number, 0, unit.unit);
  if (!scanner || put_all(*scanner, gallery, copies) != Status::ok) return timing;
  const std::vector<std::uint64_t> everyone(static_cast<std::size_t>(scanner->blocks()),
                                            ~std::uint64_t{0});
  std::vector<FingerSearch> searches;
  for (const OwnedProbePrint& probe : gallery.probes) {
    searches.push_back(probe.view(45));
    searches.back().eligible = everyone.data();
    searches.back().least_votes = 120;
    searches.back().at_least = kAlignmentZero + 12 * kAlignmentUnit;
    searches.back().keep = 1000;
  }
  std::vector<float> runs;
  std::vector<std::vector<FingerCandidate>> lists;
  for (int run = 0; run < 9; ++run) {
    if (scanner->scan(searches.data(), probes, score, lists) != Status::ok) return timing;
    if (run >= 2) runs.push_back(scanner->last_kernel_ms());
  }
  std::sort(runs.begin(), runs.end());
  timing.best_ms = runs.front(), timing.median_ms = runs[runs.size() / 2];
  return timing;
}

std::string row(const Unit& unit, FingerScore score, const Timing& timing) {
  char line[200];
  std::snprintf(line, sizeof(line), "| %s | %s | %.0f | %d | %.3f | %.3f | %.3g |\n", unit.name,
                score == FingerScore::codes ? "codes" : "codes, votes, alignment", timing.prints,
                timing.probes, static_cast<double>(timing.best_ms),
                static_cast<double>(timing.median_ms),
                timing.prints * timing.probes / (static_cast<double>(timing.median_ms) * 1e-3));
  return line;
}

std::string file_name(std::string device) {
  std::replace_if(
      device.begin(), device.end(), [](char c) { return c == ' ' || c == '/'; }, '-');
  return device;
}

bool report(const DeviceInfo& device, const std::string& folder) {
  const std::time_t now = std::time(nullptr);
  char date[16];
  std::strftime(date, sizeof(date), "%Y-%m-%d", std::gmtime(&now));
  std::string text = "# Finger scan on " + device.name + ", " + date + "\n\n";
  text +=
      "`tools/gpu`; 40 minutiae a print and a probe, gate 63 degrees, 120 votes, 12 nats, seed " +
      std::to_string(kSeed) + "; 7 runs, kernel time alone, comparisons by the median.\n";
  text += "Every candidate equals the definition's, bit for bit, on the awkward shapes.\n\n";
  text += "| codes by | work | prints | probes | best ms | median ms | comparisons/s |\n";
  text += "|---|---|---|---|---|---|---|\n";
  for (const Unit& unit : units_of(device)) {
    for (const FingerScore score : {FingerScore::codes, FingerScore::alignment}) {
      for (const int probes : {1, 16}) {
        const Timing timing = time_scan(device, unit, score, 1000, probes);
        if (timing.median_ms == 0) return false;
        text += row(unit, score, timing);
      }
    }
  }
  std::fputs(text.c_str(), stdout);
  if (folder.empty()) return true;
  const std::string path = folder + "/" + date + "-" + file_name(device.name) + ".md";
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  const bool written = std::fputs(text.c_str(), file) >= 0;
  return std::fclose(file) == 0 && written;
}

int run(const std::string& folder) {
  Status status = Status::ok;
  const std::vector<DeviceInfo> devices = cuda_accelerator().devices(&status);
  if (status == Status::no_device) {
    std::puts("gpu: SKIPPED, this machine has no CUDA device");
    return kSkipped;
  }
  bool all = status == Status::ok;
  for (const DeviceInfo& device : devices) {
    for (const Unit& unit : units_of(device)) all = check(device, unit) && all;
  }
  if (!all) {
    std::puts("gpu: FAILED");
    return 1;
  }
  return report(devices.front(), folder) ? 0 : 1;
}

}  // namespace
}  // namespace whorl::kernels

int main(int argc, char** argv) {
  const bool reporting = argc == 3 && std::string(argv[1]) == "--report";
  return whorl::kernels::run(reporting ? argv[2] : "");
}
