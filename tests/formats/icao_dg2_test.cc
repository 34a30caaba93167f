#include "engine/formats/images/icao_dg2.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/face_image_files.h"

namespace whorl::formats {
namespace {

using test::ber;
using test::bytes_of;
using test::ChipOptions;
using test::data_group_2;
using test::joined;

const Bytes kRecord = bytes_of({'F', 'A', 'C', 0, 1, 2, 3});
const Bytes kOther = bytes_of({'o', 't', 'h', 'e', 'r'});

std::vector<Dg2Face> read(const Bytes& bytes) {
  auto faces = read_icao_dg2(bytes);
  EXPECT_TRUE(faces) << describe(faces.error());
  return faces.value_or(std::vector<Dg2Face>{});
}

Error error_of(const Bytes& bytes) {
  const auto faces = read_icao_dg2(bytes);
  EXPECT_FALSE(faces);
  return faces ? Error{} : faces.error();
}

Bytes content_of(const Dg2Face& face) { return {face.record.begin(), face.record.end()}; }

TEST(ChipFace, RecordsComeOutInTheirOrder) {
  for (const std::uint32_t tag : {0x5F2EU, 0x7F2EU}) {
    ChipOptions options;
    options.record_tag = tag;
    const Bytes bytes = data_group_2({kRecord, kOther}, options);
    EXPECT_TRUE(looks_like_icao_dg2(bytes));
    const auto faces = read(bytes);
    ASSERT_EQ(faces.size(), 2U);
    EXPECT_EQ(content_of(faces[0]), kRecord);
    EXPECT_EQ(content_of(faces[1]), kOther);
    for (const Dg2Face& face : faces) { EXPECT_EQ(face.record.data(), bytes.data() + face.offset); }
  }
}

TEST(ChipFace, LengthsOfOneToFourBytesAreRead) {
  const Bytes large(70'000, std::byte{9});
  for (int length_bytes = 1; length_bytes <= 4; ++length_bytes) {
    for (const Bytes& record : {kRecord, large}) {
      if (record.size() > 0xFF && length_bytes < 3) continue;
      ChipOptions options;
      options.length_bytes = length_bytes;
      const Bytes bytes = data_group_2({record}, options);
      const auto faces = read(bytes);
      ASSERT_EQ(faces.size(), 1U);
      EXPECT_EQ(content_of(faces[0]), record);
    }
  }
  EXPECT_EQ(content_of(read(data_group_2({large}))[0]), large);
}

TEST(ChipFace, SaysWhenItWasMade) {
  const auto faces = read(data_group_2({kRecord}));
  ASSERT_EQ(faces.size(), 1U);
  EXPECT_EQ(faces[0].created, (CaptureTime{2024, 2, 29, 12, 0, 0, 0xFFFF}));
  for (const Bytes& date : {bytes_of({0x20, 0x24}), bytes_of({0x20, 0x24, 0x0A, 1, 1, 1, 1}),
                            bytes_of({0x20, 0x24, 0xA0, 1, 1, 1, 1}), Bytes{}}) {
    ChipOptions options;
    options.header = ber(0x83, date);
    EXPECT_EQ(read(data_group_2({kRecord}, options))[0].created, CaptureTime{});
  }
  ChipOptions none;
  none.header = {};
  EXPECT_EQ(read(data_group_2({kRecord}, none))[0].created, CaptureTime{});
}

TEST(ChipFace, ZeroesBehindTheGroupAreTheRestOfTheFile) {
  Bytes bytes = data_group_2({kRecord});
  const std::size_t end = bytes.size();
  bytes.resize(end + 300);
  EXPECT_EQ(read(bytes).size(), 1U);
  for (const std::size_t junk : {end, end + 1, end + 299}) {
    Bytes spoilt = bytes;
    spoilt[junk] = std::byte{0x80};
    EXPECT_EQ(error_of(spoilt), (Error{Fault::length_mismatch, junk, ""}));
  }
}

TEST(ChipFace, RefusesEveryPrefixAsTruncated) {
  for (const int length_bytes : {test::kShortest, 1, 4}) {
    ChipOptions options;
    options.length_bytes = length_bytes;
    const Bytes bytes = data_group_2({kRecord, kOther}, options);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      const Bytes prefix(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
      const Error error = error_of(prefix);
      ASSERT_EQ(error.fault, length == 0 ? Fault::empty_input : Fault::truncated) << length;
      ASSERT_EQ(error.offset, length);
    }
  }
}

TEST(ChipFace, StandsEveryChangeOfOneByte) {
  const Bytes bytes = data_group_2({kRecord, kOther});
  int accepted = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      Bytes spoilt = bytes;
      spoilt[i] = static_cast<std::byte>(value);
      const auto faces = read_icao_dg2(spoilt);
      if (!faces) {
        ASSERT_LE(faces.error().offset, spoilt.size());
        continue;
      }
      ++accepted;
      for (const Dg2Face& face : *faces) {
        ASSERT_LE(face.offset + face.record.size(), spoilt.size());
        ASSERT_EQ(face.record.data(), spoilt.data() + face.offset);
      }
    }
  }
  EXPECT_GT(accepted, 0);
}

// Where the elements of data_group_2({kRecord}) begin:
//  0 75          the group
//  2   7F61        what it holds
//  5     02          how many
//  8     7F60        the first
// 11       A1          its header: 80 at 13, 81 at 17, 83 at 20, 87 at 29, 88 at 33
// 37       5F2E        its record, to 47
struct Spoilt {
  std::size_t offset;
  std::uint8_t value;
  Fault fault;
  std::size_t told_at;
};

TEST(SpoiltChipFace, EachByteHasItsFault) {
  const Bytes bytes = data_group_2({kRecord});
  ASSERT_EQ(bytes.size(), 47U);
  for (const Spoilt& row : {
           Spoilt{0, 0x63, Fault::bad_magic, 0},  // fingers
           {1, 44, Fault::length_mismatch, 2},
           {1, 46, Fault::truncated, 47},
           {1, 0x80, Fault::unsupported, 1},  // a length without an end
           {1, 0x85, Fault::bad_magic, 0},    // its tag would stand five bytes on
           {2, 0x7E, Fault::bad_magic, 0},
           {3, 0x60, Fault::bad_magic, 0},
           {4, 41, Fault::length_mismatch, 8},  // what it holds is longer
           {4, 43, Fault::length_mismatch, 2},  // it is longer than what holds it
           {5, 0x04, Fault::out_of_range, 5},
           {6, 2, Fault::out_of_range, 5},
           {6, 0, Fault::out_of_range, 5},
           {7, 0, Fault::out_of_range, 7},
           {7, 2, Fault::length_mismatch, 7},
           {7, 200, Fault::limit_exceeded, 7},
           {8, 0x7D, Fault::length_mismatch, 8},  // a tag of one byte, a length of 96
           {8, 0x1F, Fault::out_of_range, 8},
           {9, 0xE0, Fault::unsupported, 8},  // a tag of three bytes
           {10, 35, Fault::length_mismatch, 37},
           {10, 37, Fault::length_mismatch, 8},
           {11, 0xA2, Fault::out_of_range, 11},
           {12, 23, Fault::length_mismatch, 33},
           {12, 25, Fault::length_mismatch, 37},
           {14, 0x7F, Fault::length_mismatch, 13},
           {37, 0x5E, Fault::length_mismatch, 37},
           {38, 0x2F, Fault::out_of_range, 37},
           {39, 6, Fault::length_mismatch, 46},
           {39, 8, Fault::length_mismatch, 37},
           {39, 0x84, Fault::length_mismatch, 37},
           {39, 0x86, Fault::unsupported, 39},
       }) {
    SCOPED_TRACE(testing::Message() << "byte " << row.offset << " is " << int{row.value});
    Bytes spoilt = bytes;
    spoilt.at(row.offset) = std::byte{row.value};
    EXPECT_EQ(error_of(spoilt), (Error{row.fault, row.told_at, ""}));
  }
}

TEST(ChipFace, OtherFilesAreNone) {
  for (const char* text : {"FAC", "FIR", "1.001:", "\x63\x05\x7F\x61\x02", "u2 begins a diary"}) {
    const auto bytes = as_bytes(text);
    EXPECT_FALSE(looks_like_icao_dg2(bytes)) << text;
    EXPECT_EQ(read_icao_dg2(bytes).error().fault, Fault::bad_magic) << text;
  }
  EXPECT_FALSE(looks_like_icao_dg2({}));
}

}  // namespace
}  // namespace whorl::formats
