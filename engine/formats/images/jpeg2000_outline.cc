#include "engine/formats/images/jpeg2000_outline.h"

#include <cmath>

#include "engine/base/byte_reader.h"
#include "engine/formats/images/raster.h"

namespace whorl::formats {
namespace {

constexpr std::uint16_t kStartOfStream = 0xFF4F;
// Boxes are named by four letters.
constexpr std::uint32_t kCodestream = 0x6A703263, kHeader = 0x6A703268, kResolution = 0x72657320,
                        kCaptureResolution = 0x72657363, kDisplayResolution = 0x72657364;

struct Box {
  std::uint32_t type = 0;
  std::size_t start = 0, end = 0;  // of its content
};

// The box that begins at `at` and must end by `end`.
Result<Box> read_box(std::span<const std::byte> bytes, std::size_t at, std::size_t end) {
  ByteReader in(bytes.first(end));
  in.take(at);
  std::uint64_t length = in.u32();
  const std::uint32_t type = in.u32();
  if (length == 1) length = in.u64();
  // Where the file is cut, and not a box about it, bytes are missing.
  const Fault beyond = end == bytes.size() ? Fault::truncated : Fault::damaged_file;
  if (!in.ok()) return fail(beyond, end);
  const std::size_t start = static_cast<std::size_t>(in.offset());
  if (length == 0) return Box{type, start, end};
  if (length < start - at) return fail(Fault::damaged_file, at);
  if (length > end - at) return fail(beyond, end);
  return Box{type, start, at + static_cast<std::size_t>(length)};
}

int signed_byte(std::uint8_t byte) { return byte < 128 ? byte : byte - 256; }

struct Resolutions {
  std::optional<Box> capture, display;
};

Result<> find_resolutions(std::span<const std::byte> bytes, const Box& outer, Resolutions& found) {
  for (std::size_t at = outer.start; at < outer.end;) {
    WHORL_TRY(const Box box, read_box(bytes, at, outer.end));
    if (box.type == kResolution && outer.type == kHeader) {
      WHORL_TRY_VOID(find_resolutions(bytes, box, found));
    }
    if (outer.type == kResolution && box.type == kCaptureResolution) found.capture = box;
    if (outer.type == kResolution && box.type == kDisplayResolution) found.display = box;
    at = box.end;
  }
  return {};
}

// Pixels per metre as fractions and powers of ten, the vertical first.
Result<std::optional<PixelsPerInch>> read_resolution(std::span<const std::byte> bytes,
                                                     const Resolutions& found) {
  if (!found.capture && !found.display) return std::nullopt;
  const Box box = found.capture ? *found.capture : *found.display;
  ByteReader in(bytes.subspan(box.start, box.end - box.start));
  const double y_over = in.u16(), y_under = in.u16(), x_over = in.u16(), x_under = in.u16();
  const double y_power = signed_byte(in.u8()), x_power = signed_byte(in.u8());
  if (!in.ok()) return fail(Fault::out_of_range, box.start);
  return resolution_of(x_over / x_under * std::pow(10.0, x_power) * kMetresPerInch,
                       y_over / y_under * std::pow(10.0, y_power) * kMetresPerInch, box.start);
}

}  // namespace

Result<Jpeg2000Outline> read_jpeg2000_outline(std::span<const std::byte> bytes) {
  Jpeg2000Outline outline;
  ByteReader magic(bytes);
  if (magic.u16() == kStartOfStream) {
    WHORL_TRY(outline.end, judge_jpeg2000_codestream(bytes, 0));
    return outline;
  }
  outline.boxed = true;
  Resolutions resolutions;
  for (std::size_t at = 0;;) {
    WHORL_TRY(const Box box, read_box(bytes, at, bytes.size()));
    at = box.end;
    if (box.type == kHeader) WHORL_TRY_VOID(find_resolutions(bytes, box, resolutions));
    if (box.type == kCodestream) {
      WHORL_TRY(outline.end, judge_jpeg2000_codestream(bytes.first(box.end), box.start));
      break;
    }
  }
  WHORL_TRY(outline.ppi, read_resolution(bytes, resolutions));
  return outline;
}

}  // namespace whorl::formats
