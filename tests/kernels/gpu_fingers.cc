#include "tests/kernels/gpu_fingers.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "kernels/cuda_accelerator.h"
#include "tests/kernels/finger_scan_oracle.h"

namespace whorl::kernels {
namespace {

constexpr std::uint64_t kSeed = 20261126;

struct Unit {
  CodeUnit unit;
  const char* name;
};
std::vector<Unit> units_of(const DeviceInfo& device, GpuPart part) {
  if (part == GpuPart::wgmma) return {{CodeUnit::wgmma, "wgmma, bytes"}};
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

// --- Against the definition

// Empty when all is as the definition says.
std::string check_searches(FingerScanner& scanner, const FingerGallery& gallery,
                           const FingerSearches& searches, Backend backend) {
  for (const FingerScore score : {FingerScore::alignment, FingerScore::codes}) {
    std::vector<std::vector<FingerCandidate>> lists;
    const auto count = static_cast<int>(searches.all.size());
    if (scanner.scan(searches.all.data(), count, score, lists) != Status::ok) {
      return "a scan failed";
    }
    for (std::size_t s = 0; s < lists.size(); ++s) {
      const std::string wrong = disagreement(gallery, searches.all[s], score, lists[s], backend);
      if (!wrong.empty()) return "search " + std::to_string(s) + ": " + wrong;
    }
  }
  return {};
}
std::string check_gallery(const DeviceInfo& device, const Unit& unit, const FingerGallery& gallery,
                          const FingerSearches& searches, std::int64_t memory_bytes,
                          Backend backend) {
  const auto scanner = WHORL_CUDA_ENTRY(make_cuda_fingers)(device.number, memory_bytes, unit.unit);
  if (!scanner || put_all(*scanner, gallery, 1) != Status::ok) return "the device failed";
  return check_searches(*scanner, gallery, searches, backend);
}

// Between searches the last block is put again with more in it, blocks are written over where they
// stand, others are appended.
std::string check_updates(const DeviceInfo& device, const GpuSizes& sizes, const Unit& unit,
                          std::int64_t memory_bytes) {
  FingerGalleryMaker maker(kSeed + 1);
  FingerGallery gallery = maker.gallery(sizes.at_most(5, 3), 4, sizes.at_most(30, 9));
  const FingerSearches searches(maker, gallery, 4);
  const auto scanner = WHORL_CUDA_ENTRY(make_cuda_fingers)(device.number, memory_bytes, unit.unit);
  if (!scanner) return "the device failed";
  const std::vector<OwnedFingers> all = std::move(gallery.blocks);
  gallery.blocks.clear();
  for (std::size_t b = 0; b < all.size(); ++b) {
    const auto number = static_cast<std::int64_t>(b);
    const OwnedFingers& other = all[(b + 2) % all.size()];
    for (const OwnedFingers* block : {&other, &all[b]}) {
      gallery.blocks.resize(b, all[b]);
      gallery.blocks.push_back(*block);
      if (scanner->put(number, block->view()) != Status::ok) return "an update failed";
      const std::string wrong = check_searches(*scanner, gallery, searches, Backend::reference);
      if (!wrong.empty()) return "after block " + std::to_string(b) + ": " + wrong;
    }
  }
  for (std::size_t b = 0; b < all.size(); b += 2) {
    const FingerBlock codes = all[b].view().codes;
    auto* planes = const_cast<std::uint16_t*>(codes.planes);  // copies of a block share them
    std::reverse(planes, planes + codes.groups * kCodeWords * kLanes);
    if (scanner->refresh(static_cast<std::int64_t>(b)) != Status::ok) return "an update failed";
  }
  const std::string wrong = check_searches(*scanner, gallery, searches, Backend::reference);
  return wrong.empty() ? wrong : "after blocks were written over: " + wrong;
}

bool check(const DeviceInfo& device, const GpuSizes& sizes, const Unit& unit) {
  constexpr Backend kReference = Backend::reference;
  const struct {
    int probes, blocks, minutiae;
    std::int64_t memory_bytes;  // 1: everything is streamed
    Backend backend;            // that says what is right
  } shapes[] = {{1, 1, 0, 0, kReference},   {1, 3, 1, 0, kReference},
                {3, 2, 9, 1, kReference},   {4, 7, 33, 0, kReference},
                {17, 5, 40, 0, kReference}, {6, 9, 40, 1, kReference},
                {2, 80, 12, 0, kReference}, {40, 3, 128, 0, kReference},
                {3, 2, 255, 0, kReference}, {1000, 128, 40, 0, best_backend()}};
  bool all = true;
  const auto tell = [&](const std::string& what, auto find_wrong) {
    std::printf("gpu: %s: %s: ", unit.name, what.c_str());
    (void)std::fflush(stdout);  // so that what hangs or dies is named
    const std::string wrong = find_wrong();
    std::puts(wrong.empty() ? "the right candidates" : wrong.c_str());
    all = all && wrong.empty();
  };
  FingerGalleryMaker maker(kSeed);
  for (const auto& shape : shapes) {
    if (sizes.rehearsal && shape.probes * shape.blocks > 20) continue;
    const FingerGallery gallery = maker.gallery(shape.blocks, shape.probes, shape.minutiae);
    const FingerSearches searches(maker, gallery, shape.probes);
    tell(std::to_string(shape.probes) + " probes, " + std::to_string(shape.blocks) +
             " blocks, up to " + std::to_string(shape.minutiae) + " minutiae" +
             (shape.memory_bytes == 1 ? ", streamed" : "") +
             (shape.backend == kReference ? "" : ", by the CPU's fastest twin"),
         [&] {
           return check_gallery(device, unit, gallery, searches, shape.memory_bytes, shape.backend);
         });
  }
  tell("updated between searches", [&] { return check_updates(device, sizes, unit, 0); });
  tell("updated between searches, streamed", [&] { return check_updates(device, sizes, unit, 1); });
  return all;
}

// --- Against the clock

// Copies of some blocks of strangers, until they leave every cache.
struct TimedGallery {
  int blocks, minutiae, copies_of_million, runs, end_to_end_runs;
  explicit TimedGallery(const GpuSizes& sizes)
      : blocks(sizes.at_most(16, 1)),
        minutiae(sizes.at_most(40, 10)),
        copies_of_million(sizes.at_most(1000, 2)),
        runs(sizes.at_most(7, 1)),
        end_to_end_runs(sizes.at_most(200, 2)) {}
};
constexpr int kKept = 1000;
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
  const std::map<std::uint32_t, int> originals =
      expected_scores(gallery, search, score, best_backend());
  const auto original_rows = static_cast<std::uint32_t>(gallery.blocks.size() * kBlockPrints);
  int least = 65535;
  for (const FingerCandidate& c : list) {
    const auto original = originals.find(c.row % original_rows);
    if (original == originals.end() || original->second != c.score) return false;
    least = std::min<int>(least, c.score);
  }
  const bool full = list.size() >= static_cast<std::size_t>(search.keep);
  std::size_t wanted = 0;
  for (const auto& [row, value] : originals) {
    wanted += !full || value >= least ? static_cast<std::size_t>(copies) : 0;
  }
  return wanted == list.size();
}

// Of codes, in one comparison.
double mean_pairs(const FingerGallery& gallery, const std::vector<FingerSearch>& searches) {
  double probe_codes = 0, codes = 0, prints = 0;
  for (const FingerSearch& search : searches) probe_codes += search.codes.count;
  for (const OwnedFingers& block : gallery.blocks) {
    const FingerBlock& packed = block.view().codes;
    for (int p = 0; p < kBlockPrints; ++p) codes += packed.print_sizes[p];
    prints += kBlockPrints;
  }
  return probe_codes / static_cast<double>(searches.size()) * codes / prints;
}
// Comparisons a second if nothing were done but to multiply every pair of codes.
void set_limit(CodeUnit unit, const GpuRates& rates, double pairs, GpuFigure& figure) {
  constexpr double kBits = 16.0 * kCodeWords;
  if (unit == CodeUnit::best) unit = rates.mma_bytes > 0 ? CodeUnit::bytes : CodeUnit::popcount;
  const double of_pairs = unit == CodeUnit::popcount ? rates.popcounts / (kBits / 32)
                          : unit == CodeUnit::bits   ? rates.mma_bits / (2 * kBits)
                          : unit == CodeUnit::bytes  ? rates.mma_bytes / (2 * kBits)
                                                     : rates.wgmma_bytes / (2 * kBits);
  figure.limit = of_pairs / pairs;
  figure.limit_said = unit == CodeUnit::popcount ? "popcounts of every pair, ungated"
                                                 : "products of every pair, ungated";
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// `times` a million prints; `runs` scans after the warming up, as its caller sees them too where
// that is `whole`.
bool time_scan(const DeviceInfo& device, const GpuSizes& sizes, const GpuRates& rates,
               const Unit& unit, FingerScore score, int probes, int times, bool whole,
               std::vector<GpuFigure>& figures) {
  const std::string size = times == 1 ? "" : ", " + std::to_string(times) + " M prints";
  const std::string name =
      std::string(score == FingerScore::codes ? "prints by codes, " : "prints by alignment, ") +
      unit.name + ", " + std::to_string(probes) + (probes == 1 ? " probe" : " probes") + size;
  if (!sizes.time_for(name)) return true;
  const TimedGallery timed(sizes);
  const int copies = times * timed.copies_of_million;
  const int runs = whole ? timed.end_to_end_runs : times > 1 ? 3 : timed.runs;
  FingerGalleryMaker maker(kSeed);
  const FingerGallery gallery = maker.full_gallery(timed.blocks, probes, timed.minutiae);
  const auto scanner = WHORL_CUDA_ENTRY(make_cuda_fingers)(device.number, 0, unit.unit);
  const auto before = std::chrono::steady_clock::now();
  if (!scanner || put_all(*scanner, gallery, copies) != Status::ok) return false;
  const double put_s = seconds_since(before);
  const std::vector<std::uint64_t> everyone(static_cast<std::size_t>(scanner->blocks()),
                                            ~std::uint64_t{0});
  const std::vector<FingerSearch> searches = timed_searches(gallery, everyone);
  std::vector<double> kernel_s, call_s;
  std::vector<std::vector<FingerCandidate>> lists;
  for (int run = 0; run < sizes.warm_ups() + runs; ++run) {
    const auto start = std::chrono::steady_clock::now();
    if (scanner->scan(searches.data(), probes, score, lists) != Status::ok) return false;
    if (run < sizes.warm_ups()) continue;
    call_s.push_back(seconds_since(start));
    kernel_s.push_back(static_cast<double>(scanner->last_kernel_ms()) * 1e-3);
  }
  bool checked = true, told = false;
  for (std::size_t s = 0; s < lists.size(); ++s) {
    checked = checked && right(gallery, searches[s], score, lists[s], copies);
    told = told || !lists[s].empty();
  }
  checked = checked && told;
  std::sort(kernel_s.begin(), kernel_s.end());
  std::sort(call_s.begin(), call_s.end());
  const double prints = static_cast<double>(scanner->blocks()) * kBlockPrints;
  GpuFigure rate{name,   prints * probes / kernel_s[kernel_s.size() / 2], "comparisons/s", 0, "",
                 checked};
  set_limit(unit.unit, rates, mean_pairs(gallery, searches), rate);
  figures.push_back(rate);
  if (whole) {
    figures.push_back({name + ", whole, p50", call_s[call_s.size() / 2], "s", 0, "", checked});
    figures.push_back(
        {name + ", whole, p99", call_s[call_s.size() * 99 / 100], "s", 0, "", checked});
  }
  if (whole || times > 1)
    figures.push_back({"prints put on the device" + size + (probes == 1 ? "" : ", again"),
                       prints / put_s, "prints/s", 0, "",
                       checked && scanner->resident_bytes() > 0});
  return true;
}

}  // namespace

bool check_gpu_fingers(const DeviceInfo& device, GpuPart part, const GpuSizes& sizes) {
  bool all = true;
  for (const Unit& unit : units_of(device, part)) all = check(device, sizes, unit) && all;
  return all;
}

bool time_gpu_fingers(const DeviceInfo& device, GpuPart part, const GpuSizes& sizes,
                      const GpuRates& rates, std::vector<GpuFigure>& figures) {
  const int many = sizes.at_most(16, 3);
  for (const Unit& unit : units_of(device, part)) {
    for (const FingerScore score : {FingerScore::codes, FingerScore::alignment}) {
      for (const int probes : {1, many}) {
        if (!time_scan(device, sizes, rates, unit, score, probes, 1, false, figures)) return false;
      }
    }
  }
  if (part == GpuPart::wgmma) return true;
  const Unit best{CodeUnit::best, "best unit"};
  const auto by_best = [&](int probes, int times, bool whole) {
    return time_scan(device, sizes, rates, best, FingerScore::alignment, probes, times, whole,
                     figures);
  };
  if (!by_best(1, 1, true) || !by_best(many, 1, true)) return false;
  for (const int times : {10, 50}) {
    if (std::int64_t{times} * kBytesOfAMillion > device.free_bytes) {
      std::printf("gpu: %d million prints do not fit, not timed\n", times);
      continue;
    }
    if (!by_best(many, times, false)) return false;
  }
  return true;
}

}  // namespace whorl::kernels
