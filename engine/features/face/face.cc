#include "engine/features/face/face.h"

#include <algorithm>
#include <cmath>

namespace whorl::features {

float eye_distance_px(const DetectedFace& face) {
  const PointPx& right = face.landmarks[right_eye];
  const PointPx& left = face.landmarks[left_eye];
  return std::hypot(left.x_px - right.x_px, left.y_px - right.y_px);
}

std::size_t main_face(const std::vector<DetectedFace>& faces, int width_px, int height_px) {
  const auto width = static_cast<float>(width_px), height = static_cast<float>(height_px);
  const auto weight = [&](const DetectedFace& face) {
    const PointPx centre = face.box.centre();
    const float off = std::hypot(centre.x_px - width / 2, centre.y_px - height / 2) /
                      (std::hypot(width, height) / 2);
    return face.box.width_px * (1 - std::min(off, 1.0F) / 2);
  };
  std::size_t best = 0;
  for (std::size_t i = 1; i < faces.size(); ++i) {
    if (weight(faces[i]) > weight(faces[best])) best = i;
  }
  return best;
}

bool has_rival(const std::vector<DetectedFace>& faces, std::size_t main) {
  for (std::size_t i = 0; i < faces.size(); ++i) {
    if (i != main && faces[i].box.width_px > kRivalShare * faces[main].box.width_px) return true;
  }
  return false;
}

}  // namespace whorl::features
