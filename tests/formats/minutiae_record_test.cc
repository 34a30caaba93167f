#include "engine/formats/minutiae_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "engine/base/limits.h"
#include "tests/support/random_records.h"

namespace whorl::formats {
namespace {

using test::random_record;

// One finger, one minutia, no extensions: every byte's place is easily counted.
MinutiaeRecord small_record(MinutiaeFormat format) {
  FingerView view;
  view.position = FingerPosition::left_index;
  view.quality = {QualityRecord{80}};
  view.width_px = 200;
  view.height_px = 250;
  view.resolution_x = PixelsPerCm{197};
  view.resolution_y = PixelsPerCm{197};
  view.minutiae = {
      {.kind = MinutiaKind::ending, .x_px = 10, .y_px = 20, .angle = RawAngle{30}, .quality = 40}};
  MinutiaeRecord record;
  record.format = format;
  record.views = {view};
  return record;
}

Bytes encoded(const MinutiaeRecord& record) {
  auto bytes = encode_minutiae_record(record);
  EXPECT_TRUE(bytes) << describe(bytes.error());
  return bytes.value_or(Bytes{});
}

std::string name_of(MinutiaeFormat format) {
  constexpr std::array names = {"Iso2005", "Iso2011", "Ansi2004", "Ansi2009", "Ansi2009Am1"};
  return names.at(static_cast<std::size_t>(format));
}

class EveryFormat : public testing::TestWithParam<MinutiaeFormat> {};
INSTANTIATE_TEST_SUITE_P(Formats, EveryFormat, testing::ValuesIn(kMinutiaeFormats),
                         [](const auto& tested) { return name_of(tested.param); });

TEST_P(EveryFormat, GivesBackRandomRecords) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SeededRandom random(seed);
    const MinutiaeRecord record = random_record(random, GetParam());
    const Bytes bytes = encoded(record);
    const auto format = detect_minutiae_format(bytes);
    ASSERT_TRUE(format) << "seed " << seed;
    ASSERT_EQ(*format, GetParam()) << "seed " << seed;
    const auto decoded = decode_minutiae_record(bytes);
    ASSERT_TRUE(decoded) << "seed " << seed << ": " << describe(decoded.error());
    ASSERT_TRUE(*decoded == record) << "seed " << seed;
  }
}

TEST_P(EveryFormat, RefusesEveryPrefixAsTruncated) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    SeededRandom random(seed);
    const Bytes bytes = encoded(random_record(random, GetParam()));
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      const auto decoded = decode_minutiae_record(std::span(bytes).first(length));
      ASSERT_FALSE(decoded) << "seed " << seed << ", " << length << " bytes";
      ASSERT_EQ(decoded.error().fault, length == 0 ? Fault::empty_input : Fault::truncated)
          << "seed " << seed << ", " << length << " of " << bytes.size() << " bytes";
      ASSERT_EQ(decoded.error().offset, length);
    }
  }
}

TEST_P(EveryFormat, RefusesBytesAfterTheLastView) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SeededRandom random(seed);
    Bytes bytes = encoded(random_record(random, GetParam()));
    for (int extra = 1; extra <= 5; ++extra) {
      bytes.push_back(std::byte{0});
      const auto decoded = decode_minutiae_record(bytes);
      ASSERT_FALSE(decoded) << "seed " << seed << ", " << extra << " more";
      ASSERT_EQ(decoded.error().fault, Fault::length_mismatch);
    }
  }
}

// Whatever one changed byte does, the answer is a value that encodes back, or a fault: never a
// crash or a read beyond the end (the sanitizers' build sees those).
TEST_P(EveryFormat, StandsEveryChangeOfOneByte) {
  SeededRandom random(7);
  const Bytes bytes = encoded(random_record(random, GetParam()));
  int accepted = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const unsigned flipped : {0x01U, 0x80U, 0xFFU}) {
      Bytes spoilt = bytes;
      spoilt[i] ^= static_cast<std::byte>(flipped);
      const auto decoded = decode_minutiae_record(spoilt);
      if (!decoded) {
        ASSERT_LE(decoded.error().offset, spoilt.size());
        continue;
      }
      ++accepted;
      ASSERT_EQ(encoded(*decoded), spoilt) << "byte " << i;
    }
  }
  EXPECT_GT(accepted, 0);  // coordinates, angles and ids are as good as others
}

TEST_P(EveryFormat, ReadsAViewWithoutMinutiae) {
  MinutiaeRecord record = small_record(GetParam());
  record.views.front().minutiae.clear();
  const auto decoded = decode_minutiae_record(encoded(record));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, record);
}

TEST_P(EveryFormat, HoldsTheMostMinutiaeAndViews) {
  MinutiaeRecord record = small_record(GetParam());
  record.views.front().minutiae.resize(kMaxMinutiaePerView, record.views.front().minutiae.front());
  record.views.resize(kMaxViews, record.views.front());
  const auto decoded = decode_minutiae_record(encoded(record));
  ASSERT_TRUE(decoded) << describe(decoded.error());
  EXPECT_EQ(*decoded, record);

  MinutiaeRecord too_many_views = record;
  too_many_views.views.push_back(record.views.front());
  EXPECT_EQ(encode_minutiae_record(too_many_views).error().fault, Fault::limit_exceeded);
  record.views.front().minutiae.push_back(record.views.front().minutiae.front());
  EXPECT_EQ(encode_minutiae_record(record).error().fault, Fault::limit_exceeded);
}

// What a dialect has no room for is refused, never bent to fit.
struct Unencodable {
  const char* what;
  std::function<void(MinutiaeRecord&)> change;
  Fault fault;
  std::vector<MinutiaeFormat> formats;
};

const std::vector<MinutiaeFormat> kAll(kMinutiaeFormats.begin(), kMinutiaeFormats.end());
const std::vector<MinutiaeFormat> kCompact = {MinutiaeFormat::iso19794_2_2005,
                                              MinutiaeFormat::ansi378_2004};
const std::vector<MinutiaeFormat> kIso = {MinutiaeFormat::iso19794_2_2005,
                                          MinutiaeFormat::iso19794_2_2011};
const std::vector<MinutiaeFormat> kAnsi2009 = {MinutiaeFormat::ansi378_2009,
                                               MinutiaeFormat::ansi378_2009_am1};
const std::vector<MinutiaeFormat> kAllBut2011 = {
    MinutiaeFormat::iso19794_2_2005, MinutiaeFormat::ansi378_2004, MinutiaeFormat::ansi378_2009,
    MinutiaeFormat::ansi378_2009_am1};

FingerView& first(MinutiaeRecord& r) { return r.views.front(); }
RecordMinutia& minutia(MinutiaeRecord& r) { return r.views.front().minutiae.front(); }

TEST(Encoding, RefusesWhatAFormatCannotHold) {
  const std::vector<Unencodable> table = {
      {"no view", [](auto& r) { r.views.clear(); }, Fault::out_of_range, kAll},
      {"x", [](auto& r) { minutia(r).x_px = 0x4000; }, Fault::out_of_range, kAll},
      {"y", [](auto& r) { minutia(r).y_px = 0x4000; }, Fault::out_of_range, kAll},
      {"kind", [](auto& r) { minutia(r).kind = MinutiaKind{3}; }, Fault::out_of_range, kAll},
      {"quality", [](auto& r) { minutia(r).quality = 101; }, Fault::out_of_range, kAll},
      {"quality 254", [](auto& r) { minutia(r).quality = 254; }, Fault::out_of_range, kCompact},
      {"angle", [](auto& r) { minutia(r).angle = RawAngle{180}; }, Fault::out_of_range, kAnsi2009},
      {"position", [](auto& r) { first(r).position = FingerPosition{11}; }, Fault::out_of_range,
       kAll},
      {"impression", [](auto& r) { first(r).impression = Impression{12}; }, Fault::out_of_range,
       kAll},
      {"latent impression", [](auto& r) { first(r).impression = Impression::latent_photo; },
       Fault::out_of_range, kAllBut2011},
      {"view number", [](auto& r) { first(r).view_number = 16; }, Fault::out_of_range, kCompact},
      {"finger quality", [](auto& r) { first(r).quality.front().score = 101; }, Fault::out_of_range,
       kAll},
      {"quality vendor", [](auto& r) { first(r).quality.front().vendor = 1; }, Fault::out_of_range,
       kCompact},
      {"no quality", [](auto& r) { first(r).quality.clear(); }, Fault::out_of_range, kAllBut2011},
      {"256 qualities",
       [](auto& r) { first(r).quality.resize(256); },
       Fault::limit_exceeded,
       {MinutiaeFormat::iso19794_2_2011}},
      {"width 0", [](auto& r) { first(r).width_px = 0; }, Fault::out_of_range, kAll},
      {"height 0", [](auto& r) { first(r).height_px = 0; }, Fault::out_of_range, kAll},
      {"two frames",
       [](auto& r) {
         r.views.push_back(r.views.front());
         r.views.back().width_px += 1;
       },
       Fault::out_of_range, kCompact},
      {"capture time", [](auto& r) { first(r).captured.year = 2020; }, Fault::out_of_range,
       kAllBut2011},
      {"five-byte minutiae", [](auto& r) { first(r).has_minutia_quality = false; },
       Fault::out_of_range, kAll},  // also in 2011: the quality would be lost
      {"certificates without their flag", [](auto& r) { first(r).certificates.resize(1); },
       Fault::out_of_range, kAll},
      {"technology", [](auto& r) { first(r).sensor_technology = 21; }, Fault::out_of_range, kAll},
      {"ending type", [](auto& r) { first(r).ending_type = RidgeEndingType{2}; },
       Fault::out_of_range, kAll},
      {"owner", [](auto& r) { r.vendor = 1; }, Fault::out_of_range, kIso},
      {"sensor", [](auto& r) { r.sensor_id = 4096; }, Fault::out_of_range, kCompact},
      {"certifications", [](auto& r) { r.certifications = 16; }, Fault::out_of_range, kCompact},
      {"another length", [](auto& r) { r.declared_length = 99; }, Fault::out_of_range, kAll},
      {"draft", [](auto& r) { r.draft_header = true; }, Fault::out_of_range, kIso},
      {"padded version", [](auto& r) { r.zero_padded_version = true; }, Fault::out_of_range, kIso},
      {"long extension",
       [](auto& r) {
         first(r).extensions = {OpaqueExtension{0x100, Bytes(65533)}};
       },
       Fault::limit_exceeded, kAll},
      {"17 views of 64 kB",
       [](auto& r) {
         first(r).extensions = {OpaqueExtension{0x100, Bytes(65000)}};
         r.views.resize(17, r.views.front());
       },
       Fault::limit_exceeded, kAll},
  };
  for (const Unencodable& row : table) {
    for (const MinutiaeFormat format : row.formats) {
      MinutiaeRecord record = small_record(format);
      ASSERT_TRUE(encode_minutiae_record(record));
      row.change(record);
      const auto bytes = encode_minutiae_record(record);
      ASSERT_FALSE(bytes) << row.what << " in " << name_of(format);
      EXPECT_EQ(bytes.error().fault, row.fault) << row.what << " in " << name_of(format);
    }
  }
}

TEST(Encoding, TellsTwoByteLengthsFromSix) {
  MinutiaeRecord record = small_record(MinutiaeFormat::ansi378_2004);
  for (const std::size_t data : {65485U - 4U, 65486U - 4U, 65487U - 4U, 65488U - 4U, 65500U}) {
    record.views.front().extensions = {OpaqueExtension{0x100, Bytes(data)}};
    const Bytes bytes = encoded(record);
    EXPECT_EQ(bytes[8] == std::byte{0} && bytes[9] == std::byte{0}, bytes.size() > 65535);
    const auto decoded = decode_minutiae_record(bytes);
    ASSERT_TRUE(decoded) << describe(decoded.error());
    EXPECT_EQ(*decoded, record);
  }
}

TEST(Detection, TellsKindsApart) {
  struct Row {
    std::string_view bytes;
    Fault fault;
  };
  using namespace std::string_view_literals;
  for (const Row& row :
       {Row{""sv, Fault::empty_input},
        {"F"sv, Fault::truncated},
        {"X"sv, Fault::bad_magic},
        {"FMR"sv, Fault::truncated},
        {"FMRX"sv, Fault::bad_magic},
        {"FIR\0 10\0"sv, Fault::bad_magic},
        {"FMR\0 2"sv, Fault::truncated},
        {"FMR\0 30\0"sv, Fault::unsupported},
        {"FMR\0 20\0"sv, Fault::truncated},
        {"FMR\0"
         "031\0 aaaaaaaaaaaaaaaaaaaa"sv,
         Fault::unsupported},
        {"FMR\0 20\0\0\0\0"sv, Fault::truncated},
        // a length no record of this library has
        {"FMR\0"
         "030\0\xFF\0\0\0\0\x01\0\0\0\0\0"sv,
         Fault::limit_exceeded},
        {"FMR\0 20\0\0\x11\0\0\0\0\0\0\0\0\0\0\0\0\x01\0"sv, Fault::limit_exceeded}}) {
    const auto record = decode_minutiae_record(as_bytes(row.bytes));
    ASSERT_FALSE(record) << row.bytes;
    EXPECT_EQ(record.error().fault, row.fault) << row.bytes;
  }
}

TEST(Detection, RefusesMoreBytesThanTheLimit) {
  Bytes bytes = encoded(small_record(MinutiaeFormat::iso19794_2_2005));
  bytes.resize(kMaxRecordBytes + 1);
  EXPECT_EQ(decode_minutiae_record(bytes).error().fault, Fault::limit_exceeded);
}

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
