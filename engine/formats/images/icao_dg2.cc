#include "engine/formats/images/icao_dg2.h"

#include <algorithm>
#include <array>

#include "engine/base/limits.h"
#include "engine/formats/images/ber_reader.h"

namespace whorl::formats {
namespace {

constexpr std::uint32_t kDataGroup2 = 0x75;
constexpr std::uint32_t kGroupTemplate = 0x7F61;
constexpr std::uint32_t kCount = 0x02;
constexpr std::uint32_t kTemplate = 0x7F60;
constexpr std::uint32_t kHeader = 0xA1;
constexpr std::uint32_t kCreated = 0x83;
constexpr std::uint32_t kRecord = 0x5F2E, kConstructedRecord = 0x7F2E;

// CCYYMMDDhhmmss, two decimal digits a byte; nothing where it is not that.
CaptureTime created_at(std::span<const std::byte> value) {
  std::array<int, 7> parts{};
  if (value.size() != parts.size()) return {};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto tens = std::to_integer<int>(value[i] >> 4),
               ones = std::to_integer<int>(value[i]) % 16;
    if (tens > 9 || ones > 9) return {};
    parts[i] = 10 * tens + ones;
  }
  const auto byte = [&parts](std::size_t i) { return static_cast<std::uint8_t>(parts[i]); };
  CaptureTime time;
  time.year = static_cast<std::uint16_t>(100 * parts[0] + parts[1]);
  time.month = byte(2), time.day = byte(3);
  time.hour = byte(4), time.minute = byte(5), time.second = byte(6);
  return time;
}

// Only its structure is judged: what it says of the kind of record, the record says itself.
Result<CaptureTime> read_header(const BerElement& header) {
  CaptureTime created;
  BerReader in(header);
  while (!in.at_end()) {
    WHORL_TRY(const BerElement element, in.next());
    if (element.tag == kCreated) created = created_at(element.value);
  }
  return created;
}

Result<Dg2Face> read_template(const BerElement& element) {
  BerReader in(element);
  WHORL_TRY(const BerElement header, in.next(kHeader));
  Dg2Face face;
  WHORL_TRY(face.created, read_header(header));
  WHORL_TRY(const BerElement record, in.next());
  if (record.tag != kRecord && record.tag != kConstructedRecord) {
    return fail(Fault::out_of_range, record.offset);
  }
  if (!in.at_end()) return fail(Fault::length_mismatch, in.offset());
  face.record = record.value;
  face.offset = record.value_offset;
  return face;
}

// The count, then as many templates as it says.
Result<std::vector<Dg2Face>> read_group(const BerElement& group) {
  BerReader in(group);
  WHORL_TRY(const BerElement count, in.next(kCount));
  if (count.value.size() != 1) return fail(Fault::out_of_range, count.offset);
  const auto templates = std::to_integer<int>(count.value.front());
  if (templates == 0) return fail(Fault::out_of_range, count.value_offset);
  if (templates > kMaxImagesPerFile) return fail(Fault::limit_exceeded, count.value_offset);
  std::vector<Dg2Face> faces;
  for (int i = 0; i < templates; ++i) {
    if (in.at_end()) return fail(Fault::length_mismatch, count.value_offset);
    WHORL_TRY(const BerElement element, in.next(kTemplate));
    WHORL_TRY(Dg2Face face, read_template(element));
    faces.push_back(face);
  }
  if (!in.at_end()) return fail(Fault::length_mismatch, in.offset());
  return faces;
}

Result<> check_padding(std::span<const std::byte> rest, std::uint64_t offset) {
  const auto junk =
      std::find_if(rest.begin(), rest.end(), [](std::byte b) { return b != std::byte{0}; });
  if (junk == rest.end()) return {};
  return fail(Fault::length_mismatch, offset + static_cast<std::uint64_t>(junk - rest.begin()));
}

}  // namespace

bool looks_like_icao_dg2(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  if (in.u8() != kDataGroup2) return false;
  const std::uint8_t length = in.u8();
  in.take(std::min<std::size_t>(length > 0x80 ? length - 0x80U : 0, in.remaining()));
  const bool first = in.remaining() < 1 || in.u8() == kGroupTemplate >> 8U;
  return first && (in.remaining() < 1 || in.u8() == (kGroupTemplate & 0xFFU));
}

Result<std::vector<Dg2Face>> read_icao_dg2(std::span<const std::byte> bytes) {
  if (bytes.empty()) return fail(Fault::empty_input);
  if (!looks_like_icao_dg2(bytes)) return fail(Fault::bad_magic);
  if (bytes.size() > kMaxImageFileBytes) return fail(Fault::limit_exceeded);
  BerReader file(bytes, 0, Fault::truncated);
  WHORL_TRY(const BerElement data_group, file.next(kDataGroup2));
  BerReader in(data_group);
  WHORL_TRY(const BerElement group, in.next(kGroupTemplate));
  WHORL_TRY(std::vector<Dg2Face> faces, read_group(group));
  if (!in.at_end()) return fail(Fault::length_mismatch, in.offset());
  const std::uint64_t end = file.offset();
  WHORL_TRY_VOID(check_padding(file.rest(), end));
  return faces;
}

}  // namespace whorl::formats
