#pragma once
// The twins of finger_block that the tests run: those of the engine's backends, and the AMX source
// once more with its tile instructions emulated, so that it is checked where there are none.

#include <ostream>
#include <string_view>
#include <vector>

#include "kernels/backend.h"

namespace whorl::kernels {

void score_finger_block_emulated_amx(const FingerBatch&, const FingerBlock&, std::uint64_t,
                                     const FingerBlock*, FingerColumns*, std::uint16_t*);

struct FingerBlockTwin {
  std::string_view name;
  Backend needs;           // what must be available
  ScoreFingerBlock other;  // null: the backend's own
  bool runs_here() const { return available(needs); }
  ScoreFingerBlock score() const { return other != nullptr ? other : score_finger_block(needs); }
};
inline void PrintTo(const FingerBlockTwin& twin, std::ostream* out) { *out << twin.name; }

inline std::vector<FingerBlockTwin> finger_block_twins() {
  std::vector<FingerBlockTwin> twins;
  for (const Backend backend : kBackends) twins.push_back({name_of(backend), backend, nullptr});
#if defined(__x86_64__)
  twins.push_back({"emulated_amx", Backend::avx512, score_finger_block_emulated_amx});
#endif
  return twins;
}

}  // namespace whorl::kernels
