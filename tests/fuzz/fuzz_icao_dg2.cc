// Any bytes as data group 2 of a passport's chip. What comes out must lie inside what went in, one
// record after another, and everything behind the group be zero.

#include <algorithm>
#include <cstdint>
#include <span>

#include "engine/base/limits.h"
#include "engine/formats/images/icao_dg2.h"
#include "tests/fuzz/fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto faces = whorl::formats::read_icao_dg2(bytes);
  if (!faces) {
    FUZZ_CHECK(faces.error().offset <= bytes.size());
    return 0;
  }
  FUZZ_CHECK(whorl::formats::looks_like_icao_dg2(bytes));
  FUZZ_CHECK(!faces->empty() && std::ssize(*faces) <= whorl::kMaxImagesPerFile);
  std::uint64_t end = 0;
  for (const auto& face : *faces) {
    FUZZ_CHECK(face.offset > end);  // a tag and a length at least lie between
    end = face.offset + face.record.size();
    FUZZ_CHECK(end <= bytes.size());
    FUZZ_CHECK(face.record.data() == bytes.data() + face.offset);
  }
  const auto rest = bytes.subspan(end);
  FUZZ_CHECK(std::all_of(rest.begin(), rest.end(), [](std::byte b) { return b == std::byte{0}; }));
  return 0;
}
