#include "engine/features/face/extract_face.h"

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <utility>

#include "engine/features/face/face_alignment.h"

namespace whorl::features {
namespace {

Result<> bring_to_unit_length(std::vector<float>& vector) {
  double squares = 0;
  for (const float v : vector) squares += static_cast<double>(v) * v;
  if (!(squares > 0)) return fail(Fault::zero_vector);
  const double length = std::sqrt(squares);
  for (float& v : vector) v = static_cast<float>(v / length);
  return {};
}

// Any frame will do to see that the network is what its description says.
Image blank_face(const EmbedderModel& model) {
  Image image;
  image.width_px = model.width_px;
  image.height_px = model.height_px;
  image.samples.assign(
      static_cast<std::size_t>(model.width_px) * static_cast<std::size_t>(model.height_px), 128);
  return image;
}

}  // namespace

Result<std::shared_ptr<const FaceExtractor>> FaceExtractor::load(FaceModel model) {
  WHORL_TRY(auto detector, make_face_detector(model));
  WHORL_TRY(auto embedder, make_face_embedder(model));
  WHORL_TRY_VOID(embedder->embed(blank_face(model.embedder)));
  return std::shared_ptr<const FaceExtractor>(
      new FaceExtractor(std::move(model), std::move(detector), std::move(embedder)));
}

Result<std::vector<DetectedFace>> FaceExtractor::detect(const Image& picture, Wanted wanted) const {
  WHORL_TRY(std::vector<DetectedFace> faces, detector_->detect(picture, wanted));
  const DetectorModel& own = model_.detector;
  for (DetectedFace& face : faces) {
    face.clarity =
        std::clamp((face.confidence - own.threshold) / (own.sure - own.threshold), 0.0F, 1.0F);
  }
  if (faces.empty()) return fail(Fault::no_face);
  return faces;
}

Result<FaceExtraction> FaceExtractor::describe(const Image& picture,
                                               const std::vector<DetectedFace>& faces,
                                               std::size_t which) const {
  const DetectedFace& found = faces[which];
  if (!(eye_distance_px(found) >= kMinEyeDistancePx)) return fail(Fault::face_too_small);
  const EmbedderModel& own = model_.embedder;
  FaceExtraction extraction;
  extraction.found = found;
  extraction.aligned = warped(picture, similarity_between(found.landmarks, own.alignment),
                              own.width_px, own.height_px);
  extraction.quality = face_quality(picture, faces, which);
  WHORL_TRY(extraction.face.vector, embedder_->embed(extraction.aligned));
  WHORL_TRY_VOID(bring_to_unit_length(extraction.face.vector));
  extraction.face.model = model_.id;
  extraction.face.quality = extraction.quality.score;
  return extraction;
}

Result<FaceExtraction> FaceExtractor::extract(const Image& picture, Rivals rivals) const {
  WHORL_TRY(const std::vector<DetectedFace> faces, detect(picture, Wanted::main));
  const std::size_t main = main_face(faces, picture.width_px, picture.height_px);
  if (rivals == Rivals::refuse && has_rival(faces, main)) return fail(Fault::many_faces);
  return describe(picture, faces, main);
}

Result<std::vector<FaceExtraction>> FaceExtractor::extract_all(const Image& picture) const {
  WHORL_TRY(std::vector<DetectedFace> faces, detect(picture, Wanted::all));
  const std::size_t main = main_face(faces, picture.width_px, picture.height_px);
  std::swap(faces.front(), faces[main]);
  std::sort(faces.begin() + 1, faces.end(), [](const DetectedFace& a, const DetectedFace& b) {
    return a.box.left_px < b.box.left_px;
  });
  std::vector<FaceExtraction> all;
  for (std::size_t i = 0; i < faces.size(); ++i) {
    Result<FaceExtraction> one = describe(picture, faces, i);
    if (!one && one.error().fault == Fault::face_too_small) continue;
    if (!one) return tl::unexpected<Error>(one.error());
    all.push_back(std::move(*one));
  }
  if (all.empty()) return fail(Fault::face_too_small);
  return all;
}

std::vector<Result<FaceExtraction>> FaceExtractor::extract(std::span<const Image> pictures,
                                                           Rivals rivals) const {
  std::vector<Result<FaceExtraction>> results(pictures.size());
  tbb::parallel_for(std::size_t{0}, pictures.size(),
                    [&](std::size_t i) { results[i] = extract(pictures[i], rivals); });
  return results;
}

Result<std::shared_ptr<const FaceExtractor>> shared_face_extractor(const std::string& id_or_path) {
  static std::mutex loading;  // guards `loaded`, and that no model is read twice
  static std::map<std::string, std::shared_ptr<const FaceExtractor>, std::less<>> loaded;
  const std::lock_guard lock(loading);
  const auto known = loaded.find(id_or_path);
  if (known != loaded.end()) return known->second;
  WHORL_TRY(FaceModel model, find_face_model(id_or_path));
  WHORL_TRY(auto extractor, FaceExtractor::load(std::move(model)));
  loaded.emplace(id_or_path, extractor);
  return extractor;
}

}  // namespace whorl::features
