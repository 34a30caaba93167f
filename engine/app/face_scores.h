#pragma once
// `whorl score --from face`: all pairs of a folder of pictures of faces.

#include <cstdint>
#include <string>

#include "engine/app/console.h"
#include "engine/app/error_rates.h"
#include "engine/base/result.h"

namespace whorl::app {

struct FaceScores {
  std::string csv;  // rows db,probe,gallery,score: cosines, or -1 where a side has no face
  LabelledScores scores;
  std::int64_t files = 0, unreadable = 0, pairs = 0;
};

// `folder` as find_face_pictures takes it, `model` as find_face_model does. Pictures are named
// PERSON_FILE in the rows, or FILE where its name begins with its person's. One that cannot be read
// is warned of. Faults: those of both and of loading the model; limit_exceeded for more than
// kMaxFacesScored pictures.
Result<FaceScores> score_faces(const std::string& folder, const std::string& model,
                               Console& console);

// 50 million pairs: a CSV of about 3 GB.
inline constexpr std::size_t kMaxFacesScored = 10'000;

}  // namespace whorl::app
