// Type-3, 4, 5 and 6 records, and what they share with Type-14: positions and impressions.

#include "engine/formats/images/nist_records.h"

#include <array>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/formats/images/raster.h"
#include "engine/formats/images/read_image.h"

namespace whorl::formats {
namespace {

constexpr int kPositions = 6;
constexpr int kNoPosition = 255;
constexpr double kMillimetresPerInch = 25.4;

// Low resolution is Type 3 and 5, two levels Type 5 and 6.
bool is_low_resolution(int type) { return type == 3 || type == 5; }
bool is_bilevel(int type) { return type == 5 || type == 6; }

// Codes of the compression in Type 3 and 4; none of the others tells more than "compressed", which
// one the picture's first bytes do.
constexpr int kUncompressed = 0, kLastCompression = 6;

// ISR: 0 the standard's resolution, 1 the scanner's own; Type 3 and 5 hold every second pixel.
// NIST's reader (libbiomeval, AN2KViewFixedResolution) takes 0 for 19.69 ppmm exactly; here
// field 1.012 may say that it is more.
std::optional<double> pixels_per_mm(int type, int isr, const NistResolutions& resolutions) {
  constexpr double kStandard = 19.69;
  constexpr double kStandardAtLeast = 19.5;
  const double part = is_low_resolution(type) ? 0.5 : 1.0;
  if (isr == 1 && !resolutions.native_ppmm) return std::nullopt;
  if (isr == 1) return part * *resolutions.native_ppmm;
  const double transmitted = resolutions.transmitted_ppmm.value_or(kStandard);
  if (is_low_resolution(type) || transmitted < kStandardAtLeast) return part * kStandard;
  return transmitted;
}

// The fixed 18 bytes.
struct BinaryHeader {
  int impression = 0;
  std::vector<int> positions;
  int isr = 0;
  int width_px = 0;
  int height_px = 0;
  int compression = 0;
};
constexpr std::uint64_t kImpressionAt = 5, kPositionsAt = 6, kIsrAt = 12, kWidthAt = 13,
                        kHeightAt = 15, kCompressionAt = 17;

Result<BinaryHeader> read_header(ByteReader& in, const NistRecordBytes& record) {
  BinaryHeader header;
  in.take(kImpressionAt);  // length and IDC
  header.impression = in.u8();
  for (int i = 0; i < kPositions; ++i) {
    const int position = in.u8();
    if (position != kNoPosition) header.positions.push_back(position);
  }
  header.isr = in.u8();
  header.width_px = in.u16();
  header.height_px = in.u16();
  header.compression = in.u8();
  if (!in.ok()) return fail(Fault::length_mismatch, record.offset);
  if (header.isr > 1) return fail(Fault::out_of_range, record.offset + kIsrAt);
  if (header.width_px == 0) return fail(Fault::out_of_range, record.offset + kWidthAt);
  if (header.height_px == 0) return fail(Fault::out_of_range, record.offset + kHeightAt);
  if (!is_bilevel(record.type) && header.compression > kLastCompression) {
    return fail(Fault::unsupported, record.offset + kCompressionAt);
  }
  return header;
}

// Bilevel pictures are TIFF in every sample of NIST's, whatever the header calls them, or one bit a
// pixel. False where they are neither: NBIS valid1.2 has grey pixels of another size there, beside
// a Type-4 record that is whole.
bool find_bilevel_coding(RecordedPicture& picture) {
  const std::int64_t row_bytes = (picture.width_px + 7) / 8;
  if (std::ssize(picture.data) == row_bytes * picture.height_px) {
    picture.coding = SampleCoding::packed;
    picture.depth_bits = 1;
    picture.zero_is_white = true;
    return true;
  }
  picture.coding = SampleCoding::compressed;
  return detect_image_format(picture.data) == ImageFormat::tiff;
}

}  // namespace

Result<std::optional<CapturedArea>> area_of_positions(std::span<const int> positions,
                                                      std::uint64_t offset) {
  std::optional<CapturedArea> area;
  for (const int position : positions) {
    const bool finger = position <= 15 || (position >= 40 && position <= 50);
    const bool part_of_finger = position >= 16 && position <= 19;  // extra digits, tips, joints
    const bool palm_or_sole = (position >= 20 && position <= 38) ||
                              (position >= 60 && position <= 79) ||
                              (position >= 81 && position <= 86);
    if (!finger && !part_of_finger && !palm_or_sole) return fail(Fault::out_of_range, offset);
    if (finger) area = static_cast<CapturedArea>(position);
    if (part_of_finger) area = CapturedArea::unknown;
  }
  if (positions.empty() || (area && positions.size() > 1)) area = CapturedArea::unknown;
  return area;
}

Result<Impression> impression_of(int code, std::uint64_t offset) {
  const bool known = (code >= 0 && code <= 15) || (code >= 20 && code <= 29);
  if (!known) return fail(Fault::out_of_range, offset);
  return static_cast<Impression>(code);
}

Result<std::optional<NistFingerRecord>> read_binary_record(const NistRecordBytes& record,
                                                           const NistResolutions& resolutions) {
  ByteReader in(record.bytes);
  WHORL_TRY(const BinaryHeader header, read_header(in, record));
  WHORL_TRY(const auto area, area_of_positions(header.positions, record.offset + kPositionsAt));
  if (!area) return std::nullopt;
  NistFingerRecord finger;
  finger.area = *area;
  WHORL_TRY(finger.impression, impression_of(header.impression, record.offset + kImpressionAt));
  RecordedPicture& picture = finger.picture;
  picture.width_px = header.width_px;
  picture.height_px = header.height_px;
  picture.offset = record.offset + in.offset();
  picture.data = in.take(in.remaining());
  if (const auto ppmm = pixels_per_mm(record.type, header.isr, resolutions)) {
    const double ppi = *ppmm * kMillimetresPerInch;
    WHORL_TRY(picture.ppi, resolution_of(ppi, ppi, record.offset + kIsrAt));
  }
  if (is_bilevel(record.type)) {
    if (!find_bilevel_coding(picture)) return std::nullopt;
  } else {
    picture.coding =
        header.compression == kUncompressed ? SampleCoding::whole_bytes : SampleCoding::compressed;
  }
  return finger;
}

}  // namespace whorl::formats
