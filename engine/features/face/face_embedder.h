#pragma once

#include <memory>
#include <vector>

#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/features/face/face_model.h"

namespace whorl::features {

// Makes a vector of an aligned face. Const members may run at once.
class FaceEmbedder {
 public:
  virtual ~FaceEmbedder() = default;
  // `aligned` is of the model's width and height, grey or in colour. The vector as the network
  // gives it, of the model's dimension, not brought to unit length. Faults: bad_model_output
  // (another dimension, values that are no numbers), out_of_memory.
  virtual Result<std::vector<float>> embed(const Image& aligned) const = 0;
};

// Reads the model's files once. Faults: those of model_file, bad_model_output (a file that no
// network of this family is in).
Result<std::unique_ptr<FaceEmbedder>> make_dlib_embedder(const FaceModel& model);
Result<std::unique_ptr<FaceEmbedder>> make_network_embedder(const FaceModel& model);
Result<std::unique_ptr<FaceEmbedder>> make_face_embedder(const FaceModel& model);

}  // namespace whorl::features
