#pragma once
// Inside the formats layer: the five dialects, one file a family. Each reader is given a record
// whose magic and version detect_minutiae_format has judged; each writer a record that names its
// dialect.

#include <cstddef>
#include <span>

#include "engine/base/byte_writer.h"
#include "engine/base/result.h"
#include "engine/formats/minutiae_record.h"

namespace whorl::formats {

// The two of version " 20" differ in the width of the length, the two of "030" in nothing fixed:
// these look at the lengths. Both need the first 14 bytes.
bool looks_like_ansi378_2004(std::span<const std::byte> bytes);
bool looks_like_iso19794_2_2011(std::span<const std::byte> bytes);
bool looks_like_ansi378_2009(std::span<const std::byte> bytes);  // of either header

Result<MinutiaeRecord> read_iso19794_2_2005(std::span<const std::byte> bytes);
Result<MinutiaeRecord> read_iso19794_2_2011(std::span<const std::byte> bytes);
Result<MinutiaeRecord> read_ansi378_2004(std::span<const std::byte> bytes);
// Both revisions, and the draft with a header one byte shorter.
Result<MinutiaeRecord> read_ansi378_2009(std::span<const std::byte> bytes, MinutiaeFormat format);

Result<Bytes> write_iso19794_2_2005(const MinutiaeRecord& record);
Result<Bytes> write_iso19794_2_2011(const MinutiaeRecord& record);
Result<Bytes> write_ansi378_2004(const MinutiaeRecord& record);
Result<Bytes> write_ansi378_2009(const MinutiaeRecord& record);

}  // namespace whorl::formats
