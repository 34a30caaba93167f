// Any text as a face model's description.

#include <cstdint>
#include <string_view>

#include "engine/base/limits.h"
#include "engine/features/face/face_model.h"
#include "tests/fuzz/fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace whorl;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto model = features::parse_face_model(text);
  if (!model) {
    const Fault fault = model.error().fault;
    FUZZ_CHECK(fault == Fault::bad_model ||
               (fault == Fault::limit_exceeded && size > kMaxModelDescriptionBytes));
    return 0;
  }
  const features::EmbedderModel& embedder = model->embedder;
  FUZZ_CHECK(!model->id.empty() && model->id.size() <= kMaxModelIdBytes);
  FUZZ_CHECK(embedder.width_px > 0 && embedder.height_px > 0);
  FUZZ_CHECK(embedder.dimension > 0 && embedder.dimension <= kMaxFaceDimension);
  FUZZ_CHECK(embedder.file.name.find('/') == std::string::npos);
  FUZZ_CHECK(embedder.file.sha256.size() == 64);
  FUZZ_CHECK(model->detector.sure > model->detector.threshold);
  FUZZ_CHECK(!model->calibration ||
             model->calibration->genuine_mean > model->calibration->impostor_mean);
  return 0;
}
