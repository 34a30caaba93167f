// Checks the CUDA twin of finger_block against its definition on awkward shapes, then times it.
//   whorl_gpu_check [--report FOLDER]
// Exit 0: it agrees. 1: it does not, or the device failed. 77: no device, nothing was checked.
// With --report the figures also go to FOLDER/<date>-<device>.md.

#include <cuda_runtime.h>

#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "kernels/finger_block_cuda.h"
#include "tests/kernels/random_finger_block.h"

namespace whorl::kernels {
namespace {

constexpr int kSkipped = 77;
constexpr std::uint64_t kSeed = 20260901;

struct Case {
  std::vector<OwnedProbe> probes;
  std::vector<OwnedBlock> blocks;
  std::vector<std::uint64_t> eligible;
};

Case make_case(FingerBlockMaker& maker, int probe_count, int block_count, int codes_max) {
  Case made;
  const int gates[] = {0, 7, 32, 127, 128};
  for (int p = 0; p < probe_count; ++p) {
    made.probes.push_back(maker.probe(maker.below(codes_max + 1), gates[maker.below(5)]));
  }
  for (int b = 0; b < block_count; ++b) {
    std::vector<int> sizes(static_cast<std::size_t>(maker.below(kBlockPrints + 1)));
    for (int& size : sizes) size = maker.below(4) == 0 ? 0 : maker.below(codes_max + 1);
    made.blocks.push_back(maker.block(sizes, made.probes[0], maker.below(3)));
    made.eligible.push_back(maker.below(3) == 0 ? ~std::uint64_t{0} : maker.bits());
  }
  return made;
}

bool agrees(const Case& sample) {
  std::vector<FingerProbe> probes;
  std::vector<FingerBlock> blocks;
  for (const OwnedProbe& probe : sample.probes) probes.push_back(probe.view());
  for (const OwnedBlock& block : sample.blocks) blocks.push_back(block.view());
  std::vector<std::uint16_t> found(probes.size() * blocks.size() * kBlockPrints, 0xFFFF);
  CudaFingerBlocks device;
  if (device.upload(blocks.data(), static_cast<std::int64_t>(blocks.size())) != Status::ok) {
    return false;
  }
  if (device.score(probes.data(), static_cast<std::int64_t>(probes.size()), sample.eligible.data(),
                   found.data()) != Status::ok) {
    return false;
  }
  const std::uint16_t everything = 0;
  const std::uint16_t* next = found.data();
  for (const FingerProbe& probe : probes) {
    for (std::size_t b = 0; b < blocks.size(); ++b, next += kBlockPrints) {
      Answers expected(1, blocks[b]);
      score_finger_block_reference({&probe, &everything, 1}, blocks[b], sample.eligible[b], nullptr,
                                   expected.columns(), expected.scores());
      if (!std::equal(next, next + kBlockPrints, expected.scores())) return false;
    }
  }
  return true;
}

// Zero work is no launch: nothing is written and nothing fails.
bool accepts_nothing() {
  CudaFingerBlocks device;
  std::uint16_t untouched = 0xABCD;
  return device.upload(nullptr, 0) == Status::ok &&
         device.score(nullptr, 0, nullptr, &untouched) == Status::ok && untouched == 0xABCD;
}

bool check_all() {
  FingerBlockMaker maker(kSeed);
  bool all = accepts_nothing();
  const struct {
    int probes, blocks, codes_max;
  } shapes[] = {{1, 1, 0}, {1, 1, 1}, {1, 3, 5}, {2, 2, 31}, {3, 5, 33}, {2, 7, 128}, {2, 2, 255}};
  for (const auto& shape : shapes) {
    const bool same = agrees(make_case(maker, shape.probes, shape.blocks, shape.codes_max));
    std::printf("gpu: %d probes, %d blocks, up to %d codes: %s\n", shape.probes, shape.blocks,
                shape.codes_max, same ? "the same bits" : "DIFFERS");
    all = all && same;
  }
  return all;
}

struct Timing {
  double prints = 0;
  int probes = 0;
  float kernel_ms = 0;
};

// Copies of 64 blocks of 64 prints of 40 codes, a usual fingerprint, until they leave every cache.
Timing time_scan(int repeats, int probe_count) {
  FingerBlockMaker maker(kSeed);
  std::vector<OwnedProbe> probes;
  for (int p = 0; p < probe_count; ++p) probes.push_back(maker.probe(40, 32));
  std::vector<OwnedBlock> owned;
  for (int b = 0; b < 64; ++b) {
    owned.push_back(maker.block(std::vector<int>(kBlockPrints, 40), probes[0], 0));
  }
  std::vector<FingerBlock> blocks;
  for (int r = 0; r < repeats; ++r) {
    for (const OwnedBlock& block : owned) blocks.push_back(block.view());
  }
  std::vector<FingerProbe> views;
  for (const OwnedProbe& probe : probes) views.push_back(probe.view());
  const std::vector<std::uint64_t> eligible(blocks.size(), ~std::uint64_t{0});
  std::vector<std::uint16_t> scores(views.size() * blocks.size() * kBlockPrints);
  CudaFingerBlocks device;
  Timing best{static_cast<double>(blocks.size()) * kBlockPrints, probe_count, 0};
  if (device.upload(blocks.data(), static_cast<std::int64_t>(blocks.size())) != Status::ok) {
    return best;
  }
  for (int run = 0; run < 5; ++run) {
    if (device.score(views.data(), probe_count, eligible.data(), scores.data()) != Status::ok)
      break;
    const float ms = device.last_kernel_ms();
    if (best.kernel_ms == 0 || ms < best.kernel_ms) best.kernel_ms = ms;
  }
  return best;
}

std::string device_name() {
  cudaDeviceProp properties{};
  if (cudaGetDeviceProperties(&properties, 0) != cudaSuccess) return "unknown-device";
  std::string name = properties.name;
  for (char& c : name) {
    if (c == ' ' || c == '/') c = '-';
  }
  return name;
}

std::string row(const Timing& timing) {
  char line[160];
  std::snprintf(line, sizeof(line), "| %.0f | %d | %.3f | %.3g |\n", timing.prints, timing.probes,
                static_cast<double>(timing.kernel_ms),
                timing.prints * timing.probes / (static_cast<double>(timing.kernel_ms) * 1e-3));
  return line;
}

bool report(const std::string& folder) {
  const std::time_t now = std::time(nullptr);
  char date[16];
  std::strftime(date, sizeof(date), "%Y-%m-%d", std::gmtime(&now));
  std::string text = "# finger_block on " + device_name() + ", " + date + "\n\n";
  text += "`tools/gpu`; 40 codes a print and a probe, gate 45 degrees, seed " +
          std::to_string(kSeed) + "; best of 5, kernel time alone.\n";
  text += "Every score equals the definition's, bit for bit, on the awkward shapes.\n\n";
  text += "| prints | probes | kernel ms | comparisons/s |\n|---|---|---|---|\n";
  for (const int probes : {1, 16}) {
    for (const int repeats : {1, 64}) {
      const Timing timing = time_scan(repeats, probes);
      if (timing.kernel_ms == 0) return false;
      text += row(timing);
    }
  }
  std::fputs(text.c_str(), stdout);
  if (folder.empty()) return true;
  const std::string path = folder + "/" + date + "-" + device_name() + ".md";
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  const bool written = std::fputs(text.c_str(), file) >= 0;
  return std::fclose(file) == 0 && written;
}

int run(const std::string& folder) {
  const Status found = find_cuda_device();
  if (found == Status::no_device) {
    std::puts("gpu: SKIPPED, this machine has no CUDA device");
    return kSkipped;
  }
  if (found != Status::ok || !check_all()) {
    std::puts("gpu: FAILED");
    return 1;
  }
  return report(folder) ? 0 : 1;
}

}  // namespace
}  // namespace whorl::kernels

int main(int argc, char** argv) {
  const bool reporting = argc == 3 && std::string(argv[1]) == "--report";
  return whorl::kernels::run(reporting ? argv[2] : "");
}
