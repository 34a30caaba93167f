#include "engine/formats/minutiae_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "engine/base/limits.h"
#include "tests/formats/small_record.h"
#include "tests/support/random_records.h"

namespace whorl::formats {
namespace {

using test::random_record;

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

}  // namespace
}  // namespace whorl::formats
