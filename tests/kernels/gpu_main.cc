// Checks the CUDA scanners against the definitions on awkward shapes on this machine's GPU, then
// times them.
//   whorl_gpu_check [--report FOLDER]
// Exit 0: they agree. 1: they do not, or the device failed. 77: no device, nothing was checked.
// With --report the figures also go to FOLDER/<date>-<device>.md.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cuda_accelerator.h"
#include "tests/kernels/finger_scan_oracle.h"
#include "tests/kernels/gpu_comparisons.h"
#include "tests/kernels/gpu_faces.h"
#include "tests/kernels/gpu_report.h"

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
  if (device.major == 9 && device.minor == 0) units.push_back({CodeUnit::wgmma, "wgmma, bytes"});
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
  const auto scanner = WHORL_CUDA_ENTRY(make_cuda_fingers)(device.number, memory_bytes, unit.unit);
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
  } shapes[] = {{1, 1, 0, 0},  {1, 3, 1, 0},   {3, 2, 9, 1},    {4, 7, 33, 0},  {17, 5, 40, 0},
                {6, 9, 40, 1}, {2, 80, 12, 0}, {40, 3, 128, 0}, {3, 2, 255, 0}, {1000, 2, 40, 0}};
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

// Copies of 16 blocks of strangers, until they leave every cache.
constexpr int kTimedBlocks = 16, kCopies = 1000, kTimedMinutiae = 40, kKept = 1000;
constexpr int kRuns = 7, kWarmUps = 2, kEndToEndRuns = 200;
constexpr std::int64_t kBytesOfAMillion = std::int64_t{2} << 30;  // with what a scan needs

std::vector<FingerSearch> timed_searches(const FingerGallery& gallery,
                                         const std::vector<std::uint64_t>& everyone) {
  std::vector<FingerSearch> searches;
  for (const OwnedProbePrint& probe : gallery.probes) {
    searches.push_back(probe.view(45));
    searches.back().eligible = everyone.data();
    searches.back().least_votes = 120;
    searches.back().keep = kKept;
  }
  return searches;
}

// Whether each candidate has the score of the print that it is a copy of, and none that
// scores more than the least of them is missing.
bool right(const FingerGallery& gallery, const FingerSearch& search, FingerScore score,
           const std::vector<FingerCandidate>& list, int copies) {
  const std::map<std::uint32_t, int> originals = expected_scores(gallery, search, score);
  int least = 65535;
  for (const FingerCandidate& c : list) {
    const auto original = originals.find(c.row % (kTimedBlocks * kBlockPrints));
    if (original == originals.end() || original->second != c.score) return false;
    least = std::min<int>(least, c.score);
  }
  const bool full = list.size() >= static_cast<std::size_t>(search.keep);
  std::size_t wanted = 0;
  for (const auto& [row, value] : originals) wanted += !full || value >= least ? copies : 0;
  return wanted == list.size();
}

// `copies` of the timed blocks; `runs` scans after the warming up.
bool time_scan(const DeviceInfo& device, const Unit& unit, FingerScore score, int probes,
               int copies, int runs, std::vector<GpuFigure>& figures) {
  FingerGalleryMaker maker(kSeed);
  const FingerGallery gallery = maker.full_gallery(kTimedBlocks, probes, kTimedMinutiae);
  const auto scanner = WHORL_CUDA_ENTRY(make_cuda_fingers)(device.number, 0, unit.unit);
  if (!scanner || put_all(*scanner, gallery, copies) != Status::ok) return false;
  const std::vector<std::uint64_t> everyone(static_cast<std::size_t>(scanner->blocks()),
                                            ~std::uint64_t{0});
  const std::vector<FingerSearch> searches = timed_searches(gallery, everyone);
  std::vector<double> seconds, whole;  // of the kernels; with uploads and downloads
  std::vector<std::vector<FingerCandidate>> lists;
  for (int run = 0; run < kWarmUps + runs; ++run) {
    const auto start = std::chrono::steady_clock::now();
    if (scanner->scan(searches.data(), probes, score, lists) != Status::ok) return false;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (run < kWarmUps) continue;
    seconds.push_back(static_cast<double>(scanner->last_kernel_ms()) * 1e-3);
    whole.push_back(took.count());
  }
  bool checked = true, told = false;
  for (std::size_t s = 0; s < lists.size(); ++s) {
    checked = checked && right(gallery, searches[s], score, lists[s], copies);
    told = told || !lists[s].empty();
  }
  std::sort(seconds.begin(), seconds.end());
  std::sort(whole.begin(), whole.end());
  const double pairs = static_cast<double>(scanner->blocks()) * kBlockPrints * probes;
  const std::string name =
      std::string(score == FingerScore::codes ? "prints by codes, " : "prints by alignment, ") +
      unit.name + ", " + std::to_string(probes) + (probes == 1 ? " probe" : " probes") +
      (copies == kCopies ? "" : ", " + std::to_string(copies / kCopies) + " M prints");
  figures.push_back(
      {name, pairs / seconds[seconds.size() / 2], "comparisons/s", 0, "", checked && told});
  if (runs < kEndToEndRuns) return true;
  figures.push_back({name + ", whole, p50", whole[whole.size() / 2], "s", 0, "", checked && told});
  figures.push_back(
      {name + ", whole, p99", whole[whole.size() * 99 / 100], "s", 0, "", checked && told});
  return true;
}

// A search as its caller sees it, and galleries of 10 and 50 million prints where they fit.
bool time_sizes(const DeviceInfo& device, std::vector<GpuFigure>& figures) {
  const Unit best{CodeUnit::best, "best unit"};
  for (const int probes : {1, 16}) {
    if (!time_scan(device, best, FingerScore::alignment, probes, kCopies, kEndToEndRuns, figures))
      return false;
  }
  for (const int times : {10, 50}) {
    if (std::int64_t{times} * kBytesOfAMillion > device.free_bytes) {
      std::printf("gpu: %d million prints do not fit, not timed\n", times);
      continue;
    }
    if (!time_scan(device, best, FingerScore::alignment, 16, times * kCopies, 3, figures))
      return false;
  }
  return true;
}

std::string file_name(std::string device) {
  std::replace_if(
      device.begin(), device.end(), [](char c) { return c == ' ' || c == '/'; }, '-');
  return device;
}

bool time_all(const DeviceInfo& device, std::vector<GpuFigure>& figures) {
  const double copy_rate = measured_copy_rate(device.number);
  figures.push_back({"device copy", copy_rate, "B/s", 0, "", copy_rate > 0});
  for (const Unit& unit : units_of(device)) {
    for (const FingerScore score : {FingerScore::codes, FingerScore::alignment}) {
      for (const int probes : {1, 16}) {
        if (!time_scan(device, unit, score, probes, kCopies, kRuns, figures)) return false;
      }
    }
  }
  if (!time_sizes(device, figures)) return false;
  const std::vector<GpuFigure> faces = time_gpu_faces(device.number, copy_rate);
  figures.insert(figures.end(), faces.begin(), faces.end());
  const std::vector<GpuFigure> comparisons = time_gpu_comparisons(device.number);
  figures.insert(figures.end(), comparisons.begin(), comparisons.end());
  return !faces.empty() && !comparisons.empty();
}

// Every figure's answer is right; the figures are told in any case.
bool report(const DeviceInfo& device, const std::string& folder) {
  const std::time_t now = std::time(nullptr);
  char date[16];
  std::strftime(date, sizeof(date), "%Y-%m-%d", std::gmtime(&now));
  std::vector<GpuFigure> figures;
  bool good = time_all(device, figures);
  std::string text = "# " + device.name + ", " + date + "\n\n";
  text +=
      "`tools/gpu`; a million prints of 40 minutiae, gate 63 degrees, 120 votes, and a "
      "million faces of 512; seed " +
      std::to_string(kSeed) +
      "; kernel time alone by the median of the runs, where nothing else is said.\n";
  text += "All lists and similarities equal the definitions', bit for bit, on awkward shapes.\n\n" +
          figure_header();
  for (const GpuFigure& figure : figures) {
    text += figure_row(figure);
    good = good && figure.checked;
  }
  std::fputs(text.c_str(), stdout);
  if (folder.empty()) return good;
  const std::string path = folder + "/" + date + "-" + file_name(device.name) + ".md";
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  const bool written = std::fputs(text.c_str(), file) >= 0;
  return std::fclose(file) == 0 && written && good;
}

int run(const std::string& folder) {
  Status status = Status::ok;
  const std::vector<DeviceInfo> devices = WHORL_CUDA_ENTRY(cuda_accelerator)().devices(&status);
  if (status == Status::no_device) {
    std::puts("gpu: SKIPPED, this machine has no CUDA device");
    return kSkipped;
  }
  bool all = status == Status::ok;
  for (const DeviceInfo& device : devices) {
    const std::vector<Unit> units = units_of(device);
    const auto check_units = [&](bool wgmma) {
      for (const Unit& unit : units) {
        if ((unit.unit == CodeUnit::wgmma) == wgmma) all = check(device, unit) && all;
      }
    };
    // wgmma comes last, that of faces too: a device that refuses it is lost for what follows.
    check_units(false);
    all = check_gpu_comparisons(device.number) && all;
    all = check_gpu_faces(device.number) && all;
    check_units(true);
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
