#include "engine/formats/images/nist_itl.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/limits.h"
#include "engine/formats/images/nist_fields.h"
#include "engine/formats/images/nist_records.h"

namespace whorl::formats {
namespace {

constexpr int kFirstRecord = 1;
constexpr int kContentField = 3, kNativeField = 11, kTransmittedField = 12;
constexpr int kFirstBinary = 3, kLastBinary = 8;
constexpr int kLastFingerBinary = 6, kTaggedFinger = 14, kTaggedFace = 10;
constexpr int kMaxType = 99;
constexpr std::array<std::string_view, 2> kFirstTags = {"1.001:", "1.01:"};

// What the transaction holds, and at what resolutions.
struct Header {
  std::vector<int> types;  // of the records after this one
  NistResolutions resolutions;
};

std::optional<double> resolution_said(std::span<const NistField> fields, int number) {
  const NistField* field = find_field(fields, number);
  const auto ppmm = field == nullptr ? std::nullopt : decimal_number(field->value);
  return ppmm && *ppmm > 0 ? ppmm : std::nullopt;
}

// "1<US>2<RS>4<US>01<RS>14<US>02": how many follow, then the type and IDC of each.
Result<std::vector<int>> read_content(const NistField& field) {
  std::vector<int> types;
  std::optional<int> announced;
  bool first = true, well_formed = true;
  for_each_subfield(field.value, [&](NistItems items) {
    const auto type = items.next_number();
    const auto second = items.next_number();
    if (first) {
      well_formed = type == kFirstRecord;
      announced = second;
      first = false;
      return;
    }
    well_formed = well_formed && type && *type > kFirstRecord && *type <= kMaxType;
    types.push_back(type.value_or(0));
  });
  if (!well_formed || !announced) return fail(Fault::out_of_range, field.offset);
  if (std::ssize(types) != *announced) return fail(Fault::length_mismatch, field.offset);
  return types;
}

Result<Header> read_header(const NistRecordBytes& record) {
  WHORL_TRY(const std::vector<NistField> fields,
            read_fields(record.bytes, record.type, record.offset));
  const NistField* content = find_field(fields, kContentField);
  if (content == nullptr) return fail(Fault::out_of_range, record.offset);
  Header header;
  WHORL_TRY(header.types, read_content(*content));
  header.resolutions.native_ppmm = resolution_said(fields, kNativeField);
  header.resolutions.transmitted_ppmm = resolution_said(fields, kTransmittedField);
  return header;
}

// Where the record that comes next ends: binary ones begin with a length of four bytes.
Result<std::size_t> record_length(ByteReader in, int type) {
  const std::uint64_t offset = in.offset();
  const std::uint64_t end = offset + in.remaining();
  if (type < kFirstBinary || type > kLastBinary) {
    return tagged_record_length(in.take(in.remaining()), type, offset);
  }
  const std::uint32_t length = in.u32();
  if (!in.ok()) return fail(Fault::truncated, end);
  if (length < sizeof(std::uint32_t)) return fail(Fault::length_mismatch, offset);
  return length;
}

Result<NistRecordBytes> take_record(ByteReader& in, int type) {
  NistRecordBytes record;
  record.type = type;
  record.offset = in.offset();
  WHORL_TRY(const std::size_t length, record_length(in, type));
  if (length > in.remaining()) return fail(Fault::truncated, in.offset() + in.remaining());
  record.bytes = in.take(length);
  return record;
}

std::string record_name(int number) { return "record " + std::to_string(number); }

using Visit = std::function<Result<>(const NistRecordBytes&, const NistResolutions&, int number)>;

// Every record but the first, from the list in the first to the last byte.
Result<> walk(std::span<const std::byte> bytes, const Visit& visit) {
  if (bytes.empty()) return fail(Fault::empty_input);
  if (!looks_like_nist_itl(bytes)) return fail(Fault::bad_magic);
  if (bytes.size() > kMaxImageFileBytes) return fail(Fault::limit_exceeded);
  ByteReader in(bytes);
  int number = kFirstRecord;
  const auto header = [&]() -> Result<Header> {
    WHORL_TRY(const NistRecordBytes record, take_record(in, kFirstRecord));
    return read_header(record);
  }();
  if (!header) return at(header.error(), record_name(number));
  for (const int type : header->types) {
    ++number;
    const auto visited = [&]() -> Result<> {
      WHORL_TRY(const NistRecordBytes record, take_record(in, type));
      return visit(record, header->resolutions, number);
    }();
    if (!visited) return at(visited.error(), record_name(number));
  }
  if (in.remaining() > 0) return fail(Fault::length_mismatch, in.offset());
  return {};
}

// Keeps what a reader made of a record, if it made anything.
template <class Read>
Result<> keep(Result<std::optional<Read>> read, const NistRecordBytes& record, int number,
              std::vector<Read>& list) {
  if (!read) return tl::unexpected<Error>(std::move(read).error());
  if (!*read) return {};
  if (list.size() == kMaxImagesPerFile) return fail(Fault::limit_exceeded, record.offset);
  (*read)->number = number;
  list.push_back(**std::move(read));
  return {};
}

Result<std::optional<NistFingerRecord>> read_finger_record(const NistRecordBytes& record,
                                                           const NistResolutions& resolutions) {
  const bool binary = record.type >= kFirstBinary && record.type <= kLastFingerBinary;
  if (!binary && record.type != kTaggedFinger) return std::nullopt;
  WHORL_TRY(auto finger,
            binary ? read_binary_record(record, resolutions) : read_tagged_record(record));
  if (finger) finger->type = record.type;
  return finger;
}

}  // namespace

bool looks_like_nist_itl(std::span<const std::byte> bytes) {
  return std::any_of(kFirstTags.begin(), kFirstTags.end(), [bytes](std::string_view tag) {
    const std::size_t there = std::min(bytes.size(), tag.size());
    return text_is(bytes.first(there), tag.substr(0, there));
  });
}

Result<std::vector<NistFingerRecord>> read_nist_itl(std::span<const std::byte> bytes) {
  std::vector<NistFingerRecord> fingers;
  WHORL_TRY_VOID(walk(
      bytes, [&](const NistRecordBytes& record, const NistResolutions& resolutions, int number) {
        return keep(read_finger_record(record, resolutions), record, number, fingers);
      }));
  return fingers;
}

Result<std::vector<NistFaceRecord>> read_nist_faces(std::span<const std::byte> bytes) {
  std::vector<NistFaceRecord> faces;
  WHORL_TRY_VOID(walk(
      bytes, [&](const NistRecordBytes& record, const NistResolutions&, int number) -> Result<> {
        if (record.type != kTaggedFace) return {};
        return keep(read_face_record(record), record, number, faces);
      }));
  return faces;
}

}  // namespace whorl::formats
