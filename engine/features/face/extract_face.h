#pragma once
// From a picture to the template of the person it shows.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/features/face/face.h"
#include "engine/features/face/face_detector.h"
#include "engine/features/face/face_embedder.h"
#include "engine/features/face/face_model.h"
#include "engine/features/face/face_quality.h"

namespace whorl::features {

// A face with less between its eyes is refused: an embedder's frame has 35 px there, and what is
// blown up from less than a third of it describes the resolution, not the person.
inline constexpr float kMinEyeDistancePx = 12;

struct FaceExtraction {
  FaceTemplate face;  // of unit length; its quality is quality.score
  FaceQuality quality;
  DetectedFace found;  // in the picture
  Image aligned;       // what the embedder saw
};

// What to do where a picture shows several faces of like size (has_rival).
enum class Rivals : std::uint8_t {
  refuse,  // Fault::many_faces: a register must not choose
  ignore,  // the main face is taken, with the flaw several_faces
};

// Detector and embedder of one model. Const members may run at once.
class FaceExtractor {
 public:
  // Reads the model's files. Faults: those of make_face_detector and make_face_embedder, and
  // bad_model_output where the network does not answer a grey face as its description says.
  static Result<std::shared_ptr<const FaceExtractor>> load(FaceModel model);

  // The face the picture is of (main_face). Faults: no_face, many_faces, face_too_small,
  // bad_model_output, zero_vector, out_of_memory.
  Result<FaceExtraction> extract(const Image& picture, Rivals rivals) const;
  // Every face large enough, the main one first, the others from left to right. Faults: no_face,
  // face_too_small (all are), and those of the networks.
  Result<std::vector<FaceExtraction>> extract_all(const Image& picture) const;
  // A batch on oneTBB, in the order of the pictures.
  std::vector<Result<FaceExtraction>> extract(std::span<const Image> pictures, Rivals rivals) const;

  const FaceModel& model() const { return model_; }

 private:
  FaceExtractor(FaceModel model, std::unique_ptr<FaceDetector> detector,
                std::unique_ptr<FaceEmbedder> embedder)
      : model_(std::move(model)), detector_(std::move(detector)), embedder_(std::move(embedder)) {}
  Result<std::vector<DetectedFace>> detect(const Image& picture, Wanted wanted) const;
  Result<FaceExtraction> describe(const Image& picture, const std::vector<DetectedFace>& faces,
                                  std::size_t which) const;

  FaceModel model_;
  std::unique_ptr<FaceDetector> detector_;
  std::unique_ptr<FaceEmbedder> embedder_;
};

// The one extractor of this process for a model, as find_face_model takes its name: read at the
// first call, shared by all that follow. Faults: those of find_face_model and load; a model that
// could not be read is tried again at the next call.
Result<std::shared_ptr<const FaceExtractor>> shared_face_extractor(const std::string& id_or_path);

}  // namespace whorl::features
