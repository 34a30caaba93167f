#pragma once
// Inside the formats layer: one record of a transaction, when its bytes have been cut out.

#include <cstdint>
#include <optional>
#include <span>

#include "engine/base/result.h"
#include "engine/formats/images/nist_itl.h"

namespace whorl::formats {

// What the Type-1 record says for the others.
struct NistResolutions {
  std::optional<double> native_ppmm;       // 1.011; none where it says 00.00
  std::optional<double> transmitted_ppmm;  // 1.012, likewise
};

// A record in its transaction's bytes.
struct NistRecordBytes {
  std::span<const std::byte> bytes;
  std::uint64_t offset = 0;
  int type = 0;
};

// Type 3, 4, 5 and 6. Nothing where the record is of a palm or sole.
Result<std::optional<NistFingerRecord>> read_binary_record(const NistRecordBytes& record,
                                                           const NistResolutions& resolutions);
// Type 14. Nothing likewise, and where it has no picture.
Result<std::optional<NistFingerRecord>> read_tagged_record(const NistRecordBytes& record);

// Type 10. Nothing where the record shows no face, or has no picture.
Result<std::optional<NistFaceRecord>> read_face_record(const NistRecordBytes& record);

// Friction ridge positions (ANSI/NIST-ITL, Table 8) as areas; nothing for palms and soles. Where
// several are named the record does not know: unknown. Fault: out_of_range at `offset`.
Result<std::optional<CapturedArea>> area_of_positions(std::span<const int> positions,
                                                      std::uint64_t offset);
Result<Impression> impression_of(int code, std::uint64_t offset);

}  // namespace whorl::formats
