// Records with one byte changed, dialect by dialect: which fault, told at which byte.

#include <gtest/gtest.h>

#include <vector>

#include "engine/formats/minutiae_record.h"
#include "tests/formats/small_record.h"

namespace whorl::formats {
namespace {

// Changes of one byte that must be refused, each with its fault at its offset.
struct Spoilt {
  std::size_t offset;
  std::uint8_t value;
  Fault fault;
  std::size_t told_at;
};

void expect_refused(const MinutiaeRecord& record, const std::vector<Spoilt>& table) {
  const Bytes bytes = encoded(record);
  ASSERT_TRUE(decode_minutiae_record(bytes));
  for (const Spoilt& row : table) {
    Bytes spoilt = bytes;
    spoilt.at(row.offset) = std::byte{row.value};
    const auto decoded = decode_minutiae_record(spoilt);
    ASSERT_FALSE(decoded) << "byte " << row.offset;
    EXPECT_EQ(decoded.error().fault, row.fault)
        << "byte " << row.offset << ": " << describe(decoded.error());
    EXPECT_EQ(decoded.error().offset, row.told_at) << "byte " << row.offset;
  }
}

TEST(SpoiltIso2005, EachByteHasItsFault) {
  expect_refused(small_record(MinutiaeFormat::iso19794_2_2005),  // 36 bytes
                 {
                     {0, 'X', Fault::bad_magic, 0},
                     {3, 1, Fault::bad_magic, 0},
                     {4, '9', Fault::unsupported, 4},
                     {4, '0', Fault::unsupported, 4},  // "020" is ANSI's alone
                     {6, '1', Fault::unsupported, 4},
                     {7, 1, Fault::unsupported, 4},
                     {9, 0x11, Fault::limit_exceeded, 8},  // 1 MiB and more
                     {11, 35, Fault::length_mismatch, 8},
                     {11, 37, Fault::truncated, 36},
                     {10, 1, Fault::truncated, 36},
                     {15, 0, Fault::out_of_range, 14},  // width
                     {17, 0, Fault::out_of_range, 16},  // height
                     {22, 0, Fault::out_of_range, 22},  // views
                     {22, 2, Fault::truncated, 36},
                     {22, 177, Fault::limit_exceeded, 22},
                     {22, 255, Fault::limit_exceeded, 22},
                     {23, 1, Fault::out_of_range, 23},    // reserved
                     {24, 11, Fault::out_of_range, 24},   // finger position
                     {25, 4, Fault::out_of_range, 25},    // impression
                     {26, 101, Fault::out_of_range, 26},  // finger quality
                     {27, 0, Fault::truncated, 36},       // minutiae
                     {27, 2, Fault::truncated, 36},
                     {27, 255, Fault::truncated, 36},
                     {28, 0xC0, Fault::out_of_range, 28},  // kind
                     {30, 0x40, Fault::out_of_range, 30},  // reserved bits of y
                     {33, 101, Fault::out_of_range, 33},   // minutia quality
                     {34, 1, Fault::truncated, 36},        // extensions
                     {35, 3, Fault::truncated, 36},
                     {35, 1, Fault::truncated, 34},
                 });
}

TEST(SpoiltAnsi2004, EachByteHasItsFault) {
  expect_refused(
      small_record(MinutiaeFormat::ansi378_2004),  // 38 bytes
      {
          {0, 'X', Fault::bad_magic, 0},       {6, '1', Fault::unsupported, 4},
          {8, 1, Fault::truncated, 38},        {9, 37, Fault::length_mismatch, 8},
          {9, 35, Fault::length_mismatch, 8},  // 36 is the published sample's error
          {9, 39, Fault::truncated, 38},       {17, 0, Fault::out_of_range, 16},  // width
          {19, 0, Fault::out_of_range, 18},                                       // height
          {24, 0, Fault::out_of_range, 24},                                       // views
          {24, 2, Fault::truncated, 38},       {24, 255, Fault::limit_exceeded, 24},
          {25, 1, Fault::out_of_range, 25},     // reserved
          {26, 11, Fault::out_of_range, 26},    // finger position
          {27, 5, Fault::out_of_range, 27},     // impression
          {28, 254, Fault::out_of_range, 28},   // finger quality
          {29, 2, Fault::truncated, 38},        // minutiae
          {30, 0xC0, Fault::out_of_range, 30},  // kind
          {32, 0x80, Fault::out_of_range, 32},  // reserved bits of y
          {35, 101, Fault::out_of_range, 35},   // minutia quality
          {36, 1, Fault::truncated, 38},        // extensions
      });
}

void expect_ansi_2009_refused(MinutiaeFormat format) {
  expect_refused(small_record(format),  // 46 bytes
                 {
                     {0, 'X', Fault::bad_magic, 0},
                     {6, '4', Fault::unsupported, 4},
                     {9, 0x11, Fault::limit_exceeded, 8},
                     {11, 44, Fault::length_mismatch, 8},  // 45 is the published sample's error
                     {11, 47, Fault::truncated, 46},
                     {23, 4, Fault::out_of_range, 23},    // impression
                     {24, 101, Fault::out_of_range, 24},  // finger quality
                     {24, 253, Fault::out_of_range, 24},
                     {30, 0, Fault::out_of_range, 29},     // width
                     {32, 0, Fault::out_of_range, 31},     // height
                     {38, 0xC0, Fault::out_of_range, 38},  // kind
                     {40, 0x40, Fault::out_of_range, 40},  // reserved bits of y
                     {42, 180, Fault::out_of_range, 42},   // angle
                     {43, 253, Fault::out_of_range, 43},   // minutia quality
                 });
}

TEST(SpoiltAnsi2009, EachByteHasItsFault) {
  expect_ansi_2009_refused(MinutiaeFormat::ansi378_2009);
  expect_refused(small_record(MinutiaeFormat::ansi378_2009),
                 {
                     {19, 0, Fault::out_of_range, 19},  // views
                     {19, 2, Fault::truncated, 46},
                     {19, 255, Fault::limit_exceeded, 19},
                     {21, 11, Fault::out_of_range, 21},  // finger position
                     {37, 2, Fault::truncated, 46},      // minutiae
                     {44, 1, Fault::truncated, 46},      // extensions
                 });
}

TEST(SpoiltAnsi2009Am1, EachByteHasItsFault) {
  expect_ansi_2009_refused(MinutiaeFormat::ansi378_2009_am1);
  expect_refused(small_record(MinutiaeFormat::ansi378_2009_am1),
                 {
                     {19, 0, Fault::out_of_range, 19},  // views
                     {19, 2, Fault::truncated, 46},
                     {19, 255, Fault::limit_exceeded, 19},
                     {20, 1, Fault::out_of_range, 20},   // reserved
                     {21, 11, Fault::out_of_range, 21},  // finger position
                     {37, 2, Fault::truncated, 46},      // minutiae
                     {44, 1, Fault::truncated, 46},      // extensions
                 });
}

TEST(SpoiltIso2011, EachByteHasItsFault) {
  expect_refused(
      small_record(MinutiaeFormat::iso19794_2_2011),  // 60 bytes
      {
          {0, 'X', Fault::bad_magic, 0},
          {6, '1', Fault::unsupported, 4},
          {9, 0x11, Fault::limit_exceeded, 8},
          {11, 58, Fault::length_mismatch, 8},
          {11, 61, Fault::truncated, 60},
          {13, 0, Fault::out_of_range, 12},  // views
          {13, 2, Fault::truncated, 60},
          {12, 1, Fault::limit_exceeded, 12},
          {14, 1, Fault::truncated, 60},  // certificates: the position is taken for their count
          {18, 44, Fault::length_mismatch, 15},  // representation length
          {18, 46, Fault::length_mismatch, 15},
          {28, 21, Fault::out_of_range, 28},    // sensor technology
          {33, 0, Fault::out_of_range, 34},     // quality records: all shifts
          {34, 101, Fault::out_of_range, 34},   // finger quality
          {39, 11, Fault::out_of_range, 39},    // finger position
          {45, 10, Fault::out_of_range, 45},    // impression
          {47, 0, Fault::out_of_range, 46},     // width
          {49, 0, Fault::out_of_range, 48},     // height
          {50, 0x70, Fault::out_of_range, 50},  // minutia size
          {50, 0x62, Fault::out_of_range, 50},  // ending type
          {51, 2, Fault::truncated, 60},        // minutiae
          {52, 0xC0, Fault::out_of_range, 52},  // kind
          {54, 0x40, Fault::out_of_range, 54},  // reserved bits of y
          {57, 101, Fault::out_of_range, 57},   // minutia quality
          {58, 1, Fault::truncated, 60},        // extensions
      });
}

}  // namespace
}  // namespace whorl::formats
