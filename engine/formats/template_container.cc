#include "engine/formats/template_container.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <string_view>

#include "engine/base/byte_reader.h"
#include "engine/base/crc32c.h"
#include "engine/base/limits.h"

namespace whorl::formats {
namespace {

constexpr std::uint32_t kMagic = 0x5748524C;  // "WHRL"
constexpr std::size_t kLengthAt = 6;
constexpr std::size_t kHeaderBytes = 10;
constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kMinutiaBytes = 6;
constexpr std::size_t kCodeBytes = sizeof(MinutiaCode);
constexpr std::int16_t kMaxCoordinatePx = 0x3FFF;
constexpr unsigned kKindShift = 14;
static_assert(kMaxMinutiaePerTemplate <= 255, "a count is one byte");
static_assert(kMaxFaceDimension <= 65535, "a dimension is two bytes");
static_assert(kMaxModelIdBytes <= 255, "a model's length is one byte");

// --- What a template may hold; `offset` is where the field stands in the container.

Result<> check_quality(Quality quality, std::uint64_t offset) {
  if (quality.value > 100 && quality.value != Quality::kNotReported) {
    return fail(Fault::out_of_range, offset);
  }
  return {};
}

Result<> check_counts(std::size_t minutiae, std::size_t codes, std::uint16_t code_version,
                      std::uint64_t offset) {
  if (minutiae == 0) return fail(Fault::no_minutiae, offset);
  if (minutiae > kMaxMinutiaePerTemplate) return fail(Fault::limit_exceeded, offset);
  if (codes != 0 && codes != minutiae) return fail(Fault::out_of_range, offset + 1);
  if ((codes == 0) != (code_version == 0)) return fail(Fault::out_of_range, offset - 2);
  return {};
}

bool holds(const Minutia& m) {
  return m.x_px >= 0 && m.y_px >= 0 && m.x_px <= kMaxCoordinatePx && m.y_px <= kMaxCoordinatePx &&
         static_cast<int>(m.kind) <= 2 && m.quality <= 100 && m.zero == 0;
}

Result<> check_model(std::string_view model, std::uint64_t offset) {
  if (model.size() > kMaxModelIdBytes) return fail(Fault::limit_exceeded, offset);
  const bool printable = std::ranges::all_of(model, [](char c) { return c > ' ' && c <= '~'; });
  if (model.empty() || !printable) return fail(Fault::out_of_range, offset);
  return {};
}

Result<> check_dimension(std::size_t dimension, std::uint64_t offset) {
  if (dimension == 0) return fail(Fault::wrong_dimension, offset);
  if (dimension > kMaxFaceDimension) return fail(Fault::limit_exceeded, offset);
  return {};
}

Result<> check_vector(std::span<const float> vector, std::uint64_t offset) {
  bool zero = true;
  for (std::size_t i = 0; i < vector.size(); ++i) {
    if (!std::isfinite(vector[i])) return fail(Fault::not_finite, offset + 4 * i);
    zero = zero && vector[i] == 0.0F;
  }
  if (zero) return fail(Fault::zero_vector, offset);
  return {};
}

// --- Fingers

template <std::size_t N>
void put_u16(std::array<std::byte, N>& bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::byte>(value >> 8U);
  bytes[at + 1] = static_cast<std::byte>(value & 0xFFU);
}
std::uint16_t get_u16(std::span<const std::byte> bytes, std::size_t at) {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[at]) << 8U |
                                    std::to_integer<unsigned>(bytes[at + 1]));
}

// Whole minutiae and codes at a time: this runs for every template of every search's gallery.
void write_minutia(ByteWriter& out, const Minutia& m) {
  std::array<std::byte, kMinutiaBytes> bytes;
  put_u16(bytes, 0,
          static_cast<std::uint16_t>(static_cast<unsigned>(m.kind) << kKindShift |
                                     static_cast<unsigned>(m.x_px)));
  put_u16(bytes, 2, static_cast<std::uint16_t>(m.y_px));
  bytes[4] = std::byte{m.direction.steps()};
  bytes[5] = std::byte{m.quality};
  out.bytes(bytes);
}
Minutia read_minutia(std::span<const std::byte> bytes) {
  const std::uint16_t kind_and_x = get_u16(bytes, 0);
  Minutia m;
  m.x_px = static_cast<std::int16_t>(kind_and_x & kMaxCoordinatePx);
  m.y_px = static_cast<std::int16_t>(get_u16(bytes, 2));
  m.direction = Direction{std::to_integer<std::uint8_t>(bytes[4])};
  m.kind = static_cast<MinutiaKind>(kind_and_x >> kKindShift);
  m.quality = std::to_integer<std::uint8_t>(bytes[5]);
  return m;
}

void write_code(ByteWriter& out, const MinutiaCode& code) {
  std::array<std::byte, kCodeBytes> bytes;
  for (std::size_t i = 0; i < code.size(); ++i) put_u16(bytes, 2 * i, code[i]);
  out.bytes(bytes);
}
MinutiaCode read_code(std::span<const std::byte> bytes) {
  MinutiaCode code;
  for (std::size_t i = 0; i < code.size(); ++i) code[i] = get_u16(bytes, 2 * i);
  return code;
}

Result<> check_position(FingerPosition position, std::uint64_t offset) {
  if (static_cast<int>(position) >= kFingerPositions) return fail(Fault::out_of_range, offset);
  return {};
}

Result<> write(ByteWriter& out, const FingerTemplate& finger) {
  WHORL_TRY_VOID(check_position(finger.position, out.size()));
  WHORL_TRY_VOID(check_quality(finger.quality, out.size() + 1));
  WHORL_TRY_VOID(check_counts(finger.minutiae.size(), finger.codes.size(), finger.code_version,
                              out.size() + 4));
  out.u8(static_cast<unsigned>(finger.position));
  out.u8(finger.quality.value);
  out.u16(finger.code_version);
  out.u8(finger.minutiae.size());
  out.u8(finger.codes.size());
  for (const Minutia& m : finger.minutiae) {
    if (!holds(m)) return fail(Fault::out_of_range, out.size());
    write_minutia(out, m);
  }
  for (const MinutiaCode& code : finger.codes) write_code(out, code);
  return {};
}

Result<FingerTemplate> read_finger(ByteReader& in) {
  const std::uint64_t start = in.offset();
  FingerTemplate finger;
  finger.position = static_cast<FingerPosition>(in.u8());
  finger.quality = Quality{in.u8()};
  finger.code_version = in.u16();
  const std::size_t minutiae = in.u8();
  const std::size_t codes = in.u8();
  if (!in.ok()) return fail(Fault::length_mismatch, kLengthAt);
  WHORL_TRY_VOID(check_position(finger.position, start));
  WHORL_TRY_VOID(check_quality(finger.quality, start + 1));
  WHORL_TRY_VOID(check_counts(minutiae, codes, finger.code_version, start + 4));
  if (in.remaining() != minutiae * kMinutiaBytes + codes * kCodeBytes) {
    return fail(Fault::length_mismatch, kLengthAt);
  }
  finger.minutiae.resize(minutiae);
  for (Minutia& m : finger.minutiae) {
    const std::uint64_t offset = in.offset();
    m = read_minutia(in.take(kMinutiaBytes));
    if (!holds(m)) return fail(Fault::out_of_range, offset);
  }
  finger.codes.resize(codes);
  for (MinutiaCode& code : finger.codes) code = read_code(in.take(kCodeBytes));
  return finger;
}

// --- Faces

Result<> write(ByteWriter& out, const FaceTemplate& face) {
  WHORL_TRY_VOID(check_quality(face.quality, out.size()));
  WHORL_TRY_VOID(check_model(face.model, out.size() + 1));
  out.u8(face.quality.value);
  out.u8(face.model.size());
  out.text(face.model);
  WHORL_TRY_VOID(check_dimension(face.vector.size(), out.size()));
  out.u16(face.vector.size());
  WHORL_TRY_VOID(check_vector(face.vector, out.size()));
  for (const float value : face.vector) out.u32(std::bit_cast<std::uint32_t>(value));
  return {};
}

Result<FaceTemplate> read_face(ByteReader& in) {
  FaceTemplate face;
  const std::uint64_t start = in.offset();
  face.quality = Quality{in.u8()};
  const std::size_t model_bytes = in.u8();
  for (const std::byte b : in.take(model_bytes)) face.model.push_back(static_cast<char>(b));
  const std::uint64_t dimension_at = in.offset();
  const std::size_t dimension = in.u16();
  if (!in.ok()) return fail(Fault::length_mismatch, kLengthAt);
  WHORL_TRY_VOID(check_quality(face.quality, start));
  WHORL_TRY_VOID(check_model(face.model, start + 1));
  WHORL_TRY_VOID(check_dimension(dimension, dimension_at));
  if (in.remaining() != dimension * sizeof(float)) return fail(Fault::length_mismatch, kLengthAt);
  const std::uint64_t vector_at = in.offset();
  face.vector.resize(dimension);
  for (float& value : face.vector) value = std::bit_cast<float>(in.u32());
  WHORL_TRY_VOID(check_vector(face.vector, vector_at));
  return face;
}

// The frame around either: magic, version, length and checksum. The modality and the content's
// place come back.
struct Content {
  std::uint8_t modality = 0;
  ByteReader in;
};
Result<Content> open(std::span<const std::byte> bytes) {
  if (bytes.empty()) return fail(Fault::empty_input);
  if (!is_template_container(bytes)) return fail(Fault::bad_magic);
  ByteReader in(bytes);
  in.take(4);
  const std::uint8_t version = in.u8();
  const std::uint8_t modality = in.u8();
  const std::uint32_t length = in.u32();
  if (!in.ok()) return fail(Fault::truncated, bytes.size());
  if (version != kTemplateVersion) return fail(Fault::unsupported, 4);
  if (length > kMaxRecordBytes) return fail(Fault::limit_exceeded, kLengthAt);
  if (length > bytes.size()) return fail(Fault::truncated, bytes.size());
  if (length < bytes.size() || length < kHeaderBytes + kChecksumBytes) {
    return fail(Fault::length_mismatch, kLengthAt);
  }
  const std::size_t checksum_at = bytes.size() - kChecksumBytes;
  ByteReader trailer(bytes.subspan(checksum_at));
  if (crc32c(bytes.first(checksum_at)) != trailer.u32()) {
    return fail(Fault::bad_checksum, checksum_at);
  }
  ByteReader content(bytes.first(checksum_at));
  content.take(kHeaderBytes);
  return Content{modality, content};
}

}  // namespace

bool is_template_container(std::span<const std::byte> bytes) {
  const auto magic = as_bytes("WHRL");
  const auto shared = static_cast<std::ptrdiff_t>(std::min(bytes.size(), magic.size()));
  return shared > 0 && std::equal(magic.begin(), magic.begin() + shared, bytes.begin());
}

Result<Bytes> encode_template(const Template& value) {
  ByteWriter out;
  out.u32(kMagic);
  out.u8(kTemplateVersion);
  out.u8(static_cast<unsigned>(modality_of(value)));
  out.u32(0);
  WHORL_TRY_VOID(std::visit([&](const auto& part) { return write(out, part); }, value));
  out.patch_u32(kLengthAt, out.size() + kChecksumBytes);
  out.u32(crc32c(out.view()));
  return out.take();
}

Result<Template> decode_template(std::span<const std::byte> bytes) {
  WHORL_TRY(Content content, open(bytes));
  switch (static_cast<Modality>(content.modality)) {
    case Modality::finger:
      return read_finger(content.in);
    case Modality::face:
      return read_face(content.in);
  }
  return fail(Fault::unsupported, 5);
}

}  // namespace whorl::formats
