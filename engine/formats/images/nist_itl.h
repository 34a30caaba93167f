#pragma once
// Transactions of ANSI/NIST-ITL in the traditional encoding (.an2, .an2k, .eft): what their records
// of finger and face images say. docs/formats/nist-itl.md.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "engine/formats/images/face_images.h"
#include "engine/formats/images/finger_images.h"
#include "engine/formats/images/recorded_picture.h"

namespace whorl::formats {

// A record of Type 3, 4, 5, 6 or 14.
struct NistFingerRecord {
  int number = 0;  // of the record in its transaction; Type-1 is 1
  int type = 0;
  CapturedArea area = CapturedArea::unknown;
  Impression impression = Impression::unknown;
  Quality quality;
  std::vector<FingerPosition> missing;
  std::vector<FingerSegment> segments;  // as the record says, inside its picture or not
  RecordedPicture picture;              // of the transaction's bytes, which must outlive it
};

// A record of Type 10 that shows a face.
struct NistFaceRecord {
  int number = 0;  // as above
  FaceImage face;  // without its image; landmarks as the record says, inside it or not
  RecordedPicture picture;
};

// By the bytes that are there of a Type-1 record's first tag.
bool looks_like_nist_itl(std::span<const std::byte> bytes);

// Every record is walked, from the list in the Type-1 record to the last byte; pictures are not
// decoded. None at all is no fault here. Faults: empty_input, bad_magic, truncated, out_of_range,
// length_mismatch, unsupported (a compression), bad_resolution, limit_exceeded; the offset is that
// of the field or record refused, and `where` names the record.
Result<std::vector<NistFingerRecord>> read_nist_itl(std::span<const std::byte> bytes);
// The same for faces.
Result<std::vector<NistFaceRecord>> read_nist_faces(std::span<const std::byte> bytes);

}  // namespace whorl::formats
