// The extension block of a view: a total length, then extensions, each with a type and a length
// that may or may not count its own header.

#include <limits>
#include <optional>

#include "engine/formats/extension_values.h"
#include "engine/formats/record_codec.h"

namespace whorl::formats {
namespace {

constexpr std::size_t kHeaderBytes = 4;
// By how much the last extension of a record may be longer or shorter than its length fields say.
// Records published by NIST are off by -1 and +2; more than seen is refused.
constexpr int kMaxExcess = 2;
constexpr std::size_t kMaxBlockBytes = std::numeric_limits<std::uint16_t>::max();

struct RawExtension {
  std::uint16_t type = 0;
  std::span<const std::byte> data;
};

// The block cut into extensions by one reading of their lengths, or nothing where they do not add
// up to the declared total. The last one takes `excess` bytes more than it says.
std::optional<std::vector<RawExtension>> cut(std::span<const std::byte> block, int excess,
                                             ExtensionLengths lengths) {
  std::vector<RawExtension> extensions;
  ByteReader in(block);
  const std::size_t counted_header =
      lengths == ExtensionLengths::header_included ? kHeaderBytes : 0;
  while (in.remaining() > 0) {
    const std::uint16_t type = in.u16();
    const std::uint16_t length = in.u16();
    if (!in.ok() || length < counted_header) return std::nullopt;
    std::int64_t size = static_cast<std::int64_t>(length - counted_header);
    // In signed numbers: where the record is cut short, less may be left than is said to follow.
    const bool last = static_cast<std::int64_t>(in.remaining()) == size + excess;
    if (last) size += excess;
    const auto data = in.take(static_cast<std::size_t>(size));
    if (!in.ok()) return std::nullopt;
    if (in.remaining() == 0 && !last) return std::nullopt;
    extensions.push_back({type, data});
  }
  return extensions;
}

ExtensionLengths usual_lengths(MinutiaeFormat format) {
  return format == MinutiaeFormat::iso19794_2_2005 ? ExtensionLengths::data_only
                                                   : ExtensionLengths::header_included;
}
ExtensionLengths unusual_lengths(MinutiaeFormat format) {
  return format == MinutiaeFormat::iso19794_2_2005 ? ExtensionLengths::header_included
                                                   : ExtensionLengths::data_only;
}

// How many bytes more than `declared` the block has: what is left of the record, if that is a
// difference we know from published records.
int excess_of(std::size_t declared, std::size_t remaining, bool may_differ) {
  const std::int64_t excess =
      static_cast<std::int64_t>(remaining) - static_cast<std::int64_t>(declared);
  if (!may_differ || declared == 0 || excess > kMaxExcess || excess < -kMaxExcess) return 0;
  return static_cast<int>(excess);
}

bool may_have_excess(MinutiaeFormat format, bool last_view) {
  return last_view && format != MinutiaeFormat::iso19794_2_2011;  // its views have a length
}

}  // namespace

Result<> read_extensions(ByteReader& in, MinutiaeFormat format, bool last_view, FingerView& view) {
  const std::uint64_t start = in.offset();
  const std::size_t declared = in.u16();
  if (!in.ok()) return fail(Fault::truncated, in.offset() + in.remaining());
  const int excess = excess_of(declared, in.remaining(), may_have_excess(format, last_view));
  const std::uint64_t end = in.offset() + in.remaining();
  const auto block =
      in.take(static_cast<std::size_t>(static_cast<std::int64_t>(declared) + excess));
  if (!in.ok()) return fail(Fault::truncated, end);
  if (declared == 0) return {};

  view.extension_lengths = usual_lengths(format);
  auto extensions = cut(block, excess, view.extension_lengths);
  if (!extensions) {
    view.extension_lengths = unusual_lengths(format);
    extensions = cut(block, excess, view.extension_lengths);
  }
  if (!extensions || extensions->empty())
    return fail(excess < 0 ? Fault::truncated : Fault::length_mismatch, start);
  const FrameSize frame{view.width_px, view.height_px};
  view.extensions.reserve(extensions->size());
  for (const RawExtension& raw : *extensions) {
    view.extensions.push_back(decode_extension(format, frame, raw.type, raw.data));
  }
  if (excess != 0 && !ends_by_its_own_counts(view.extensions.back())) {
    return fail(excess < 0 ? Fault::truncated : Fault::length_mismatch, start);
  }
  view.extension_excess = excess;
  return {};
}

Result<> write_extensions(ByteWriter& out, MinutiaeFormat format, bool last_view,
                          const FingerView& view) {
  const std::size_t total_at = out.size();
  const int excess = view.extension_excess;
  if (excess != 0 &&
      (!may_have_excess(format, last_view) || excess > kMaxExcess || excess < -kMaxExcess ||
       view.extensions.empty() || !ends_by_its_own_counts(view.extensions.back()))) {
    return fail(Fault::out_of_range, total_at);
  }
  out.u16(0);
  for (std::size_t i = 0; i < view.extensions.size(); ++i) {
    const Extension& extension = view.extensions[i];
    const std::size_t header_at = out.size();
    out.u16(extension_type(extension));
    out.u16(0);
    WHORL_TRY_VOID(encode_extension(format, {view.width_px, view.height_px}, extension, out));
    const bool counts_header = view.extension_lengths == ExtensionLengths::header_included;
    std::size_t length = out.size() - header_at - (counts_header ? 0 : kHeaderBytes);
    if (i + 1 == view.extensions.size()) length -= static_cast<std::size_t>(excess);
    if (out.size() - total_at - 2 - static_cast<std::size_t>(excess) > kMaxBlockBytes) {
      return fail(Fault::limit_exceeded, header_at);
    }
    out.patch_u16(header_at + 2, length);
  }
  if (!view.extensions.empty()) {
    out.patch_u16(total_at, out.size() - total_at - 2 - static_cast<std::size_t>(excess));
  }
  return {};
}

}  // namespace whorl::formats
