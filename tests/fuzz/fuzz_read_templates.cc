// Any bytes as a file of templates, at the resolution they claim and at another. Every template
// that comes out must be one that the container holds, and fingers ones that a record holds.

#include <cstdint>
#include <span>

#include "engine/base/limits.h"
#include "engine/formats/finger_templates.h"
#include "engine/formats/read_templates.h"
#include "engine/formats/template_container.h"
#include "tests/fuzz/fuzz_check.h"

namespace {

using namespace whorl;           // NOLINT: one short program
using namespace whorl::formats;  // NOLINT

void check(const Template& value) {
  const auto contained = encode_template(value);
  FUZZ_CHECK(contained.has_value());
  const auto back = decode_template(*contained);
  FUZZ_CHECK(back.has_value() && *back == value);
  const auto* finger = std::get_if<FingerTemplate>(&value);
  if (finger == nullptr) return;
  FUZZ_CHECK(finger->minutiae.size() <= kMaxMinutiaePerTemplate);
  for (const MinutiaeFormat format : kMinutiaeFormats) {
    const auto record = to_minutiae_record(std::span(finger, 1), format);
    FUZZ_CHECK(record.has_value());
    const auto encoded = encode_minutiae_record(*record);
    FUZZ_CHECK(encoded.has_value());
    const auto read = read_templates(*encoded);
    FUZZ_CHECK(read.has_value() && read->size() == 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  for (const auto ppi : {std::optional<PixelsPerInch>{}, std::optional(PixelsPerInch{569})}) {
    const auto templates = read_templates(bytes, ppi);
    if (!templates) continue;
    FUZZ_CHECK(!templates->empty());
    for (const Template& value : *templates) check(value);
  }
  return 0;
}
