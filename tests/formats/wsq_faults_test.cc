// WSQ streams that are cut, spoilt or hostile: which fault, told at which byte.

#include <gtest/gtest.h>

#include <vector>

#include "engine/base/limits.h"
#include "engine/formats/images/wsq.h"
#include "engine/formats/images/wsq_encoder.h"
#include "tests/support/ridge_picture.h"

namespace whorl::formats {
namespace {

using test::ridge_picture;
using wsq::HuffmanSpec;
using wsq::Marker;

Bytes small_stream() {
  Image image = ridge_picture(48, 40);
  image.ppi.reset();
  auto bytes = encode_wsq(image, {2.0});
  EXPECT_TRUE(bytes);
  return bytes ? *bytes : Bytes{};
}

void expect_refused(const Bytes& bytes, Fault fault, std::uint64_t told_at) {
  for (int again = 0; again < 2; ++again) {
    const auto refused = decode_wsq(bytes);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, fault) << describe(refused.error());
    EXPECT_EQ(refused.error().offset, told_at) << describe(refused.error());
  }
}

TEST(WsqFaults, EveryPrefixIsTruncated) {
  const Bytes bytes = small_stream();
  expect_refused({}, Fault::empty_input, 0);
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    const auto refused = decode_wsq(std::span(bytes).first(size));
    ASSERT_FALSE(refused) << size;
    EXPECT_EQ(refused.error().fault, Fault::truncated) << size;
    EXPECT_EQ(refused.error().offset, size);
  }
}

TEST(WsqFaults, WhatFollowsTheEndIsNotLookedAt) {
  Bytes bytes = small_stream();
  const auto whole = decode_wsq(bytes);
  for (const int b : {0, 0xFF, 0xA0}) bytes.push_back(static_cast<std::byte>(b));
  EXPECT_EQ(*decode_wsq(bytes), *whole);
}

std::uint8_t one_less(std::byte value) {
  return static_cast<std::uint8_t>(std::to_integer<int>(value) - 1);
}

TEST(WsqFaults, EachByteHasItsFault) {
  struct Row {
    std::size_t offset;
    std::uint8_t value;
    Fault fault;
    std::size_t told_at;
  };
  const Bytes bytes = small_stream();
  ASSERT_TRUE(decode_wsq(bytes));
  constexpr std::size_t kFrame = 453, kTable = 472;
  ASSERT_EQ(bytes.at(kFrame + 1), std::byte{0xA2});
  ASSERT_EQ(bytes.at(kTable + 1), std::byte{0xA6});
  const std::vector<Row> table = {
      {0, 0xFE, Fault::bad_magic, 0},
      {1, 0xA2, Fault::bad_magic, 0},
      {1, 0xD8, Fault::bad_magic, 0},     // JPEG
      {2, 0x00, Fault::damaged_file, 2},  // no marker
      {3, 0xB0, Fault::unsupported, 2},   // a restart outside blocks
      {3, 0xA0, Fault::unsupported, 2},   // a second beginning
      {3, 0xFF, Fault::unsupported, 2},
      {3, 0xA3, Fault::damaged_file, 2},          // a block before what it needs
      {3, 0xA1, Fault::damaged_file, 2},          // the end before anything
      {4, 0xFF, Fault::truncated, bytes.size()},  // the filters' length
      {5, 1, Fault::out_of_range, 4},
      {5, 3, Fault::out_of_range, 4},
      {5, 57, Fault::out_of_range, 4},
      {6, 0, Fault::out_of_range, 6},  // taps of the low pass
      {6, 33, Fault::unsupported, 6},
      {6, 8, Fault::unsupported, 7},  // odd and even
      {6, 11, Fault::out_of_range, 4},
      {7, 0, Fault::out_of_range, 7},
      {7, 255, Fault::unsupported, 7},
      {7, 9, Fault::out_of_range, 4},
      {65, 0x86, Fault::out_of_range, 64},  // the bins' length
      {63, 0xA4, Fault::damaged_file, 62},  // filters twice
      {kFrame + 3, 16, Fault::out_of_range, kFrame + 2},
      {kFrame + 7, 0, Fault::out_of_range, kFrame + 6},  // height
      {kFrame + 9, 0, Fault::out_of_range, kFrame + 6},  // width
      {kFrame + 6, 0xFF, Fault::limit_exceeded, kFrame + 6},
      {kFrame + 8, 0xFF, Fault::limit_exceeded, kFrame + 6},
      {kFrame + 7, 200, Fault::damaged_file, bytes.size() - 2},  // more rows than coefficients
      {kTable + 4, 8, Fault::out_of_range, kTable + 4},          // number of the table
      {kTable + 4, 1, Fault::damaged_file, 0},                   // its block has none then
      {kTable + 5, 3, Fault::out_of_range, kTable + 5},          // three codes of one bit
      {kTable + 20, 200, Fault::out_of_range, kTable + 5},       // 200 codes of 16 bits
      {kTable + 3, one_less(bytes.at(kTable + 3)), Fault::out_of_range,
       kTable + 2},  // a symbol short
      {bytes.size() - 1, 0xA9, Fault::unsupported, bytes.size() - 2},
      {bytes.size() - 1, 0x00, Fault::truncated, bytes.size()},
      {bytes.size() - 1, 0xB0, Fault::damaged_file, bytes.size() - 2},  // no interval was said
      {bytes.size() - 1, 0xA2, Fault::damaged_file, bytes.size() - 2},  // a second frame
  };
  for (const Row& row : table) {
    Bytes spoilt = bytes;
    spoilt.at(row.offset) = std::byte{row.value};
    SCOPED_TRACE("byte " + std::to_string(row.offset));
    if (row.told_at != 0 || row.fault == Fault::bad_magic) {
      expect_refused(spoilt, row.fault, row.told_at);
    } else {
      const auto refused = decode_wsq(spoilt);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().fault, row.fault);
    }
  }
}

// Whatever a byte is changed to, the answer is a picture of the said size or a fault within.
TEST(WsqFaults, NoByteLeadsAstray) {
  const Bytes bytes = small_stream();
  int refused = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const unsigned flip : {0x01U, 0x80U, 0xFFU}) {
      Bytes spoilt = bytes;
      spoilt.at(i) ^= static_cast<std::byte>(flip);
      const auto image = decode_wsq(spoilt);
      if (image) {
        EXPECT_EQ(image->samples.size(), static_cast<std::size_t>(image->width_px) *
                                             static_cast<std::size_t>(image->height_px));
      } else {
        ++refused;
        EXPECT_LE(image.error().offset, spoilt.size());
      }
    }
  }
  EXPECT_GT(refused, 500);
}

// Streams made by hand: one band travels, 0, of 2 x 2 coefficients.
constexpr int kSidePx = 64;

struct HandMade {
  int side_px = kSidePx;
  HuffmanSpec spec;
  std::vector<int> block;  // bytes
  int interval = 0;

  Bytes bytes() const {
    ByteWriter out;
    write_marker(out, Marker::start_of_image);
    write_bank(out, wsq::standard_bank());
    wsq::Quantisers quantisers;
    quantisers.bands[0] = {1.0F, 1.0F};
    write_quantisers(out, quantisers);
    wsq::write_frame(out, {side_px, side_px, 128, 1});
    if (interval != 0) wsq::write_restart_interval(out, interval);
    wsq::write_huffman_spec(out, 0, spec);
    wsq::write_block_table(out, 0);
    for (const int b : block) out.u8(static_cast<std::uint64_t>(b));
    write_marker(out, Marker::end_of_image);
    return out.take();
  }
  // Of the first byte of the block.
  std::size_t block_at() const { return bytes().size() - block.size() - 2; }
};

// Codes 0, 10 and 110 for three symbols.
HuffmanSpec three_codes(std::uint8_t a, std::uint8_t b, std::uint8_t c) {
  HuffmanSpec spec;
  spec.counts[0] = spec.counts[1] = spec.counts[2] = 1;
  spec.symbols = {a, b, c};
  return spec;
}

constexpr std::uint8_t kOneZero = 1, kPlusOne = 181, kLongRun = 106;

TEST(WsqFaults, ThreeZeroesAndAOneMakeASlope) {
  const HandMade stream{kSidePx, three_codes(kOneZero, kPlusOne, 2), {0b00010111}, 0};
  const auto image = decode_wsq(stream.bytes());
  ASSERT_TRUE(image) << describe(image.error());
  // The coefficient is (1 - 0.44) + 0.5 = 1.06, and a low pass brings 1 to half of a grey level at
  // each level: 1.06 / 32 is far below one.
  for (const std::uint8_t sample : image->samples) EXPECT_EQ(sample, 128);
}

TEST(WsqFaults, StreamsAreHeldToTheirCoefficients) {
  const HuffmanSpec ones = three_codes(kOneZero, kPlusOne, kLongRun);
  struct Row {
    const char* what;
    std::vector<int> block;
    std::size_t told_at;  // from the block's first byte; the marker stands behind its last
  };
  const Row rows[] = {
      {"three of four", {0b00011111}, 1},
      {"five zeroes of four", {0b00000111}, 0},
      {"five ones of four", {0b10101010, 0b10111111}, 1},
      {"a run of five", {0b11000000, 0b00000000, 0b10111111}, 0},
      {"a run of 65535", {0b11011111, 0xFF, 0, 0b11111111, 0}, 0},
      {"a run that is cut", {0b11000000}, 0},
      {"no such code", {0b11101111, 0b11111110}, 0},
      {"a byte too many", {0b00001111, 0b00000000}, 0},
      {"two bytes of ones", {0b00001111, 0xFF, 0, 0xFF, 0}, 0},
      {"nothing", {}, 0},
  };
  for (const Row& row : rows) {
    const HandMade stream{kSidePx, ones, row.block, 0};
    SCOPED_TRACE(row.what);
    const auto refused = decode_wsq(stream.bytes());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::damaged_file);
    EXPECT_EQ(refused.error().offset - stream.block_at(), row.told_at);
  }
  const HandMade exact{kSidePx, ones, {0b00001111}, 0};
  EXPECT_TRUE(decode_wsq(exact.bytes()));
  const HandMade filled_twice{kSidePx, ones, {0b10101010, 0xFF, 0}, 0};  // as valid1.9.an2 does
  EXPECT_TRUE(decode_wsq(filled_twice.bytes()));
  const HandMade run{kSidePx, ones, {0b11000000, 0b00000000, 0b10011111}, 0};
  EXPECT_TRUE(decode_wsq(run.bytes()));
}

TEST(WsqFaults, SymbolsWithoutAMeaningAreRefused) {
  for (const std::uint8_t symbol : {std::uint8_t{0}, std::uint8_t{255}}) {
    const HandMade stream{kSidePx, three_codes(symbol, 1, 2), {0b00001111}, 0};
    expect_refused(stream.bytes(), Fault::damaged_file, stream.block_at());
  }
}

TEST(WsqFaults, RestartsNeedAnInterval) {
  HandMade stream{
      kSidePx, three_codes(kOneZero, kPlusOne, 2), {0b00111111, 0xFF, 0xB0, 0b00111111}, 2};
  EXPECT_TRUE(decode_wsq(stream.bytes()));
  stream.interval = 0;
  expect_refused(stream.bytes(), Fault::damaged_file, stream.block_at() + 1);
}

// A large picture of a few bytes: time and memory are the picture's alone.
TEST(WsqFaults, RunsCostNoMoreThanThePicture) {
  constexpr int kLargeSidePx = 2048;  // band 0 has 64 x 64 coefficients
  const HuffmanSpec runs = three_codes(kLongRun, kOneZero, 2);
  // 4096 = 0x1000 zeroes: code 0, then 16 bits.
  const HandMade stream{kLargeSidePx, runs, {0b00001000, 0, 0b01111111}, 0};
  const auto image = decode_wsq(stream.bytes());
  ASSERT_TRUE(image) << describe(image.error());
  EXPECT_EQ(image->samples.size(), std::size_t{kLargeSidePx} * kLargeSidePx);
}

}  // namespace
}  // namespace whorl::formats
