#pragma once
// Inside the formats layer: what the dialects of minutiae_record.h share.

#include <cstddef>
#include <span>
#include <string_view>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/result.h"
#include "engine/formats/minutiae_record.h"

namespace whorl::formats {

inline constexpr std::uint32_t kRecordMagic = 0x464D5200;  // "FMR\0"
constexpr std::uint32_t version(std::string_view text) {   // three characters and a zero
  std::uint32_t value = 0;
  for (const char c : text) value = value << 8U | static_cast<unsigned char>(c);
  return value << 8U;
}
inline constexpr std::uint32_t kVersion20 = version(" 20");   // both records of 2004 and 2005
inline constexpr std::uint32_t kVersion020 = version("020");  // the sample printed in ANSI of 2004
inline constexpr std::uint32_t kVersion030 = version("030");  // ISO of 2011 and ANSI of 2009
inline constexpr std::uint32_t kVersion035 = version("035");  // ANSI of 2009, Amendment 1
inline constexpr std::size_t kLengthOffset = 8;               // of the length, in every dialect

// The caller has checked the magic, the version and that the record is kLengthOffset + 4 long.
// Declared longer than the bytes is truncated; shorter is length_mismatch.
Result<> check_declared_length(std::uint64_t declared, std::size_t actual);
Result<> check_view_count(std::size_t views, std::uint64_t offset);

// The fields that several dialects judge alike; `offset` is the field's.
bool holds_impression(MinutiaeFormat format, std::uint8_t impression);
bool holds_quality(MinutiaeFormat format, std::uint8_t quality);
Result<> check_view_fields(MinutiaeFormat format, std::uint8_t position, std::uint64_t position_at,
                           std::uint8_t impression, std::uint64_t impression_at);

// Exactly `count` minutiae of six bytes, or of five without quality.
Result<std::vector<RecordMinutia>> read_minutiae(ByteReader& in, MinutiaeFormat format,
                                                 std::size_t count, bool with_quality);
// The count in one byte, then the minutiae.
Result<> write_counted_minutiae(ByteWriter& out, MinutiaeFormat format, const FingerView& view);

// The two-byte total and the extensions of one view, into `view`; its size in pixels must be known.
// Only the last view of a record may have a length that is off by a little (extension_codec.cc).
Result<> read_extensions(ByteReader& in, MinutiaeFormat format, bool last_view, FingerView& view);
Result<> write_extensions(ByteWriter& out, MinutiaeFormat format, bool last_view,
                          const FingerView& view);

// The records of 2004 and 2005 share their view and keep the image's size in the header.
struct SharedFrame {
  std::uint16_t width_px = 0;
  std::uint16_t height_px = 0;
  PixelsPerCm resolution_x;
  PixelsPerCm resolution_y;
};
SharedFrame read_frame(ByteReader& in);
Result<> check_frame(std::uint16_t width_px, std::uint16_t height_px, std::uint64_t offset);
void write_frame(ByteWriter& out, const FingerView& view);
Result<FingerView> read_compact_view(ByteReader& in, MinutiaeFormat format,
                                     const SharedFrame& frame, bool last_view);
Result<> write_compact_view(ByteWriter& out, MinutiaeFormat format, const FingerView& view,
                            const FingerView& first, bool last_view);

// Anything of ISO 2011's own in a view of another dialect would be lost: out_of_range.
Result<> check_nothing_of_2011(const FingerView& view, std::uint64_t offset);
// Likewise what only some dialects' headers hold.
struct HeaderAbilities {
  bool cbeff_owner = false;
  std::uint8_t certifications_max = 0;
  std::uint16_t sensor_id_max = 0;
  bool zero_padded_version = false;
  bool draft_header = false;
  bool declared_length = false;
};
Result<> check_header_fields(const MinutiaeRecord& record, const HeaderAbilities& abilities);

// The record ends where its last view does.
Result<> check_end(const ByteReader& in);

}  // namespace whorl::formats
