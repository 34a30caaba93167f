#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "engine/features/fingerprint/extract.h"

namespace whorl::app {

inline constexpr std::string_view kAccurateExtraction = "accurate", kFastExtraction = "fast";

// --extraction, how pictures are made templates; `chosen` holds its default.
inline void add_extraction_option(CLI::App& options, std::string& chosen) {
  options
      .add_option("--extraction", chosen,
                  "Of images: accurate, or fast at half the time (docs/accuracy.md)")
      ->check(CLI::IsMember({std::string(kAccurateExtraction), std::string(kFastExtraction)}))
      ->capture_default_str();
}

inline features::ExtractionMode extraction_mode(std::string_view chosen) {
  return chosen == kFastExtraction ? features::ExtractionMode::fast
                                   : features::ExtractionMode::accurate;
}

}  // namespace whorl::app
