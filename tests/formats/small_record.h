#pragma once

#include <gtest/gtest.h>

#include "engine/formats/minutiae_record.h"

namespace whorl::formats {

// One finger, one minutia, no extensions: every byte's place is easily counted.
inline MinutiaeRecord small_record(MinutiaeFormat format) {
  FingerView view;
  view.position = FingerPosition::left_index;
  view.quality = {QualityRecord{80}};
  view.width_px = 200;
  view.height_px = 250;
  view.resolution_x = PixelsPerCm{197};
  view.resolution_y = PixelsPerCm{197};
  view.minutiae = {
      {.kind = MinutiaKind::ending, .x_px = 10, .y_px = 20, .angle = RawAngle{30}, .quality = 40}};
  MinutiaeRecord record;
  record.format = format;
  record.views = {view};
  return record;
}

inline Bytes encoded(const MinutiaeRecord& record) {
  auto bytes = encode_minutiae_record(record);
  EXPECT_TRUE(bytes) << describe(bytes.error());
  return bytes.value_or(Bytes{});
}

}  // namespace whorl::formats
