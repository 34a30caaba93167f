#include "engine/app/face_extraction.h"

#include <nlohmann/json.hpp>

#include "engine/app/capture_notes.h"
#include "engine/formats/template_container.h"

namespace whorl::app {

Result<std::vector<Bytes>> containers_of(const std::vector<features::FaceExtraction>& faces) {
  std::vector<Bytes> containers;
  for (const features::FaceExtraction& face : faces) {
    WHORL_TRY(containers.emplace_back(), formats::encode_template(face.face));
  }
  return containers;
}

Json as_json(const features::FaceExtraction& face) {
  const features::FaceQuality& quality = face.quality;
  const features::Flaws flaws = features::flaws_of(quality);
  const features::BoxPx& box = face.found.box;
  Json landmarks = Json::array();
  for (const features::PointPx& point : face.found.landmarks) {
    landmarks.push_back({point.x_px, point.y_px});
  }
  return {{"model", face.face.model},
          {"dimension", face.face.vector.size()},
          {"quality", quality.score.value},
          {"flaws", flaw_names(flaws)},
          {"reasons", flaw_reasons(flaws)},
          {"eye_distance_px", quality.eye_distance_px},
          {"yaw_degrees", quality.yaw_degrees},
          {"pitch_degrees", quality.pitch_degrees},
          {"roll_degrees", quality.roll_degrees},
          {"box",
           {{"left_px", box.left_px},
            {"top_px", box.top_px},
            {"width_px", box.width_px},
            {"height_px", box.height_px}}},
          {"landmarks", std::move(landmarks)}};
}

std::string as_text(const features::FaceExtraction& face) {
  std::string text = "face, quality " + std::to_string(face.quality.score.value) + "\n";
  for (const features::FaceFlaw flaw : face.quality.flaws) {
    text += "  " + std::string(features::text_of(flaw)) + "\n";
  }
  return text;
}

}  // namespace whorl::app
