// Any bytes as a minutiae record. What is accepted must come back byte for byte, and read the same
// again. Built once a dialect, each with seeds of its own.

#include <cstdint>
#include <span>

#include "engine/formats/finger_templates.h"
#include "engine/formats/minutiae_record.h"
#include "tests/fuzz/fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace whorl::formats;
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto record = decode_minutiae_record(bytes);
  if (!record) {
    FUZZ_CHECK(record.error().offset <= size);
    return 0;
  }
  const auto encoded = encode_minutiae_record(*record);
  FUZZ_CHECK(encoded.has_value());
  FUZZ_CHECK(std::equal(encoded->begin(), encoded->end(), bytes.begin(), bytes.end()));
  const auto again = decode_minutiae_record(*encoded);
  FUZZ_CHECK(again.has_value() && *again == *record);
  const auto converted = to_finger_templates(*record);
  if (!converted) return 0;
  FUZZ_CHECK(converted->templates.size() == record->views.size());
  return 0;
}
