// How many mates a search loses before the full comparison, against the share of the gallery that
// it passes: every print of some databases of FINGER_IMPRESSION files searches all the others. Only
// mates that the full comparison accepts at a false match rate of 1 in 1,000 count, since no other
// could be found.
//
//   build/release/bin/measure_search_loss FOLDER[=PPI] ... [--gate STEPS] [--votes N] [--nats N]
//
// --votes and --nats are what a print must show to be aligned and to survive (index::Passage), by
// default those of the usual wanted loss.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/formats/file_io.h"
#include "engine/formats/read_templates.h"
#include "engine/index/finger_index.h"
#include "engine/matchers/finger_matcher.h"
#include "engine/search/query.h"
#include "scanners/replay/capture_file.h"

namespace whorl {
namespace {

constexpr double kShares[] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2};

struct Print {
  std::size_t database;
  std::uint64_t finger;
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
    prints.push_back({database, name->number, std::get<FingerTemplate>(templates->front())});
    features::describe_minutiae(prints.back().content);
  }
}

using Score = std::function<float(std::size_t, std::size_t)>;

// The similarity that one stranger in a thousand of the same database exceeds, all databases
// pooled.
float threshold_of(const std::vector<Print>& prints, const Score& similarity) {
  std::vector<float> strangers;
  for (std::size_t a = 0; a < prints.size(); ++a) {
    for (std::size_t b = a + 1; b < prints.size(); ++b) {
      if (prints[a].database != prints[b].database || mates(prints[a], prints[b])) continue;
      strangers.push_back(similarity(a, b));
    }
  }
  std::ranges::sort(strangers, std::greater<>());
  return strangers.at(strangers.size() / 1000);
}

index::FingerIndex gallery_of(const std::vector<Print>& prints) {
  index::FingerIndex gallery(FingerPosition::unknown, features::kMinutiaCodeVersion);
  std::vector<index::FingerPrint> rows;
  for (std::size_t p = 0; p < prints.size(); ++p) {
    index::PrintOwner owner;
    owner.subject = p + 1;
    rows.push_back({owner, &prints[p].content});
  }
  gallery.append(rows);
  return gallery;
}

// The share of strangers on a list that have a place within each share of the gallery.
class Places {
 public:
  void add(std::size_t listed, std::size_t strangers) {
    for (std::size_t s = 0; s < std::size(kShares); ++s) {
      const double places = std::ceil(kShares[s] * static_cast<double>(strangers));
      compared_[s] += std::min(places, static_cast<double>(listed));
    }
    strangers_ += strangers;
  }
  void print(const char* title) const {
    std::printf("%-9s", title);
    for (const double compared : compared_)
      std::printf(" %6.2f %%", 100 * compared / static_cast<double>(strangers_));
    std::printf("\n");
  }

 private:
  double compared_[std::size(kShares)] = {};
  std::size_t strangers_ = 0;
};

// How often a mate had so many strangers ahead of it as would fill each share of the gallery.
class Losses {
 public:
  void add(std::size_t ahead, std::size_t strangers) {
    ++accepted_;
    for (std::size_t s = 0; s < std::size(kShares); ++s) {
      const double passed = kShares[s] * static_cast<double>(strangers);
      lost_[s] += static_cast<double>(ahead) >= passed ? 1 : 0;
    }
  }
  void print(const char* title) const {
    std::printf("%-9s", title);
    for (const std::int64_t lost : lost_) {
      std::printf(" %6.2f %%", 100.0 * static_cast<double>(lost) / static_cast<double>(accepted_));
    }
    std::printf("\n");
  }
  long long accepted() const { return accepted_; }

 private:
  std::int64_t accepted_ = 0, lost_[std::size(kShares)] = {};
};

void measure(const std::vector<Print>& prints, int gate_steps, const index::Passage& passage) {
  matchers::FingerMatcher matcher;
  std::vector<float> similarities(prints.size() * prints.size());
  const Score similarity = [&](std::size_t a, std::size_t b) {
    return similarities[std::min(a, b) * prints.size() + std::max(a, b)];
  };
  for (std::size_t a = 0; a < prints.size(); ++a) {
    for (std::size_t b = a + 1; b < prints.size(); ++b) {
      if (prints[a].database != prints[b].database) continue;
      similarities[a * prints.size() + b] =
          matcher.compare(prints[a].content, prints[b].content).value();
    }
  }
  const float threshold = threshold_of(prints, similarity);
  const index::FingerIndex gallery = gallery_of(prints);
  Losses by_codes, by_alignment;
  Places compared;
  for (std::size_t p = 0; p < prints.size(); ++p) {
    const index::FingerProbe probe(prints[p].content, gate_steps);
    index::CodeHits codes(prints.size());
    index::Shortlist shortlist(prints.size());
    const kernels::Backend backend = kernels::best_backend();
    gallery.rank_by_codes({&probe, 1}, {}, backend, 0, gallery.blocks(), {&codes, 1});
    const index::Filter everybody;
    const index::Filter* const all = &everybody;
    gallery.search({&probe, 1}, {&all, 1}, {&passage, 1}, backend, 0, gallery.blocks(),
                   {&shortlist, 1});
    const auto is_stranger = [&](const auto& hit) {
      return !mates(prints[p], prints[hit.owner.subject - 1]);
    };
    std::size_t strangers = 0;
    for (const Print& other : prints) strangers += mates(prints[p], other) ? 0 : 1;
    compared.add(static_cast<std::size_t>(std::ranges::count_if(shortlist.sorted(), is_stranger)),
                 strangers);
    // Who is not on the list is lost however many survive.
    const auto count = [&](const auto& hits, Losses& losses) {
      std::vector<std::size_t> ahead(prints.size(), strangers);
      std::size_t before = 0;
      for (const auto& hit : hits.sorted()) {
        ahead[hit.owner.subject - 1] = before;
        before += is_stranger(hit) ? 1 : 0;
      }
      for (std::size_t other = 0; other < prints.size(); ++other) {
        if (other != p && mates(prints[p], prints[other]) && similarity(p, other) > threshold)
          losses.add(ahead[other], strangers);
      }
    };
    count(codes, by_codes);
    count(shortlist, by_alignment);
  }
  std::printf("%zu prints; %lld searches for a mate that is accepted at 1 in 1,000\n",
              prints.size(), by_codes.accepted());
  std::printf("mates lost when so many survive at most:\n%-9s", "");
  for (const double share : kShares) std::printf(" %6.1f %%", 100 * share);
  std::printf("\n");
  by_codes.print("codes");
  by_alignment.print("cascade");
  std::printf("strangers compared then:\n");
  compared.print("cascade");
}

}  // namespace
}  // namespace whorl

int main(int argc, char** argv) {
  std::vector<whorl::Print> prints;
  int gate_steps = whorl::search::gate_of({});
  whorl::index::Passage passage = whorl::search::policy_for(whorl::search::kDefaultMaxLoss).passage;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool option = word.starts_with("--") && i + 1 < argc;
    if (option && word == "--gate") {
      gate_steps = std::atoi(argv[++i]);
    } else if (option && word == "--votes") {
      passage.votes = std::atoi(argv[++i]);
    } else if (option && word == "--nats") {
      passage.alignment = whorl::search::at_nats(std::atoi(argv[++i]));
    } else {
      whorl::add_folder(word, static_cast<std::size_t>(i), prints);
    }
  }
  if (prints.size() < 100 || gate_steps < 0 || gate_steps > 128) {
    std::fprintf(
        stderr,
        "usage: measure_search_loss FOLDER[=PPI] ... [--gate STEPS] [--votes N] [--nats N]\n"
        "at least 100 prints named FINGER_IMPRESSION.iso\n");
    return 2;
  }
  whorl::measure(prints, gate_steps, passage);
}
