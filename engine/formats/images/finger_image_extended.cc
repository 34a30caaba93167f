// The blocks that may follow a picture in ISO/IEC 19794-4:2011: docs/formats/iso19794-4.md.

#include <algorithm>
#include <limits>

#include "engine/base/byte_reader.h"
#include "engine/formats/images/finger_image_record.h"

namespace whorl::formats {
namespace {

// Amputated; unusable, which a bandaged finger is.
constexpr std::uint8_t kFirstAnnotation = 1, kLastAnnotation = 2;

FingerPosition one_finger(std::uint8_t code) { return finger_of(static_cast<CapturedArea>(code)); }

Quality quality_of(std::uint8_t score) { return score <= 100 ? Quality{score} : Quality{}; }

// A segment is drawn with any number of corners; two are opposite corners of a box.
FingerSegment read_segment(ByteReader& in) {
  FingerSegment segment;
  segment.position = one_finger(in.u8());
  segment.quality = quality_of(in.u8());
  segment.left_px = segment.top_px = std::numeric_limits<int>::max();
  const std::uint8_t corners = in.u8();
  for (int i = 0; i < corners && in.ok(); ++i) {
    const int x = in.u16();
    const int y = in.u16();
    segment.left_px = std::min(segment.left_px, x);
    segment.top_px = std::min(segment.top_px, y);
    segment.right_px = std::max(segment.right_px, x);
    segment.bottom_px = std::max(segment.bottom_px, y);
  }
  in.take(1);  // the finger's orientation
  return segment;
}

std::vector<FingerSegment> read_segments(std::span<const std::byte> block) {
  ByteReader in(block);
  in.take(9);  // who drew the segments, how well, and by what measure
  const std::uint8_t count = in.u8();
  std::vector<FingerSegment> segments;
  for (int i = 0; i < count && in.ok(); ++i) segments.push_back(read_segment(in));
  if (!in.ok()) segments.clear();
  return segments;
}

std::vector<FingerPosition> read_annotations(std::span<const std::byte> block) {
  ByteReader in(block);
  const std::uint8_t count = in.u8();
  std::vector<FingerPosition> missing;
  for (int i = 0; i < count && in.ok(); ++i) {
    const FingerPosition finger = one_finger(in.u8());
    const std::uint8_t code = in.u8();
    const bool not_there = code >= kFirstAnnotation && code <= kLastAnnotation;
    if (not_there && finger != FingerPosition::unknown) missing.push_back(finger);
  }
  if (!in.ok()) missing.clear();
  return missing;
}

template <class Value, class Read>
std::vector<Value> all_of(const FingerImageRepresentation& image, std::uint16_t type, Read read) {
  std::vector<Value> all;
  for (const ExtendedBlock& block : image.extended) {
    if (block.type != type) continue;
    const std::vector<Value> some = read(block.data);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace

std::vector<FingerSegment> segments_of(const FingerImageRepresentation& image) {
  return all_of<FingerSegment>(image, ExtendedBlock::kSegmentation, read_segments);
}

std::vector<FingerPosition> missing_of(const FingerImageRepresentation& image) {
  return all_of<FingerPosition>(image, ExtendedBlock::kAnnotation, read_annotations);
}

}  // namespace whorl::formats
