#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "engine/app/report/minutiae_picture.h"
#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "engine/matchers/calibration.h"

namespace whorl::app {

// A comparison to be explained with a picture.
struct Explained {
  std::string probe_name;  // for the picture's head: a file or a subject number
  const Template& probe;
  std::string reference_name;
  const Template& reference;
  matchers::Calibrated value;
  std::optional<Backdrop> probe_image, reference_image;
};

// Whether write_trace knows what to write there: *.svg and *.html; bad_argument else.
Result<> check_trace_name(const std::filesystem::path& path);

// Draws the corresponding minutiae of a pair of prints with codes; the page (.html) also says how
// the two prints lie to each other and lists each pair's share of the score. Images are drawn where
// they are given and belong to whoever they are of: never look for them unasked. Faults:
// bad_argument (another ending; faces, of which there is nothing to draw), disk_full, io_error.
Result<> write_trace(const std::filesystem::path& path, const Explained& comparison);

}  // namespace whorl::app
