#pragma once
// Pictures of fingers with what their record says of them: a bare picture, finger image records of
// ISO/IEC 19794-4:2005 and :2011, and the image records of ANSI/NIST-ITL transactions.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/formats/minutiae_record.h"

namespace whorl::formats {

// What a picture shows, as ISO/IEC 19794-4 and ANSI/NIST-ITL number it: 0 .. 10 are the
// FingerPosition of the same number, rolled or plain; then captures of several fingers at once.
enum class CapturedArea : std::uint8_t {
  unknown = 0,
  right_thumb = 1,
  right_index = 2,
  right_middle = 3,
  right_ring = 4,
  right_little = 5,
  left_thumb = 6,
  left_index = 7,
  left_middle = 8,
  left_ring = 9,
  left_little = 10,
  plain_right_thumb = 11,
  plain_left_thumb = 12,
  plain_right_four = 13,
  plain_left_four = 14,
  plain_thumbs = 15,
  right_index_middle = 40,  // from here on in the forms of 2011
  right_middle_ring = 41,
  right_ring_little = 42,
  left_index_middle = 43,
  left_middle_ring = 44,
  left_ring_little = 45,
  both_indexes = 46,
  right_index_middle_ring = 47,
  right_middle_ring_little = 48,
  left_index_middle_ring = 49,
  left_middle_ring_little = 50
};

// The one finger of areas 1 .. 12; unknown for the others.
FingerPosition finger_of(CapturedArea area);
inline bool shows_several_fingers(CapturedArea area) {
  return area >= CapturedArea::plain_right_four;
}

// Where a record says that a finger of the picture lies, in the picture's own pixels: from left and
// top up to, not with, right and bottom. Always inside the picture and never empty.
struct FingerSegment {
  FingerPosition position = FingerPosition::unknown;
  int left_px = 0, top_px = 0, right_px = 0, bottom_px = 0;
  Quality quality = {};  // of this finger, where the record scores them one by one
  bool operator==(const FingerSegment&) const = default;
};

struct FingerImage {
  Image image;  // ppi is the record's where it says one, else the picture's own
  CapturedArea area = CapturedArea::unknown;
  Impression impression = Impression::unknown;
  Quality quality;                      // of the one finger or, where it says no more, of all
  std::vector<FingerPosition> missing;  // amputated or bandaged, as the record says
  std::vector<FingerSegment> segments;  // likewise; none where the record has none

  bool operator==(const FingerImage&) const = default;
};

// All pictures of fingers in a file, in its order. Palms, faces and other records of a transaction
// are passed over; latent prints (Type-13) too, for nobody knows whose they are. Cost: that of
// decoding the pictures. Faults: those of read_image, and length_mismatch; limit_exceeded for more
// than kMaxImagesPerFile or kMaxImagePixelsPerFile; not_found where a well formed record holds no
// picture of a finger. `where` names the record of a transaction, which are counted from 1, or the
// image of a finger image record, likewise.
Result<std::vector<FingerImage>> read_finger_images(std::span<const std::byte> bytes);

}  // namespace whorl::formats
