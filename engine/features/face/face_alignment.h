#pragma once
// Brings a face to the place, size and angle at which an embedder wants it.

#include "engine/base/image.h"
#include "engine/features/face/face.h"

namespace whorl::features {

// (x, y) goes to (a x - b y + dx, b x + a y + dy): turned, scaled and moved, never sheared.
struct Similarity2d {
  float a = 1, b = 0, dx = 0, dy = 0;
  PointPx operator()(PointPx p) const {
    return {a * p.x_px - b * p.y_px + dx, b * p.x_px + a * p.y_px + dy};
  }
  float scale() const;
  Similarity2d inverse() const;  // pre: scale() > 0
};

// The one that brings `from` to `to` with the least sum of squares (Umeyama, IEEE TPAMI 13(4),
// 1991, without reflections). Scale 0 where all points of `from` fall on one.
Similarity2d similarity_between(const Landmarks& from, const Landmarks& to);

// The picture as seen from the aligned frame of `width_px` by `height_px`: bilinear, from a copy
// shrunk by whole pixels where the face is much larger than the frame; black outside. `to_frame` as
// of similarity_between, its scale above 0.
Image warped(const Image& picture, const Similarity2d& to_frame, int width_px, int height_px);

// The mirror image, `zoom` times as large about its middle. Pre: zoom > 0.
Image mirror_image(const Image& picture, float zoom);

// The picture at 1 / `factor`, each pixel the mean of factor * factor; edges that do not fill one
// are left off. Pre: 1 <= factor <= both sides.
Image shrunk(const Image& picture, int factor);

}  // namespace whorl::features
