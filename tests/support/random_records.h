#pragma once
// Random well-formed records of every dialect and random templates, for round trips and as seeds of
// the fuzz targets. The same seed gives the same record.

#include <cstdint>
#include <string>

#include "engine/base/biometrics.h"
#include "engine/base/random.h"
#include "engine/formats/minutiae_record.h"

namespace whorl::test {

using namespace formats;  // NOLINT: a test's own names live beside those it tests

inline bool is_compact(MinutiaeFormat format) {
  return format == MinutiaeFormat::iso19794_2_2005 || format == MinutiaeFormat::ansi378_2004;
}

// 0 .. bound - 1
template <class T>
T random_below(SeededRandom& random, std::int64_t bound) {
  return static_cast<T>(random.below(bound));
}

inline Bytes random_bytes(SeededRandom& random, std::size_t count) {
  Bytes bytes(count);
  for (std::byte& b : bytes) b = static_cast<std::byte>(random.below(256));
  return bytes;
}

inline std::uint8_t random_quality(SeededRandom& random, MinutiaeFormat format) {
  if (!is_compact(format) && random.chance(0.1)) return random.chance(0.5) ? 254 : 255;
  return random_below<std::uint8_t>(random, 101);
}

inline RecordMinutia random_minutia(SeededRandom& random, const FingerView& view,
                                    MinutiaeFormat format) {
  const int angles = is_ansi(format) ? 180 : 256;
  return {
      .kind = random_below<MinutiaKind>(random, 3),
      .x_px = random_below<std::uint16_t>(random, view.width_px),
      .y_px = random_below<std::uint16_t>(random, view.height_px),
      .angle = RawAngle{random_below<std::uint8_t>(random, angles)},
      .quality = view.has_minutia_quality ? random_quality(random, format) : kQualityNotReported};
}

inline RawAngle random_raw_angle(SeededRandom& random) {
  return RawAngle{random_below<std::uint8_t>(random, 180)};
}

inline RidgeCounts random_ridge_counts(SeededRandom& random) {
  RidgeCounts counts;
  counts.method = random_below<RidgeCountMethod>(random, 3);
  for (std::int64_t i = random.below(20); i > 0; --i) {
    counts.counts.push_back({random_below<std::uint8_t>(random, 256),
                             random_below<std::uint8_t>(random, 256),
                             random_below<std::uint8_t>(random, 30)});
  }
  counts.rest = random_bytes(random, random_below<std::size_t>(random, 3));
  return counts;
}

inline CoresAndDeltas random_cores_and_deltas(SeededRandom& random, MinutiaeFormat format) {
  CoresAndDeltas points;
  const bool all_with_angles = random.chance(0.5);
  const auto with_angle = [&] { return is_ansi(format) ? all_with_angles : random.chance(0.5); };
  for (std::int64_t i = random.below(4); i > 0; --i) {
    Core core;
    core.x_px = random_below<std::uint16_t>(random, 500);
    core.y_px = random_below<std::uint16_t>(random, 500);
    if (with_angle()) core.angle = random_raw_angle(random);
    points.cores.push_back(core);
  }
  for (std::int64_t i = random.below(4); i > 0; --i) {
    Delta delta;
    delta.x_px = random_below<std::uint16_t>(random, 500);
    delta.y_px = random_below<std::uint16_t>(random, 500);
    if (with_angle()) {
      delta.angles = {random_raw_angle(random), random_raw_angle(random), random_raw_angle(random)};
    }
    points.deltas.push_back(delta);
  }
  if (random.chance(0.2)) points.rest = random_bytes(random, 3);
  return points;
}

inline ZonalQuality random_zonal_quality(SeededRandom& random, const FingerView& view,
                                         MinutiaeFormat format) {
  ZonalQuality zones;
  zones.zone_width_px = static_cast<std::uint8_t>(16 + random.below(100));
  zones.zone_height_px = static_cast<std::uint8_t>(16 + random.below(100));
  zones.bits = static_cast<std::uint8_t>(1 + random.below(8));
  if (format == MinutiaeFormat::iso19794_2_2011) {
    zones.vendor = random_below<std::uint16_t>(random, 65536);
    zones.algorithm = random_below<std::uint16_t>(random, 65536);
  }
  const int columns = (view.width_px + zones.zone_width_px - 1) / zones.zone_width_px;
  const int rows = (view.height_px + zones.zone_height_px - 1) / zones.zone_height_px;
  for (int i = 0; i < columns * rows; ++i) {
    zones.cells.push_back(random_below<std::uint8_t>(random, std::int64_t{1} << zones.bits));
  }
  return zones;
}

inline Extension random_extension(SeededRandom& random, const FingerView& view,
                                  MinutiaeFormat format) {
  switch (random.below(4)) {
    case 0:
      return random_ridge_counts(random);
    case 1:
      return random_cores_and_deltas(random, format);
    case 2:
      if (!is_ansi(format)) return random_zonal_quality(random, view, format);
      [[fallthrough]];
    default:
      return OpaqueExtension{static_cast<std::uint16_t>(0x0100 + random.below(0xFE00)),
                             random_bytes(random, random_below<std::size_t>(random, 40))};
  }
}

inline void add_what_only_2011_has(SeededRandom& random, bool with_certificates, FingerView& view) {
  view.captured = {.year = static_cast<std::uint16_t>(2000 + random.below(50)),
                   .month = 7,
                   .day = random_below<std::uint8_t>(random, 31),
                   .hour = random_below<std::uint8_t>(random, 24)};
  view.sensor_technology = random_below<std::uint8_t>(random, 21);
  view.sensor_vendor = random_below<std::uint16_t>(random, 65536);
  view.sensor_id = random_below<std::uint16_t>(random, 65536);
  for (std::int64_t i = with_certificates ? random.below(4) : 0; i > 0; --i) {
    view.certificates.push_back(
        {random_below<std::uint16_t>(random, 65536), random_below<std::uint8_t>(random, 256)});
  }
  view.ending_type = random_below<RidgeEndingType>(random, 2);
  view.has_minutia_quality = random.chance(0.5);
}

inline FingerView random_view(SeededRandom& random, const MinutiaeRecord& record) {
  const MinutiaeFormat format = record.format;
  const bool of_2011 = format == MinutiaeFormat::iso19794_2_2011;
  FingerView view;
  view.position = random_below<FingerPosition>(random, kFingerPositions);
  view.view_number = random_below<std::uint8_t>(random, 16);
  view.impression = random_below<Impression>(random, 4);
  const bool copies_frame = is_compact(format) && !record.views.empty();
  view.width_px = static_cast<std::uint16_t>(200 + random.below(600));
  view.height_px = static_cast<std::uint16_t>(200 + random.below(600));
  view.resolution_x = PixelsPerCm{static_cast<std::uint16_t>(99 + random.below(300))};
  view.resolution_y = PixelsPerCm{static_cast<std::uint16_t>(99 + random.below(300))};
  if (copies_frame) {
    const FingerView& first = record.views.front();
    view.width_px = first.width_px;
    view.height_px = first.height_px;
    view.resolution_x = first.resolution_x;
    view.resolution_y = first.resolution_y;
  }
  for (std::int64_t i = of_2011 ? random.below(4) : 1; i > 0; --i) {
    QualityRecord quality{.score = random_quality(random, format)};
    if (!is_compact(format)) {
      quality.vendor = random_below<std::uint16_t>(random, 65536);
      quality.algorithm = random_below<std::uint16_t>(random, 65536);
    }
    view.quality.push_back(quality);
  }
  if (of_2011) add_what_only_2011_has(random, record.certifications == 1, view);
  for (std::int64_t i = random.below(60); i > 0; --i) {
    view.minutiae.push_back(random_minutia(random, view, format));
  }
  for (std::int64_t i = random.below(4); i > 0; --i) {
    view.extensions.push_back(random_extension(random, view, format));
  }
  if (format == MinutiaeFormat::iso19794_2_2005 && !view.extensions.empty()) {
    view.extension_lengths = ExtensionLengths::data_only;
  }
  return view;
}

inline MinutiaeRecord random_record(SeededRandom& random, MinutiaeFormat format) {
  const bool of_2011 = format == MinutiaeFormat::iso19794_2_2011;
  MinutiaeRecord record;
  record.format = format;
  if (is_ansi(format)) {
    record.vendor = random_below<std::uint16_t>(random, 65536);
    record.subformat = random_below<std::uint16_t>(random, 65536);
  }
  record.certifications = random_below<std::uint8_t>(random, of_2011 ? 2 : 16);
  if (!of_2011) record.sensor_id = random_below<std::uint16_t>(random, 4096);
  for (std::int64_t i = 1 + random.below(4); i > 0; --i) {
    record.views.push_back(random_view(random, record));
  }
  return record;
}

inline FingerTemplate random_finger(SeededRandom& random, int minutiae, bool with_codes) {
  FingerTemplate finger;
  finger.position = random_below<FingerPosition>(random, kFingerPositions);
  finger.quality = Quality{random_below<std::uint8_t>(random, 101)};
  finger.code_version = with_codes ? 1 : 0;
  for (int i = 0; i < minutiae; ++i) {
    finger.minutiae.push_back({.x_px = random_below<std::int16_t>(random, 500),
                               .y_px = random_below<std::int16_t>(random, 500),
                               .direction = Direction{random_below<std::uint8_t>(random, 256)},
                               .kind = random_below<MinutiaKind>(random, 3),
                               .quality = random_below<std::uint8_t>(random, 101)});
    if (!with_codes) continue;
    MinutiaCode code;
    for (std::uint16_t& word : code) word = random_below<std::uint16_t>(random, 65536);
    finger.codes.push_back(code);
  }
  return finger;
}

inline FaceTemplate random_face(SeededRandom& random, int dimension) {
  FaceTemplate face;
  face.model = "test-model-" + std::to_string(dimension);
  face.quality = Quality{random_below<std::uint8_t>(random, 101)};
  for (int i = 0; i < dimension; ++i) {
    face.vector.push_back(static_cast<float>(random.normal(0, 1)));
  }
  return face;
}

}  // namespace whorl::test
