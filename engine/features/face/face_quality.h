#pragma once
// How much a face will be worth in a comparison, and what the operator can do about it while the
// person is still there. After the measures of ISO/IEC 29794-5: 0 .. 100, higher matches better.

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/image.h"
#include "engine/features/face/face.h"

namespace whorl::features {

enum class FaceFlaw : std::uint8_t {
  several_faces,  // another face is nearly as large
  too_small,      // few pixels between the eyes
  turned,         // to the side
  tilted,         // towards a shoulder
  nodding,        // up or down
  blurred,
  too_dark,
  too_bright,
  flat,          // little contrast
  uneven_light,  // one side is much brighter than the other
  eyes_closed,   // told only where the detector finds the eyelids
  eyes_hidden,   // behind dark glasses or in deep shade; told, and not held against the face
  cut_off,       // the face runs over the picture's edge
  grey,          // no colour; told, and not held against the face
};
inline constexpr int kFaceFlaws = 14;

std::string_view name_of(FaceFlaw flaw);  // for programs: "too-small"
// One sentence for the operator: what is wrong and what to do.
std::string_view text_of(FaceFlaw flaw);

// Where each flaw begins. Eye distance, roll, yaw and pitch as ISO/IEC 19794-5:2005 asks of a
// frontal image (7.2 and 8.3); the others are where a picture looks wrong to a person.
inline constexpr float kSmallEyeDistancePx = 60;
inline constexpr float kMostRollDegrees = 8;
inline constexpr float kMostYawDegrees = 20;    // 5 by the standard, below what landmarks can tell
inline constexpr float kMostPitchDegrees = 20;  // likewise
inline constexpr float kBlurredSharpness = 0.05F;
inline constexpr float kDarkGrey = 50, kBrightGrey = 205;
inline constexpr float kMostClippedShare = 0.1F;
inline constexpr float kFlatGrey = 20;
inline constexpr float kUnevenLight = 0.35F;
inline constexpr float kClosedEyes = 0.16F;
// So chosen on 1,025 pictures of LFW that a person sees no eye in whatever is named
// (docs/faces.md).
inline constexpr float kHiddenEyesLight = 0.4F, kHiddenEyesDetail = 0.56F;

struct FaceQuality {
  Quality score;                // always reported
  std::vector<FaceFlaw> flaws;  // most serious first

  // What it rests on.
  float clarity = 0;  // DetectedFace's
  float eye_distance_px = 0;
  // Approximate: a face of average proportions is taken (face_quality.cc).
  float roll_degrees = 0, yaw_degrees = 0, pitch_degrees = 0;
  float sharpness = 0;  // what a small blur takes away, of the contrast
  float mean_grey = 0;
  float clipped_share = 0;  // of the face's pixels, darker than 4 or brighter than 251
  float contrast_grey = 0;  // standard deviation
  float light_slant = 0;    // |left - right| / (left + right) of the two halves' means
  float eyes_open = 0;      // height of the opening by its width, the less open eye; 0 not known
  float eyes_light = 0;     // mean grey round the lighter eye, of that of the cheeks
  float eyes_detail = 0;    // standard deviation round the livelier eye, of that of the face
  float inside_share = 0;   // of the box that lies within the picture
};

// The score starts from the clarity, which says more of a later comparison than any other measure
// (docs/quality.md), and is pulled down by whatever is far from what an embedder expects.
// Pre: main < faces.size(), an eye distance above 0. Pure; 64 x 64 samples of the face are looked
// at.
FaceQuality face_quality(const Image& picture, const std::vector<DetectedFace>& faces,
                         std::size_t main);

}  // namespace whorl::features
