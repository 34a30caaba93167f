// Ridge counts, cores and deltas, and zonal quality: ISO/IEC 19794-2:2005 7.5, :2011 8.5,
// ANSI/INCITS 378-2004 6.6 and 378-2009 6.7.

#include "engine/formats/extension_values.h"

#include <algorithm>
#include <optional>

#include "engine/base/byte_reader.h"

namespace whorl::formats {
namespace {

constexpr std::uint16_t kRidgeCounts = 1;
constexpr std::uint16_t kCoresAndDeltas = 2;
constexpr std::uint16_t kZonalQuality = 3;

constexpr std::uint16_t kIsoHasAngle = 0x4000;  // in each point's x
constexpr std::uint8_t kAnsiHasAngles = 0x40;   // in the count
constexpr std::uint8_t kAnsiMaxPoints = 15;     // the count's low four bits

Bytes rest_of(ByteReader& in) {
  const auto rest = in.take(in.remaining());
  return Bytes(rest.begin(), rest.end());
}

std::optional<Extension> decode_ridge_counts(ByteReader in) {
  const std::uint8_t method = in.u8();
  if (!in.ok() || method > 2) return std::nullopt;
  RidgeCounts value;
  value.method = static_cast<RidgeCountMethod>(method);
  value.counts.resize(in.remaining() / 3);
  for (RidgeCount& count : value.counts) {
    count.from = in.u8();
    count.to = in.u8();
    count.count = in.u8();
  }
  value.rest = rest_of(in);
  return value;
}

std::array<RawAngle, 3> read_three_angles(ByteReader& in) {
  std::array<RawAngle, 3> angles;
  for (RawAngle& angle : angles) angle = RawAngle{in.u8()};
  return angles;
}

// How many points follow, and (ANSI) whether they have angles.
struct PointCount {
  std::size_t points = 0;
  bool with_angles = false;
};
PointCount read_point_count(ByteReader& in, bool ansi) {
  const std::uint8_t count = in.u8();
  if (!ansi) return {count, false};
  return {count & std::size_t{kAnsiMaxPoints}, (count & kAnsiHasAngles) != 0};
}

// Reads x and y; says whether angles follow, in ISO from a bit of x.
template <class Point>
bool read_point(ByteReader& in, bool ansi, bool with_angles, Point& point) {
  const std::uint16_t x = in.u16();
  point.y_px = in.u16();
  point.x_px = ansi ? x : static_cast<std::uint16_t>(x & ~kIsoHasAngle);
  return ansi ? with_angles : (x & kIsoHasAngle) != 0;
}

std::optional<Extension> decode_cores_and_deltas(ByteReader in, bool ansi) {
  CoresAndDeltas value;
  const PointCount cores = read_point_count(in, ansi);
  if (in.remaining() < cores.points * 4) return std::nullopt;
  value.cores.resize(cores.points);
  for (Core& core : value.cores) {
    if (read_point(in, ansi, cores.with_angles, core)) core.angle = RawAngle{in.u8()};
  }
  const PointCount deltas = read_point_count(in, ansi);
  if (!in.ok() || in.remaining() < deltas.points * 4) return std::nullopt;
  value.deltas.resize(deltas.points);
  for (Delta& delta : value.deltas) {
    if (read_point(in, ansi, deltas.with_angles, delta)) delta.angles = read_three_angles(in);
  }
  if (!in.ok()) return std::nullopt;
  value.rest = rest_of(in);
  return value;
}

std::size_t zones_of(const ZonalQuality& value, FrameSize frame) {
  const auto zones = [](std::size_t pixels, std::size_t zone) {
    return (pixels + zone - 1) / zone;
  };
  return zones(frame.width_px, value.zone_width_px) * zones(frame.height_px, value.zone_height_px);
}

std::optional<Extension> decode_zonal_quality(ByteReader in, bool of_2011, FrameSize frame) {
  ZonalQuality value;
  if (of_2011) {
    value.vendor = in.u16();
    value.algorithm = in.u16();
  }
  value.zone_width_px = in.u8();
  value.zone_height_px = in.u8();
  value.bits = in.u8();
  if (!in.ok() || value.zone_width_px == 0 || value.zone_height_px == 0) return std::nullopt;
  if (value.bits < 1 || value.bits > 8) return std::nullopt;
  const std::size_t cells = zones_of(value, frame);
  if (in.remaining() < (cells * value.bits + 7) / 8) return std::nullopt;
  value.cells.resize(cells);
  unsigned buffer = 0;
  unsigned buffered = 0;
  for (std::uint8_t& cell : value.cells) {
    if (buffered < value.bits) {
      buffer = buffer << 8U | in.u8();
      buffered += 8;
    }
    buffered -= value.bits;
    cell = static_cast<std::uint8_t>(buffer >> buffered);
    buffer &= (1U << buffered) - 1U;
  }
  value.rest = rest_of(in);
  return value;
}

std::optional<Extension> decode_standard(MinutiaeFormat format, FrameSize frame, std::uint16_t type,
                                         std::span<const std::byte> data) {
  const bool ansi = is_ansi(format);
  if (type == kRidgeCounts) return decode_ridge_counts(ByteReader(data));
  if (type == kCoresAndDeltas) return decode_cores_and_deltas(ByteReader(data), ansi);
  if (type == kZonalQuality && !ansi) {
    return decode_zonal_quality(ByteReader(data), format == MinutiaeFormat::iso19794_2_2011, frame);
  }
  return std::nullopt;
}

// Writes the content of one extension.
struct Encoder {
  MinutiaeFormat format;
  FrameSize frame;
  ByteWriter& out;

  Result<> refused() const { return fail(Fault::out_of_range, out.size()); }

  Result<> operator()(const RidgeCounts& value) const {
    if (static_cast<int>(value.method) > 2 || value.rest.size() > 2) return refused();
    out.u8(static_cast<unsigned>(value.method));
    for (const RidgeCount& count : value.counts) {
      out.u8(count.from);
      out.u8(count.to);
      out.u8(count.count);
    }
    out.bytes(value.rest);
    return {};
  }

  template <class Points, class HasAngle>
  Result<bool> write_count(const Points& points, HasAngle has_angle) const {
    const std::size_t with_angle =
        static_cast<std::size_t>(std::count_if(points.begin(), points.end(), has_angle));
    const bool angles = with_angle > 0;
    if (!is_ansi(format)) {
      if (points.size() > 255) return fail(Fault::out_of_range, out.size());
      out.u8(points.size());
      return angles;
    }
    if (points.size() > kAnsiMaxPoints || (angles && with_angle != points.size())) {
      return fail(Fault::out_of_range, out.size());
    }
    out.u8(points.size() | (angles ? kAnsiHasAngles : 0U));
    return angles;
  }

  template <class Point>
  Result<> write_point(const Point& point, bool has_angle) const {
    if (point.x_px > kMaxCoordinatePx || point.y_px > kMaxCoordinatePx) return refused();
    out.u16(point.x_px | (!is_ansi(format) && has_angle ? kIsoHasAngle : 0U));
    out.u16(point.y_px);
    return {};
  }

  Result<> operator()(const CoresAndDeltas& value) const {
    if (!write_count(value.cores, [](const Core& c) { return c.angle.has_value(); })) {
      return refused();
    }
    for (const Core& core : value.cores) {
      WHORL_TRY_VOID(write_point(core, core.angle.has_value()));
      if (core.angle) out.u8(core.angle->value());
    }
    if (!write_count(value.deltas, [](const Delta& d) { return d.angles.has_value(); })) {
      return refused();
    }
    for (const Delta& delta : value.deltas) {
      WHORL_TRY_VOID(write_point(delta, delta.angles.has_value()));
      if (!delta.angles) continue;
      for (const RawAngle angle : *delta.angles) out.u8(angle.value());
    }
    out.bytes(value.rest);
    return {};
  }

  Result<> operator()(const ZonalQuality& value) const {
    const bool of_2011 = format == MinutiaeFormat::iso19794_2_2011;
    if (is_ansi(format) || value.zone_width_px == 0 || value.zone_height_px == 0 ||
        value.bits < 1 || value.bits > 8 || value.cells.size() != zones_of(value, frame) ||
        (!of_2011 && (value.vendor != 0 || value.algorithm != 0))) {
      return refused();
    }
    if (of_2011) {
      out.u16(value.vendor);
      out.u16(value.algorithm);
    }
    out.u8(value.zone_width_px);
    out.u8(value.zone_height_px);
    out.u8(value.bits);
    unsigned buffer = 0;
    unsigned buffered = 0;
    for (const std::uint8_t cell : value.cells) {
      if (cell >> value.bits != 0) return refused();
      buffer = buffer << value.bits | cell;
      buffered += value.bits;
      if (buffered < 8) continue;
      buffered -= 8;
      out.u8(buffer >> buffered);
      buffer &= (1U << buffered) - 1U;
    }
    if (buffered > 0) out.u8(buffer << (8U - buffered));
    out.bytes(value.rest);
    return {};
  }

  Result<> operator()(const OpaqueExtension& value) const {
    out.bytes(value.data);
    return {};
  }
};

}  // namespace

Extension decode_extension(MinutiaeFormat format, FrameSize frame, std::uint16_t type,
                           std::span<const std::byte> data) {
  if (auto value = decode_standard(format, frame, type, data)) {
    ByteWriter again;
    if (encode_extension(format, frame, *value, again) && std::ranges::equal(again.view(), data)) {
      return *std::move(value);
    }
  }
  return OpaqueExtension{type, Bytes(data.begin(), data.end())};
}

std::uint16_t extension_type(const Extension& extension) {
  if (const auto* opaque = std::get_if<OpaqueExtension>(&extension)) return opaque->type;
  if (std::holds_alternative<RidgeCounts>(extension)) return kRidgeCounts;
  return std::holds_alternative<CoresAndDeltas>(extension) ? kCoresAndDeltas : kZonalQuality;
}

Result<> encode_extension(MinutiaeFormat format, FrameSize frame, const Extension& extension,
                          ByteWriter& out) {
  return std::visit(Encoder{format, frame, out}, extension);
}

bool ends_by_its_own_counts(const Extension& extension) {
  const auto* value = std::get_if<CoresAndDeltas>(&extension);
  return value != nullptr && value->rest.empty();
}

}  // namespace whorl::formats
