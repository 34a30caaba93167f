#pragma once
// What a detector says of one face in a picture.

#include <array>
#include <vector>

namespace whorl::features {

// Of the picture it was found in: pixels, origin top left, y downwards.
struct PointPx {
  float x_px = 0, y_px = 0;
  bool operator==(const PointPx&) const = default;
};

struct BoxPx {
  float left_px = 0, top_px = 0, width_px = 0, height_px = 0;
  PointPx centre() const { return {left_px + width_px / 2, top_px + height_px / 2}; }
};

// Right and left are the person's own: their right eye lies to the left of the picture.
enum Landmark { right_eye, left_eye, nose_tip, right_mouth_corner, left_mouth_corner };
inline constexpr int kLandmarks = 5;
using Landmarks = std::array<PointPx, kLandmarks>;

// The 68 points of iBUG 300-W (Sagonas et al., ICCV workshops 2013) in their order.
inline constexpr int kOutlinePoints = 68;

struct DetectedFace {
  BoxPx box;
  float confidence = 0;  // the detector's own scale; higher is surer
  float clarity = 1;     // the same as 0, hardly a face, to 1, a clear one
  Landmarks landmarks;
  std::vector<PointPx> outline;  // kOutlinePoints, or none where the detector does not find them
};

// Between the centres of the eyes: the size by which ISO/IEC 19794-5 and 29794-5 judge a face.
float eye_distance_px(const DetectedFace& face);

// Which of the faces the picture is of: the largest, those nearer the middle taken for larger (by
// up to half). Pre: not empty.
std::size_t main_face(const std::vector<DetectedFace>& faces, int width_px, int height_px);

// Whether another face is so large beside the main one that a register should not choose for the
// operator: its box is wider than kRivalShare of the main one's.
inline constexpr float kRivalShare = 0.6F;
bool has_rival(const std::vector<DetectedFace>& faces, std::size_t main);

}  // namespace whorl::features
