#pragma once
// A face model: which detector finds a face, which network makes a vector of it, and what two
// vectors say. Described by a small TOML file; docs/faces.md lists every entry.

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/byte_writer.h"
#include "engine/base/result.h"
#include "engine/features/face/face.h"
#include "engine/features/face/face_calibration.h"

namespace whorl::features {

// A file of the model's: read only when its SHA-256 is the one written here.
struct ModelFile {
  std::string name;    // without folders; model_file() says where it is looked for
  std::string sha256;  // 64 small hexadecimal digits
};

enum class DetectorFamily : std::uint8_t {
  dlib_hog,  // dlib's gradient histograms, with its predictor of 68 points
  yunet,     // YuNet of 2023 by OpenCV's DNN
};
struct DetectorModel {
  DetectorFamily family = DetectorFamily::dlib_hog;
  ModelFile file;
  // On the detector's own scale: the least confidence of a face, and that of a clear one.
  float threshold = 0, sure = 1;
};

enum class EmbedderFamily : std::uint8_t {
  dlib_resnet,  // dlib's ResNet of 29 layers, from the weights of the npm package face-api
  network,      // any network that OpenCV's DNN reads
};
enum class ChannelOrder : std::uint8_t { rgb, bgr };
struct EmbedderModel {
  EmbedderFamily family = EmbedderFamily::dlib_resnet;
  ModelFile file;
  std::optional<ModelFile> layout;  // Caffe's prototxt, face-api's manifest
  int width_px = 0, height_px = 0;  // of the aligned face
  Landmarks alignment{};            // where the landmarks come to lie in it
  // A value of the network's input is (sample - mean) * scale, mean in the order of `channels`.
  std::array<float, 3> mean{};
  float scale = 1;
  ChannelOrder channels = ChannelOrder::rgb;
  std::string output;     // name of the layer; empty: the last one
  int dimension = 0;      // of the vector
  bool mirrored = false;  // the sum of the vectors of the face and of its mirror image,
  float mirror_zoom = 1;  // the latter so many times as large about the frame's middle
};

struct FaceModel {
  std::string id;       // what templates carry: [a-z0-9.-], at most kMaxModelIdBytes
  std::string licence;  // of the weights, for those who must know
  DetectorModel detector;
  EmbedderModel embedder;
  std::optional<FaceCalibration> calibration;  // without it nothing is decided by this model
  std::filesystem::path folder;                // of the description; empty for one built in
};

inline constexpr std::string_view kDefaultFaceModel = "dlib-resnet-128";

// Fault::bad_model, with the entry's name in `where`; limit_exceeded (too long a text).
Result<FaceModel> parse_face_model(std::string_view toml);

// The descriptions built in, by id.
std::vector<std::string_view> built_in_face_models();

// A built-in one by its id; one that lies in a folder of model_folders as ID.toml, likewise; or any
// by the path of its description, which ends in .toml. A gallery keeps the id alone: a model that
// is to be searched by has to be found by it. Faults: model_unavailable (no such id), bad_model,
// and those of reading a file.
Result<FaceModel> find_face_model(const std::string& id_or_path);

// Where a model's files are looked for, in this order: the description's own folder, $WHORL_MODELS,
// $XDG_CACHE_HOME/whorl/models or ~/.cache/whorl/models (where tools/setup puts the default's),
// /usr/share/whorl/models, /usr/share/dlib.
std::vector<std::filesystem::path> model_folders(const FaceModel& model);

// The bytes of a file of the model's. Faults: model_unavailable, wrong_model_file, limit_exceeded,
// io_error; `where` is its name.
Result<Bytes> model_file(const FaceModel& model, const ModelFile& file);

}  // namespace whorl::features
