#include "engine/app/report/face_trace.h"

#include <algorithm>

#include "engine/app/files.h"
#include "engine/app/names.h"
#include "engine/app/report/page.h"
#include "engine/app/report/raster_picture.h"
#include "engine/app/words.h"
#include "engine/features/face/face_alignment.h"

namespace whorl::app {
namespace {

using features::FaceExtraction;

constexpr double kFacePx = 300, kGapPx = 24, kHeadPx = 26;
constexpr std::string_view kUndimmed = "face";  // no class of kPictureStyle

std::string file_name(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

// The aligned face with the landmarks where they came to lie.
Result<> draw_face(Svg& picture, const std::string& id, double left_px, const std::string& name,
                   const FaceExtraction& face, const features::EmbedderModel& embedder) {
  WHORL_TRY(const EmbeddedImage image, embed_raster(face.aligned));
  const double scale = kFacePx / image.width_px;
  picture.text({left_px, kHeadPx - 8}, Svg::Anchor::start, name);
  picture.define_image(id, image.width_px, image.height_px, image.data_uri);
  picture.draw_image(id, {left_px, kHeadPx}, scale, kUndimmed);
  const features::Similarity2d to_frame =
      features::similarity_between(face.found.landmarks, embedder.alignment);
  for (const features::PointPx& landmark : face.found.landmarks) {
    const features::PointPx p = to_frame(landmark);
    picture.circle({left_px + p.x_px * scale, kHeadPx + p.y_px * scale}, 4, {"second"});
  }
  return {};
}

Table score_table(const ExplainedFaces& f) {
  return {{"score", "value"},
          {{"similarity (cosine)", rounded(f.similarity.value(), 4)},
           {"false match rate", one_in(f.value.fmr)},
           {"log likelihood ratio", rounded(f.value.ratio.value(), 2) + " nats"},
           {"model", f.probe.face.model}}};
}

// A column for each of the faces.
Table quality_table(const std::vector<std::string>& names,
                    const std::vector<const features::FaceQuality*>& qualities) {
  Table table{{"quality"}, {}};
  table.head.insert(table.head.end(), names.begin(), names.end());
  const auto row = [&](const char* what, auto measure, int digits) {
    auto& cells = table.rows.emplace_back(std::vector<std::string>{what});
    for (const features::FaceQuality* q : qualities) cells.push_back(rounded(measure(*q), digits));
  };
  using Q = features::FaceQuality;
  row(
      "quality, 0 to 100", [](const Q& q) { return q.score.value; }, 0);
  row(
      "between the eyes, px", [](const Q& q) { return q.eye_distance_px; }, 1);
  row(
      "clarity to the detector, 0 to 1", [](const Q& q) { return q.clarity; }, 2);
  row(
      "turned aside (yaw), degrees, about", [](const Q& q) { return q.yaw_degrees; }, 0);
  row(
      "raised or lowered (pitch), degrees, about", [](const Q& q) { return q.pitch_degrees; }, 0);
  row(
      "tilted (roll), degrees", [](const Q& q) { return q.roll_degrees; }, 0);
  row(
      "sharpness", [](const Q& q) { return q.sharpness; }, 3);
  row(
      "mean grey, 0 to 255", [](const Q& q) { return q.mean_grey; }, 0);
  row(
      "contrast, standard deviation in greys", [](const Q& q) { return q.contrast_grey; }, 0);
  row(
      "light from one side, 0 to 1", [](const Q& q) { return q.light_slant; }, 2);
  return table;
}

void add_flaws(Page& page, const std::string& name, const features::FaceQuality& quality) {
  for (const features::FaceFlaw flaw : quality.flaws) {
    page.paragraph(name + std::string(features::text_of(flaw)));
  }
}

// The picture round the face, as wide as kViewBoxes of its box, drawn kViewPx wide.
constexpr float kViewBoxes = 2.5F;
constexpr int kViewPx = 420;

Result<> draw_found(Svg& drawing, const Image& picture, const features::DetectedFace& found) {
  const features::PointPx middle = found.box.centre();
  const float side_px = kViewBoxes * std::max({found.box.width_px, found.box.height_px, 1.0F});
  const float scale = kViewPx / side_px;
  const features::Similarity2d view{scale, 0, kViewPx / 2.0F - scale * middle.x_px,
                                    kViewPx / 2.0F - scale * middle.y_px};
  WHORL_TRY(const EmbeddedImage image,
            embed_raster(features::warped(picture, view, kViewPx, kViewPx)));
  drawing.define_image("picture", image.width_px, image.height_px, image.data_uri);
  drawing.draw_image("picture", {0, 0}, 1, kUndimmed);
  const features::PointPx corner = view({found.box.left_px, found.box.top_px});
  drawing.rectangle({corner.x_px, corner.y_px}, double{found.box.width_px * scale},
                    double{found.box.height_px * scale}, {"first"});
  for (const features::PointPx& point : found.outline) {
    const features::PointPx p = view(point);
    drawing.circle({p.x_px, p.y_px}, 2, {"first"});
  }
  for (const features::PointPx& landmark : found.landmarks) {
    const features::PointPx p = view(landmark);
    drawing.circle({p.x_px, p.y_px}, 4, {"second"});
  }
  return {};
}

}  // namespace

Result<> write_face_trace(const std::filesystem::path& path, const ExplainedFaces& f) {
  if (path.extension() != ".html") {
    return fail(Fault::bad_argument, 0, "--trace of faces, give FILE.html");
  }
  const double height = kFacePx * f.embedder.height_px / f.embedder.width_px;
  Svg picture(2 * kFacePx + kGapPx, kHeadPx + height, "Two aligned faces with their landmarks");
  const std::string probe = file_name(f.probe_name), reference = file_name(f.reference_name);
  WHORL_TRY_VOID(draw_face(picture, "probe", 0, probe, f.probe, f.embedder));
  WHORL_TRY_VOID(
      draw_face(picture, "reference", kFacePx + kGapPx, reference, f.reference, f.embedder));
  Page page("One comparison of faces");
  page.table(score_table(f));
  page.figure(
      picture,
      "Both faces as the network saw them: turned, scaled and moved so that eyes, nose and "
      "mouth come to lie where it expects them. The marks are the landmarks that were found.");
  page.heading("Quality");
  page.table(quality_table({probe, reference}, {&f.probe.quality, &f.reference.quality}));
  add_flaws(page, probe + ": ", f.probe.quality);
  add_flaws(page, reference + ": ", f.reference.quality);
  return write_file(path, page.html());
}

Result<> write_face_steps(const std::filesystem::path& path, const Image& picture,
                          const FaceExtraction& face, const features::EmbedderModel& embedder) {
  Page page("How a face became a template");
  page.paragraph("Model " + face.face.model + ": a vector of " +
                 std::to_string(face.face.vector.size()) + " numbers, of length 1.");
  page.heading("Found");
  Svg found(kViewPx, kViewPx, "The picture round the face, with what the detector found");
  WHORL_TRY_VOID(draw_found(found, picture, face.found));
  page.figure(found,
              "The picture round the face: the detector's box, the centres of the eyes, the nose's "
              "tip and the mouth's corners, and the outline where the detector finds one.");
  page.heading("Aligned");
  Svg aligned(kFacePx, kHeadPx + kFacePx * embedder.height_px / embedder.width_px,
              "The aligned face with its landmarks");
  WHORL_TRY_VOID(draw_face(aligned, "aligned", 0, "", face, embedder));
  page.figure(aligned,
              "The face as the network saw it: turned, scaled and moved so that the landmarks come "
              "to lie where it expects them.");
  page.heading("Quality");
  page.table(quality_table({"value"}, {&face.quality}));
  add_flaws(page, "", face.quality);
  return write_file(path, page.html());
}

}  // namespace whorl::app
