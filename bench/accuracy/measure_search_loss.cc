// How many mates stage 1 would not have passed on, against the share of the gallery that it passes:
// every print of some databases of FINGER_IMPRESSION files searches all the others. Only mates that
// the full comparison accepts at a false match rate of 1 in 1,000 count, since no other could be
// found.
//
//   build/release/bin/measure_search_loss FOLDER[=PPI] ... [--gate STEPS]

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/formats/file_io.h"
#include "engine/formats/read_templates.h"
#include "engine/index/finger_index.h"
#include "engine/matchers/finger_matcher.h"
#include "scanners/replay/capture_file.h"

namespace whorl {
namespace {

constexpr double kShares[] = {0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2};

struct Print {
  std::size_t database;
  std::uint64_t finger;
  std::uint32_t impression;
  FingerTemplate content;
};

bool mates(const Print& a, const Print& b) {
  return a.database == b.database && a.finger == b.finger;
}

void add_folder(const std::string& argument, std::size_t database, std::vector<Print>& prints) {
  const std::size_t equals = argument.rfind('=');
  std::optional<PixelsPerInch> resolution;
  if (equals != std::string::npos) { resolution = PixelsPerInch{std::atof(&argument[equals + 1])}; }
  for (const auto& entry : std::filesystem::directory_iterator(argument.substr(0, equals))) {
    const auto name = scanners::numbered_name(entry.path());
    if (entry.path().extension() != ".iso" || !name) continue;
    const auto bytes = formats::read_file(entry.path().string());
    if (!bytes) continue;
    const auto templates = formats::read_templates(*bytes, resolution);
    if (!templates) continue;
    prints.push_back(
        {database, name->number, name->impression, std::get<FingerTemplate>(templates->front())});
    features::describe_minutiae(prints.back().content);
  }
}

// The similarity that one stranger in a thousand of the same database exceeds, all databases
// pooled.
float threshold_of(const std::vector<Print>& prints) {
  matchers::FingerMatcher matcher;
  std::vector<float> strangers;
  for (std::size_t a = 0; a < prints.size(); ++a) {
    for (std::size_t b = a + 1; b < prints.size(); ++b) {
      if (prints[a].database != prints[b].database || mates(prints[a], prints[b])) continue;
      strangers.push_back(matcher.compare(prints[a].content, prints[b].content).value());
    }
  }
  std::ranges::sort(strangers, std::greater<>());
  return strangers.at(strangers.size() / 1000);
}

void measure(const std::vector<Print>& prints, int gate_steps) {
  const float threshold = threshold_of(prints);
  index::FingerIndex gallery(FingerPosition::unknown, features::kMinutiaCodeVersion);
  std::vector<index::FingerPrint> rows;
  for (std::size_t p = 0; p < prints.size(); ++p) {
    index::PrintOwner owner;
    owner.subject = p + 1;
    rows.push_back({owner, &prints[p].content});
  }
  gallery.append(rows);
  matchers::FingerMatcher matcher;
  std::int64_t accepted = 0, lost[std::size(kShares)] = {};
  for (const Print& probe : prints) {
    const index::FingerProbe code_probe(probe.content, gate_steps);
    index::FingerHits hits(prints.size());
    gallery.search({&code_probe, 1}, {}, kernels::best_backend(), 0, gallery.blocks(), {&hits, 1});
    std::vector<std::size_t> order;  // best first; who scored nothing comes last
    std::vector<bool> seen(prints.size());
    for (const auto& hit : hits.sorted()) {
      order.push_back(hit.owner.subject - 1);
      seen[order.back()] = true;
    }
    for (std::size_t p = 0; p < prints.size(); ++p) {
      if (!seen[p]) order.push_back(p);
    }
    std::size_t strangers_ahead = 0, strangers = 0;
    for (const Print& other : prints) strangers += mates(probe, other) ? 0 : 1;
    for (const std::size_t p : order) {
      const Print& other = prints[p];
      if (!mates(probe, other)) {
        ++strangers_ahead;
        continue;
      }
      if (&other == &probe || matcher.compare(probe.content, other.content).value() <= threshold) {
        continue;
      }
      ++accepted;
      for (std::size_t s = 0; s < std::size(kShares); ++s) {
        const double passed = kShares[s] * static_cast<double>(strangers);
        lost[s] += static_cast<double>(strangers_ahead) >= passed ? 1 : 0;
      }
    }
  }
  std::printf("%zu prints; %lld searches for a mate that is accepted at 1 in 1,000\n",
              prints.size(), static_cast<long long>(accepted));
  for (std::size_t s = 0; s < std::size(kShares); ++s) {
    std::printf("%6.2f %% pass: %5.2f %% of mates lost\n", 100 * kShares[s],
                100.0 * static_cast<double>(lost[s]) / static_cast<double>(accepted));
  }
}

}  // namespace
}  // namespace whorl

int main(int argc, char** argv) {
  std::vector<whorl::Print> prints;
  int gate_steps = 32;
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--gate" && i + 1 < argc) {
      gate_steps = std::atoi(argv[++i]);
    } else {
      whorl::add_folder(argv[i], static_cast<std::size_t>(i), prints);
    }
  }
  if (prints.size() < 100 || gate_steps < 0 || gate_steps > 128) {
    std::fprintf(stderr,
                 "usage: measure_search_loss FOLDER[=PPI] ... [--gate STEPS]\n"
                 "at least 100 prints named FINGER_IMPRESSION.iso\n");
    return 2;
  }
  whorl::measure(prints, gate_steps);
}
