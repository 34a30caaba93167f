#pragma once

#include <filesystem>
#include <string>

#include "engine/base/result.h"
#include "engine/base/units.h"
#include "engine/features/face/extract_face.h"
#include "engine/matchers/calibration.h"

namespace whorl::app {

// Two pictures of faces to be shown side by side.
struct ExplainedFaces {
  std::string probe_name, reference_name;  // for the pictures' heads: files
  const features::FaceExtraction& probe;
  const features::FaceExtraction& reference;
  const features::EmbedderModel& embedder;
  Similarity similarity;
  matchers::Calibrated value;
};

// One page: both faces as the network saw them, with their landmarks, what the comparison says, and
// each picture's quality with what it rests on. It holds the two faces: keep it as you keep
// pictures of people. Faults: bad_argument (not FILE.html), those of embed_raster and write_file.
Result<> write_face_trace(const std::filesystem::path& path, const ExplainedFaces& faces);

// One page: how a face became a template, in the order of engine/features/face/extract_face.cc: the
// picture round the face with its box, landmarks and outline, the face as the network saw it, and
// the quality with what it rests on. It holds the face and no file's name. Faults as above.
Result<> write_face_steps(const std::filesystem::path& path, const Image& picture,
                          const features::FaceExtraction& face,
                          const features::EmbedderModel& embedder);

}  // namespace whorl::app
