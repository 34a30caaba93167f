#include "engine/formats/minutiae_record.h"

#include <algorithm>
#include <string_view>

#include "engine/base/byte_reader.h"
#include "engine/base/limits.h"
#include "engine/formats/dialects.h"
#include "engine/formats/record_codec.h"

namespace whorl::formats {
namespace {

constexpr std::size_t kShortestHeader = 15;  // ISO of 2011
constexpr std::size_t kYearAt = 19;          // likewise

// The bytes that are there must be those of the magic, so that half a record of another kind is
// called another kind.
bool has_magic(std::span<const std::byte> bytes) {
  const auto magic = as_bytes(std::string_view("FMR\0", 4));
  return std::equal(magic.begin(), magic.begin() + std::min<std::ptrdiff_t>(std::ssize(bytes), 4),
                    bytes.begin());
}

// Two records of version "030" share no fixed byte that tells them apart. Where the lengths inside
// are those of neither, this says whose fault is worth reading: ANSI has a reserved zero, in one of
// two places, where ISO has the year of capture (or all ones).
MinutiaeFormat format_of_version_030(std::span<const std::byte> bytes) {
  if (looks_like_iso19794_2_2011(bytes)) return MinutiaeFormat::iso19794_2_2011;
  if (looks_like_ansi378_2009(bytes)) return MinutiaeFormat::ansi378_2009;
  ByteReader in(bytes);
  in.take(kYearAt);
  const bool year = in.u8() != 0 && in.u8() != 0;
  return year ? MinutiaeFormat::iso19794_2_2011 : MinutiaeFormat::ansi378_2009;
}

}  // namespace

Result<MinutiaeFormat> detect_minutiae_format(std::span<const std::byte> bytes) {
  if (bytes.empty()) return fail(Fault::empty_input);
  if (!has_magic(bytes)) return fail(Fault::bad_magic);
  if (bytes.size() > kMaxRecordBytes) return fail(Fault::limit_exceeded);
  ByteReader in(bytes);
  in.take(4);
  const std::uint32_t text = in.u32();
  if (!in.ok()) return fail(Fault::truncated, bytes.size());
  const bool of_2004 = text == kVersion20 || text == kVersion020;
  if (!of_2004 && text != kVersion030 && text != kVersion035) return fail(Fault::unsupported, 4);
  if (bytes.size() < kShortestHeader) return fail(Fault::truncated, bytes.size());
  if (of_2004) {
    if (looks_like_ansi378_2004(bytes)) return MinutiaeFormat::ansi378_2004;
    if (text == kVersion020) return fail(Fault::unsupported, 4);
    return MinutiaeFormat::iso19794_2_2005;
  }
  const std::uint32_t declared = in.u32();
  if (declared > kMaxRecordBytes) return fail(Fault::limit_exceeded, kLengthOffset);
  if (declared > bytes.size()) return fail(Fault::truncated, bytes.size());
  if (text == kVersion035) return MinutiaeFormat::ansi378_2009_am1;
  return format_of_version_030(bytes);
}

Result<MinutiaeRecord> decode_minutiae_record(std::span<const std::byte> bytes) {
  WHORL_TRY(const MinutiaeFormat format, detect_minutiae_format(bytes));
  switch (format) {
    case MinutiaeFormat::iso19794_2_2005:
      return read_iso19794_2_2005(bytes);
    case MinutiaeFormat::iso19794_2_2011:
      return read_iso19794_2_2011(bytes);
    case MinutiaeFormat::ansi378_2004:
      return read_ansi378_2004(bytes);
    case MinutiaeFormat::ansi378_2009:
    case MinutiaeFormat::ansi378_2009_am1:
      return read_ansi378_2009(bytes, format);
  }
  return fail(Fault::unsupported, 4);
}

Result<Bytes> encode_minutiae_record(const MinutiaeRecord& record) {
  Result<Bytes> bytes = [&]() -> Result<Bytes> {
    switch (record.format) {
      case MinutiaeFormat::iso19794_2_2005:
        return write_iso19794_2_2005(record);
      case MinutiaeFormat::iso19794_2_2011:
        return write_iso19794_2_2011(record);
      case MinutiaeFormat::ansi378_2004:
        return write_ansi378_2004(record);
      case MinutiaeFormat::ansi378_2009:
      case MinutiaeFormat::ansi378_2009_am1:
        return write_ansi378_2009(record);
    }
    return fail(Fault::unsupported);
  }();
  if (bytes && bytes->size() > kMaxRecordBytes) return fail(Fault::limit_exceeded, kMaxRecordBytes);
  return bytes;
}

}  // namespace whorl::formats
