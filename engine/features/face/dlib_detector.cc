// dlib's face detector (histograms of oriented gradients, Dalal and Triggs, CVPR 2005; trained by
// max-margin object detection, King, arXiv:1502.00046) and its landmarks (regression trees, Kazemi
// and Sullivan, CVPR 2014).

#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/image_processing/shape_predictor.h>
#include <dlib/image_transforms.h>
#include <dlib/pixel.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <istream>
#include <new>
#include <streambuf>
#include <utility>

#include "engine/base/blas.h"
#include "engine/base/limits.h"
#include "engine/features/face/face_alignment.h"
#include "engine/features/face/face_detector.h"
#include "engine/features/face/spares.h"

namespace whorl::features {
namespace {

// The detector's window is 80 px wide. A picture is looked at with its longer side at most the
// first of these; where that shows no face, at twice its size or the second, whichever is less.
constexpr int kFirstSidePx = 1600, kSecondSidePx = 2000;
// Where all of a group are wanted, at twice its size at once, if that is no more than this.
constexpr int kGroupSidePx = 4000;
// A picture without a face is looked at once more, for one face of which the detector is less sure
// by this. Of 6,157 pictures of LFW it finds 18 of the 26 that were left; fingerprints stay below.
constexpr float kDoubt = 0.3F;

// And last, turned by these angles about its middle, for one face of a head that leans: the one the
// picture is of, at least so wide in shares of its shorter side. Small ones are seen where none
// are.
constexpr double kTurnsDegrees[] = {-15, 15, -30, 30};
constexpr float kLeaningShare = 0.25F;

using Grey = dlib::array2d<unsigned char>;

Grey grey_of(const Image& picture) {
  Grey grey(picture.height_px, picture.width_px);
  std::size_t at = 0;
  for (long y = 0; y < grey.nr(); ++y) {
    for (long x = 0; x < grey.nc(); ++x) {
      if (picture.channels == 1) {
        grey[y][x] = picture.samples[at++];
        continue;
      }
      // Luma of ITU-R BT.601, in 256ths.
      const int luma =
          77 * picture.samples[at] + 150 * picture.samples[at + 1] + 29 * picture.samples[at + 2];
      grey[y][x] = static_cast<unsigned char>((luma + 128) / 256);
      at += 3;
    }
  }
  return grey;
}

Grey doubled(const Grey& grey) {
  Grey twice;
  dlib::pyramid_up(grey, twice, dlib::pyramid_down<2>());
  return twice;
}

class ByteSource : public std::streambuf {
 public:
  explicit ByteSource(Bytes& bytes) {
    char* begin = reinterpret_cast<char*>(bytes.data());
    setg(begin, begin, begin + bytes.size());
  }
};

PointPx mean_of(const std::vector<PointPx>& outline, std::size_t first, std::size_t count) {
  PointPx mean;
  for (std::size_t i = first; i < first + count; ++i) {
    mean.x_px += outline[i].x_px / static_cast<float>(count);
    mean.y_px += outline[i].y_px / static_cast<float>(count);
  }
  return mean;
}

// Of the 68 points: 36 .. 41 and 42 .. 47 go round the eyes, 30 is the nose's tip, 48 and 54 are
// the mouth's corners.
Landmarks landmarks_of(const std::vector<PointPx>& outline) {
  return {mean_of(outline, 36, 6), mean_of(outline, 42, 6), outline[30], outline[48], outline[54]};
}

class DlibDetector final : public FaceDetector {
 public:
  DlibDetector(dlib::shape_predictor predictor, float threshold)
      : predictor_(std::move(predictor)),
        threshold_(threshold),
        detectors_(std::make_unique<dlib::frontal_face_detector>(detector_)) {}

  Result<std::vector<DetectedFace>> detect(const Image& picture, Wanted wanted) const override try {
    const int side = std::max(picture.width_px, picture.height_px);
    const int factor = std::min((side + kFirstSidePx - 1) / kFirstSidePx,
                                std::min(picture.width_px, picture.height_px));
    std::vector<DetectedFace> faces;
    if (wanted == Wanted::all && 2 * side <= kGroupSidePx) {
      faces = detect_in(doubled(grey_of(picture)), 0.5F, threshold_);
      if (!faces.empty()) return faces;
    }
    const Grey grey = grey_of(factor > 1 ? shrunk(picture, factor) : picture);
    const auto scale = static_cast<float>(factor);
    faces = detect_in(grey, scale, threshold_);
    if (faces.empty() && 2 * side / factor <= kSecondSidePx) {
      faces = detect_in(doubled(grey), scale / 2, threshold_);
    }
    if (faces.empty()) {
      faces = detect_in(grey, scale, threshold_ - kDoubt);
      faces.resize(std::min<std::size_t>(faces.size(), 1));
    }
    if (faces.empty()) faces = surest_turned(grey, scale);
    return faces;
  } catch (const std::bad_alloc&) { return fail(Fault::out_of_memory); }

 private:
  std::vector<DetectedFace> surest_turned(const Grey& grey, float scale) const {
    std::vector<DetectedFace> surest;
    for (const double degrees : kTurnsDegrees) {
      Grey turned;
      const auto back = dlib::inv(dlib::rotate_image(grey, turned, degrees * dlib::pi / 180));
      std::vector<DetectedFace> faces = detect_in(turned, 1, threshold_);
      const auto least = kLeaningShare * static_cast<float>(std::min(grey.nc(), grey.nr()));
      std::erase_if(faces, [&](const DetectedFace& face) { return face.box.width_px < least; });
      if (faces.empty()) continue;
      if (!surest.empty() && faces.front().confidence <= surest.front().confidence) continue;
      faces.resize(1);
      for (DetectedFace& face : faces) turn_back(face, back, scale);
      surest = std::move(faces);
    }
    return surest;
  }

  // The box keeps its size and goes with its middle.
  static void turn_back(DetectedFace& face, const dlib::point_transform_affine& back, float scale) {
    const auto placed = [&](PointPx p) {
      const dlib::dpoint q = back(dlib::dpoint(p.x_px, p.y_px));
      return PointPx{static_cast<float>(q.x()) * scale, static_cast<float>(q.y()) * scale};
    };
    BoxPx& box = face.box;
    const PointPx middle = placed(box.centre());
    box.width_px *= scale, box.height_px *= scale;
    box.left_px = middle.x_px - box.width_px / 2, box.top_px = middle.y_px - box.height_px / 2;
    for (PointPx& point : face.outline) point = placed(point);
    face.landmarks = landmarks_of(face.outline);
  }

  // Places are multiplied by `scale`, the surest face first.
  std::vector<DetectedFace> detect_in(const Grey& grey, float scale, float threshold) const {
    std::vector<dlib::rect_detection> found =
        detectors_.with([this] { return std::make_unique<dlib::frontal_face_detector>(detector_); },
                        [&](dlib::frontal_face_detector& detector) {
                          std::vector<dlib::rect_detection> rectangles;
                          detector(grey, rectangles, threshold);
                          return rectangles;
                        });
    found.resize(std::min<std::size_t>(found.size(), kMaxFacesPerImage));
    std::vector<DetectedFace> faces;
    for (const dlib::rect_detection& one : found) {
      DetectedFace face;
      face.confidence = static_cast<float>(one.detection_confidence);
      face.box = {static_cast<float>(one.rect.left()) * scale,
                  static_cast<float>(one.rect.top()) * scale,
                  static_cast<float>(one.rect.width()) * scale,
                  static_cast<float>(one.rect.height()) * scale};
      const dlib::full_object_detection shape = outline_of(grey, one.rect);
      for (unsigned long i = 0; i < shape.num_parts(); ++i) {
        face.outline.push_back({static_cast<float>(shape.part(i).x()) * scale,
                                static_cast<float>(shape.part(i).y()) * scale});
      }
      face.landmarks = landmarks_of(face.outline);
      faces.push_back(std::move(face));
    }
    return faces;
  }

  dlib::full_object_detection outline_of(const Grey& grey, const dlib::rectangle& face) const {
    const auto turn = blas_turn();
    return predictor_(grey, face);
  }

  dlib::frontal_face_detector detector_ = dlib::get_frontal_face_detector();
  dlib::shape_predictor predictor_;
  float threshold_;
  Spares<dlib::frontal_face_detector> detectors_;
};

}  // namespace

Result<std::unique_ptr<FaceDetector>> make_dlib_detector(const FaceModel& model) {
  const ModelFile& file = model.detector.file;
  WHORL_TRY(Bytes bytes, model_file(model, file));
  dlib::shape_predictor predictor;
  try {
    ByteSource buffer(bytes);
    std::istream stream(&buffer);
    dlib::deserialize(predictor, stream);
  } catch (const std::bad_alloc&) {
    return fail(Fault::out_of_memory, 0, file.name);
  } catch (const std::exception&) {
    return fail(Fault::bad_model_output, 0, file.name + " holds no landmark predictor");
  }
  if (predictor.num_parts() != kOutlinePoints) {
    return fail(Fault::bad_model_output, 0, file.name + " finds another number of points than 68");
  }
  return std::make_unique<DlibDetector>(std::move(predictor), model.detector.threshold);
}

}  // namespace whorl::features
