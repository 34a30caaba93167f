#include "engine/formats/images/ber_reader.h"

namespace whorl::formats {
namespace {

constexpr std::uint8_t kTagGoesOn = 0x1F;    // in the low bits of a tag's first byte
constexpr std::uint8_t kMoreFollows = 0x80;  // in a further one
constexpr std::uint8_t kLongLength = 0x80;
constexpr int kMaxLengthBytes = 4;

}  // namespace

tl::unexpected<Error> BerReader::too_short(std::uint64_t element_offset) const {
  const bool cut = end_fault_ == Fault::truncated;
  return fail(end_fault_, cut ? start_ + in_.offset() + in_.remaining() : element_offset);
}

Result<BerElement> BerReader::next() {
  BerElement element;
  element.offset = offset();
  element.tag = in_.u8();
  if ((element.tag & kTagGoesOn) == kTagGoesOn) {
    const std::uint8_t second = in_.u8();
    if ((second & kMoreFollows) != 0) return fail(Fault::unsupported, element.offset);
    element.tag = element.tag << 8U | second;
  }
  const std::uint64_t length_at = offset();
  std::uint64_t length = in_.u8();
  if (length >= kLongLength) {
    const auto count = static_cast<int>(length & 0x7FU);
    if (count == 0 || count > kMaxLengthBytes) return fail(Fault::unsupported, length_at);
    length = 0;
    for (int i = 0; i < count; ++i) length = length << 8U | in_.u8();
  }
  if (!in_.ok() || length > in_.remaining()) return too_short(element.offset);
  element.value_offset = offset();
  element.value = in_.take(static_cast<std::size_t>(length));
  return element;
}

Result<BerElement> BerReader::next(std::uint32_t tag) {
  WHORL_TRY(BerElement element, next());
  if (element.tag != tag) return fail(Fault::out_of_range, element.offset);
  return element;
}

}  // namespace whorl::formats
