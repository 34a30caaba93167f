#include "engine/app/report/face_trace.h"

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
  picture.draw_image(id, {left_px, kHeadPx}, scale);
  const features::Similarity2d to_frame =
      features::similarity_between(face.found.landmarks, embedder.alignment);
  for (const features::PointPx& landmark : face.found.landmarks) {
    const features::PointPx p = to_frame(landmark);
    picture.circle({left_px + p.x_px * scale, kHeadPx + p.y_px * scale}, 4, {"ending"});
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

Table quality_table(const ExplainedFaces& f) {
  Table table{{"quality", file_name(f.probe_name), file_name(f.reference_name)}, {}};
  const features::FaceQuality &a = f.probe.quality, &b = f.reference.quality;
  const auto row = [&](const char* what, double first, double second, int digits) {
    table.rows.push_back({what, rounded(first, digits), rounded(second, digits)});
  };
  row("quality, 0 to 100", a.score.value, b.score.value, 0);
  row("between the eyes, px", a.eye_distance_px, b.eye_distance_px, 1);
  row("clarity to the detector, 0 to 1", a.clarity, b.clarity, 2);
  row("turned aside (yaw), degrees, about", a.yaw_degrees, b.yaw_degrees, 0);
  row("raised or lowered (pitch), degrees, about", a.pitch_degrees, b.pitch_degrees, 0);
  row("tilted (roll), degrees", a.roll_degrees, b.roll_degrees, 0);
  row("sharpness", a.sharpness, b.sharpness, 3);
  row("mean grey, 0 to 255", a.mean_grey, b.mean_grey, 0);
  row("contrast, standard deviation in greys", a.contrast_grey, b.contrast_grey, 0);
  row("light from one side, 0 to 1", a.light_slant, b.light_slant, 2);
  return table;
}

void add_flaws(Page& page, const std::string& name, const features::FaceQuality& quality) {
  for (const features::FaceFlaw flaw : quality.flaws) {
    page.paragraph(name + ": " + std::string(features::text_of(flaw)));
  }
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
  page.table(quality_table(f));
  add_flaws(page, probe, f.probe.quality);
  add_flaws(page, reference, f.reference.quality);
  return write_file(path, page.html());
}

}  // namespace whorl::app
