#include "engine/base/crc32c.h"

#include <gtest/gtest.h>

#include "engine/base/byte_writer.h"
#include "engine/base/random.h"
#include "tests/base/hex.h"

namespace whorl {
namespace {

using ::whorl::testing::from_hex;

struct Vector {
  const char* hex;
  std::uint32_t sum;
};

// RFC 3720, B.4, and the check value of the CRC catalogues ("123456789").
const Vector kVectors[] = {
    {"", 0x00000000},
    {"313233343536373839", 0xE3069283},
    {"0000000000000000000000000000000000000000000000000000000000000000", 0x8A9136AA},
    {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", 0x62A8AB43},
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 0x46DD794E},
    {"1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100", 0x113FDB5C},
    {"01c000000000000000000000000000001400000000000400000000140000001828000000000000000200000000"
     "000000",
     0xD9963A56},
};

TEST(Crc32c, MeetsThePublishedVectors) {
  for (const Vector& vector : kVectors) {
    EXPECT_EQ(crc32c_reference(from_hex(vector.hex)), vector.sum) << vector.hex;
    EXPECT_EQ(crc32c(from_hex(vector.hex)), vector.sum) << vector.hex;
  }
}

Bytes noise(std::size_t count) {
  SeededRandom random(3720);
  Bytes bytes(count);
  for (std::byte& b : bytes) b = static_cast<std::byte>(random.below(256));
  return bytes;
}

TEST(Crc32c, TheInstructionAgreesWithTheDefinitionAtEveryLengthAndAlignment) {
  const Bytes bytes = noise(300);
  for (std::size_t start = 0; start < 9; ++start) {
    for (std::size_t length = 0; start + length <= bytes.size(); ++length) {
      const auto part = std::span(bytes).subspan(start, length);
      ASSERT_EQ(crc32c(part), crc32c_reference(part)) << start << " + " << length;
    }
  }
}

TEST(Crc32c, ContinuesASumWhereverItWasCut) {
  const Bytes bytes = noise(77);
  const std::uint32_t whole = crc32c(bytes);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const auto first = std::span(bytes).first(cut), rest = std::span(bytes).subspan(cut);
    EXPECT_EQ(crc32c(rest, crc32c(first)), whole);
    EXPECT_EQ(crc32c_reference(rest, crc32c_reference(first)), whole);
  }
}

TEST(Crc32c, SeesEveryFlippedBit) {
  Bytes bytes = noise(64);
  const std::uint32_t whole = crc32c(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_NE(crc32c(bytes), whole) << bit;
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
  }
}

}  // namespace
}  // namespace whorl
