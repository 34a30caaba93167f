#include "engine/search/verify.h"

#include <string>
#include <utility>

#include "engine/matchers/comparison.h"
#include "engine/search/fuse.h"

namespace whorl::search {
namespace {

FingerPosition position_of(const Template& t) {
  const auto* finger = std::get_if<FingerTemplate>(&t);
  return finger == nullptr ? FingerPosition::unknown : finger->position;
}

bool comparable(const Template& probe, const Template& reference) {
  if (modality_of(probe) != modality_of(reference)) return false;
  const FingerPosition a = position_of(probe), b = position_of(reference);
  return a == b || a == FingerPosition::unknown || b == FingerPosition::unknown;
}

}  // namespace

Result<std::optional<Candidate>> verify(std::span<const Template> probes,
                                        std::span<const gallery::StoredEncounter> references,
                                        kernels::Backend backend) {
  matchers::PairMatcher comparer(backend);
  std::vector<Scored> comparisons;
  for (std::size_t p = 0; p < probes.size(); ++p) {
    for (const gallery::StoredEncounter& encounter : references) {
      for (const Template& reference : encounter.content.templates) {
        if (!comparable(probes[p], reference)) continue;
        auto value = comparer.compare(probes[p], reference);
        if (!value) return at(std::move(value).error(), "template " + std::to_string(p + 1));
        comparisons.push_back({encounter.subject,
                               {static_cast<int>(p), modality_of(probes[p]), position_of(probes[p]),
                                position_of(reference), encounter.id, value->value}});
      }
    }
  }
  std::vector<Candidate> candidates = fuse(std::move(comparisons), 1);
  if (candidates.empty()) return std::nullopt;
  return std::move(candidates.front());
}

}  // namespace whorl::search
