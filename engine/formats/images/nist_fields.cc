#include "engine/formats/images/nist_fields.h"

#include <algorithm>
#include <string>

namespace whorl::formats {
namespace {

constexpr std::size_t kMaxDigits = 9;
constexpr std::size_t kMaxFields = 999;  // as many as there are numbers
constexpr int kImageField = 999;
constexpr std::size_t kMaxUserDigits = 16;
constexpr std::byte kTagEnd{':'};

bool is_digit(std::byte b) { return b >= std::byte{'0'} && b <= std::byte{'9'}; }
int digit(std::byte b) { return std::to_integer<int>(b) - '0'; }

bool all_digits(std::span<const std::byte> text) {
  return std::all_of(text.begin(), text.end(), is_digit);
}

// "14.001:" and the older "14.01:".
bool is_first_tag(std::span<const std::byte> tag, int type) {
  const std::string name = std::to_string(type);
  return text_is(tag, name + ".001") || text_is(tag, name + ".01");
}

// The number of a tag of this type's, without its colon.
std::optional<int> field_number(std::span<const std::byte> tag, int type) {
  ByteReader in(tag);
  const auto type_name = in.take_until(std::byte{'.'});
  if (whole_number(type_name) != type) return std::nullopt;
  const auto digits = in.take(in.remaining());
  if (digits.size() < 2 || digits.size() > 3) return std::nullopt;
  return whole_number(digits);
}

// NIST's own samples (NBIS valid1.5, .6, .7, .11, .16) had fields of a user renumbered to 999:
// "14.999:4732<GS>14.999:9238<GS>14.999:" and then the picture. No picture begins with digits, GS
// and its own tag.
void skip_user_fields(ByteReader& in, std::span<const std::byte> tag) {
  for (;;) {
    ByteReader probe = in;
    const auto head = probe.take(std::min(probe.remaining(), kMaxUserDigits + 1));
    const auto end = std::find(head.begin(), head.end(), kFieldEnd);
    const auto digits = head.first(static_cast<std::size_t>(end - head.begin()));
    if (end == head.end() || digits.empty() || !all_digits(digits)) return;
    probe = in;
    probe.take(digits.size() + 1);
    const auto again = probe.take(tag.size());
    if (!probe.ok() || !std::equal(tag.begin(), tag.end(), again.begin(), again.end())) return;
    if (std::byte{probe.u8()} != kTagEnd || !probe.ok()) return;
    in = probe;
  }
}

}  // namespace

std::optional<int> whole_number(std::span<const std::byte> text) {
  if (text.empty() || text.size() > kMaxDigits || !all_digits(text)) return std::nullopt;
  int value = 0;
  for (const std::byte b : text) value = value * 10 + digit(b);
  return value;
}

std::optional<double> decimal_number(std::span<const std::byte> text) {
  ByteReader in(text);
  const auto whole = in.take_until(std::byte{'.'});
  const auto fraction = in.take(in.remaining());
  const auto before = whole_number(whole);
  if (!before) return std::nullopt;
  if (fraction.empty()) return static_cast<double>(*before);
  const auto after = whole_number(fraction);
  if (!after) return std::nullopt;
  double scale = 1;
  for (std::size_t i = 0; i < fraction.size(); ++i) scale *= 10;
  return *before + *after / scale;
}

bool text_is(std::span<const std::byte> text, std::string_view expected) {
  return std::equal(text.begin(), text.end(), expected.begin(), expected.end(),
                    [](std::byte b, char c) { return std::to_integer<char>(b) == c; });
}

Result<std::size_t> tagged_record_length(std::span<const std::byte> rest, int type,
                                         std::uint64_t offset) {
  constexpr std::size_t kLongestTag = 6;  // "99.001"
  const std::uint64_t end = offset + rest.size();
  ByteReader in(rest);
  // A tag and a number are looked for where they can be, not through a whole file.
  ByteReader head(in.take(std::min(rest.size(), kLongestTag + 1 + kMaxDigits + 1)));
  const auto tag = head.take_until(kTagEnd);
  const auto digits = head.take_until(kFieldEnd);
  const bool whole_there = rest.size() > tag.size() + 1 + digits.size();
  if (!whole_there) {
    const bool may_go_on = tag.size() <= kLongestTag && digits.size() <= kMaxDigits;
    return may_go_on ? fail(Fault::truncated, end) : fail(Fault::out_of_range, offset);
  }
  const auto length = whole_number(digits);
  if (!is_first_tag(tag, type) || !length) return fail(Fault::out_of_range, offset);
  if (*length == 0) return fail(Fault::length_mismatch, offset);
  return static_cast<std::size_t>(*length);
}

Result<std::vector<NistField>> read_fields(std::span<const std::byte> record, int type,
                                           std::uint64_t offset) {
  if (record.empty() || record.back() != kRecordEnd) {
    return fail(Fault::length_mismatch, offset + record.size() - (record.empty() ? 0 : 1));
  }
  ByteReader in(record.first(record.size() - 1));
  std::vector<NistField> fields;
  while (in.remaining() > 0) {
    NistField field;
    field.offset = offset + in.offset();
    const auto tag = in.take_until(kTagEnd);
    const auto number = field_number(tag, type);
    if (!number) return fail(Fault::out_of_range, field.offset);
    if (fields.size() == kMaxFields) return fail(Fault::limit_exceeded, field.offset);
    field.number = *number;
    if (*number == kImageField) {
      skip_user_fields(in, tag);
      field.value = in.take(in.remaining());
    } else {
      field.value = in.take_until(kFieldEnd);
    }
    fields.push_back(field);
  }
  return fields;
}

const NistField* find_field(std::span<const NistField> fields, int number) {
  const auto found = std::find_if(fields.begin(), fields.end(), [number](const NistField& field) {
    return field.number == number;
  });
  return found == fields.end() ? nullptr : &*found;
}

}  // namespace whorl::formats
