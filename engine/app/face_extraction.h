#pragma once
// What `whorl extract` makes of a picture of faces.

#include <string>
#include <vector>

#include "engine/app/console.h"
#include "engine/base/byte_writer.h"
#include "engine/base/result.h"
#include "engine/features/face/extract_face.h"

namespace whorl::app {

// Each face's template as a container. Faults: those of formats::encode_template.
Result<std::vector<Bytes>> containers_of(const std::vector<features::FaceExtraction>& faces);

// {"model", "dimension", "quality", "flaws", "reasons", "eye_distance_px", "yaw_degrees",
//  "pitch_degrees", "roll_degrees", "box", "landmarks"}: places in px of the picture.
Json as_json(const features::FaceExtraction& face);
// "face, quality 76" and a line for each flaw.
std::string as_text(const features::FaceExtraction& face);

}  // namespace whorl::app
