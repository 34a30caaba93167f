#include <gtest/gtest.h>

#include <limits>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "tests/base/hex.h"

namespace whorl {
namespace {

using ::whorl::testing::from_hex;
using ::whorl::testing::to_hex;

TEST(ByteWriter, WritesBigEndian) {
  ByteWriter out;
  out.u8(0x01);
  out.u16(0x0203);
  out.u32(0x04050607);
  out.u64(0x08090A0B0C0D0E0F);
  out.text("ab");
  EXPECT_EQ(to_hex(out.view()), "0102030405060708090a0b0c0d0e0f6162");
}

TEST(ByteWriter, PatchesALengthInPlaceAndNothingElse) {
  ByteWriter out;
  for (int i = 0; i < 8; ++i) out.u8(0xFF);
  out.patch_u16(1, 0x1234);
  out.patch_u32(3, 0x56789ABC);
  EXPECT_EQ(to_hex(out.view()), "ff123456789abcff");
  EXPECT_EQ(out.size(), 8U);
}

TEST(ByteWriter, IsEmptyOnceItsBytesWereTaken) {
  ByteWriter out;
  out.u16(7);
  EXPECT_EQ(to_hex(out.take()), "0007");
  EXPECT_EQ(out.size(), 0U);
}

TEST(ByteReader, ReadsWhatTheWriterWrote) {
  const Bytes bytes = from_hex("0102030405060708090a0b0c0d0e0f6162");
  ByteReader in(bytes);
  EXPECT_EQ(in.u8(), 0x01U);
  EXPECT_EQ(in.u16(), 0x0203U);
  EXPECT_EQ(in.u32(), 0x04050607U);
  EXPECT_EQ(in.u64(), 0x08090A0B0C0D0E0FU);
  EXPECT_EQ(in.offset(), 15U);
  EXPECT_EQ(to_hex(in.take(2)), "6162");
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.remaining(), 0U);
}

TEST(ByteReader, YieldsZeroPastTheEndAndStaysFailed) {
  const Bytes bytes = from_hex("ffffff");
  ByteReader in(bytes);
  EXPECT_EQ(in.u32(), 0U);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u8(), 0U) << "a byte is left, but the reader has failed";
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.offset(), 0U) << "where the read that failed began";
}

TEST(ByteReader, RefusesEverySizeBeyondWhatIsLeft) {
  const Bytes bytes = from_hex("0102");
  for (const std::size_t count :
       {std::size_t{3}, std::size_t{1} << 32U, std::numeric_limits<std::size_t>::max()}) {
    ByteReader in(bytes);
    EXPECT_TRUE(in.take(count).empty()) << count;
    EXPECT_FALSE(in.ok()) << count;
  }
}

TEST(ByteReader, TakesUntilASeparatorOrTheEnd) {
  const Bytes bytes = from_hex("0102001d00ff");
  ByteReader in(bytes);
  EXPECT_EQ(to_hex(in.take_until(std::byte{0})), "0102");
  EXPECT_EQ(in.offset(), 3U) << "the separator is passed over";
  EXPECT_EQ(to_hex(in.take_until(std::byte{0x1D})), "");
  EXPECT_EQ(to_hex(in.take_until(std::byte{7})), "00ff");
  EXPECT_EQ(to_hex(in.take_until(std::byte{7})), "");
  EXPECT_TRUE(in.ok()) << "the end is one, too";
  in.u8();
  EXPECT_TRUE(in.take_until(std::byte{7}).empty());
  EXPECT_FALSE(in.ok());
}

TEST(ByteReader, TakesNothingFromNothing) {
  ByteReader in({});
  EXPECT_TRUE(in.take(0).empty());
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.u8(), 0U);
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace whorl
