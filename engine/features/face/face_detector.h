#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/features/face/face.h"
#include "engine/features/face/face_model.h"

namespace whorl::features {

// Which faces are wanted: the picture's main one and its rivals, or small ones in a group as well,
// which takes longer.
enum class Wanted : std::uint8_t { main, all };

// Finds the faces of a picture. Const members may run at once.
class FaceDetector {
 public:
  virtual ~FaceDetector() = default;
  // In any order, at most kMaxFacesPerImage, the surest of them; none where there are none. Faults:
  // bad_model_output, out_of_memory.
  virtual Result<std::vector<DetectedFace>> detect(const Image& picture, Wanted wanted) const = 0;
};

// Reads the model's file once. Faults: those of model_file, bad_model_output (a file that is no
// such detector).
Result<std::unique_ptr<FaceDetector>> make_dlib_detector(const FaceModel& model);
Result<std::unique_ptr<FaceDetector>> make_yunet_detector(const FaceModel& model);
Result<std::unique_ptr<FaceDetector>> make_face_detector(const FaceModel& model);

}  // namespace whorl::features
