// Any bytes as a template container, and any bytes as the content of one whose length and checksum
// fit, which no fuzzer would find by itself.

#include <cstdint>
#include <span>

#include "engine/base/byte_writer.h"
#include "engine/base/crc32c.h"
#include "engine/formats/template_container.h"
#include "tests/fuzz/fuzz_check.h"

namespace {

constexpr std::size_t kLengthAt = 6;
constexpr std::size_t kHeaderBytes = 10;

void check(std::span<const std::byte> bytes) {
  using namespace whorl::formats;
  const auto value = decode_template(bytes);
  if (!value) {
    FUZZ_CHECK(value.error().offset <= bytes.size());
    return;
  }
  const auto encoded = encode_template(*value);
  FUZZ_CHECK(encoded.has_value());
  FUZZ_CHECK(std::equal(encoded->begin(), encoded->end(), bytes.begin(), bytes.end()));
  const auto again = decode_template(*encoded);
  FUZZ_CHECK(again.has_value() && *again == *value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  check(bytes);
  if (size < kHeaderBytes + 4) return 0;
  whorl::ByteWriter sealed;
  sealed.bytes(bytes.first(size - 4));
  sealed.patch_u32(kLengthAt, size);
  sealed.u32(whorl::crc32c(sealed.view()));
  check(sealed.view());
  return 0;
}
