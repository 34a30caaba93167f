#include "engine/formats/images/nist_itl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "engine/base/limits.h"
#include "tests/support/finger_image_files.h"

namespace whorl::formats {
namespace {

using test::binary_record;
using test::BinaryFields;
using test::FieldTexts;
using test::tagged_record;
using test::TagWidth;
using test::transaction;
using test::type14_fields;
using test::with;
using testing::ElementsAre;

constexpr auto kWide = TagWidth::three_digits;

Bytes pixels(std::size_t count) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(10 * i);
  return bytes;
}

std::vector<NistFingerRecord> read(const Bytes& bytes) {
  auto fingers = read_nist_itl(bytes);
  EXPECT_TRUE(fingers) << describe(fingers.error());
  return fingers.value_or(std::vector<NistFingerRecord>{});
}

Bytes one_type14(const FieldTexts& fields, TagWidth width = kWide) {
  return transaction({tagged_record(14, fields, width, pixels(12))}, width);
}

TEST(NistItl, ReadsBothTagWidthsAlike) {
  for (const TagWidth width : {TagWidth::two_digits, kWide}) {
    const Bytes bytes =
        transaction({tagged_record(2, {{2, "00"}, {5, "N"}}, width),
                     binary_record(4, {.positions = {7}}, pixels(12)),
                     tagged_record(14, type14_fields(13, 4, 3, "NONE"), width, pixels(12))},
                    width);
    const auto fingers = read(bytes);
    ASSERT_EQ(fingers.size(), 2U);
    EXPECT_EQ(fingers[0].number, 3);
    EXPECT_EQ(fingers[0].type, 4);
    EXPECT_EQ(fingers[0].area, CapturedArea::left_index);
    EXPECT_EQ(fingers[1].number, 4);
    EXPECT_EQ(fingers[1].area, CapturedArea::plain_right_four);
    for (const NistFingerRecord& finger : fingers) {
      EXPECT_EQ(finger.picture.width_px, 4);
      EXPECT_EQ(finger.picture.height_px, 3);
      EXPECT_EQ(finger.picture.coding, SampleCoding::whole_bytes);
      EXPECT_EQ(finger.picture.ppi, PixelsPerInch{500});
      EXPECT_TRUE(std::ranges::equal(finger.picture.data, pixels(12)));
      EXPECT_EQ(bytes.at(finger.picture.offset + 1), std::byte{10}) << "the data begins there";
    }
  }
}

TEST(NistItl, SeparatorsInAPictureArePixels) {
  Bytes data;
  for (const char c : std::string("\x1C\x1D\x1E\x1F\x1D"
                                  "14.999:\x1C"
                                  "14.001:9\x1D\x1C")) {
    data.push_back(static_cast<std::byte>(c));
  }
  const auto width = static_cast<int>(data.size());
  const Bytes bytes =
      transaction({tagged_record(14, type14_fields(3, width, 1, "NONE"), kWide, data),
                   binary_record(4, {.width_px = width, .height_px = 1}, data)});
  const auto fingers = read(bytes);
  ASSERT_EQ(fingers.size(), 2U);
  for (const NistFingerRecord& finger : fingers) {
    EXPECT_TRUE(std::ranges::equal(finger.picture.data, data));
  }
}

TEST(NistItl, PassesOverFieldsOfAUserThatAreCalledPictures) {
  const auto picture_behind = [](const std::string& before) {
    Bytes data;
    for (const char c : before) data.push_back(static_cast<std::byte>(c));
    const Bytes last = pixels(12);
    data.insert(data.end(), last.begin(), last.end());
    const Bytes bytes =
        transaction({tagged_record(14, type14_fields(3, 4, 3, "NONE"), kWide, data)});
    return read(bytes).at(0).picture.data.size();
  };
  EXPECT_EQ(picture_behind("011011\x1D"
                           "14.999:4732\x1D"
                           "14.999:"),
            12U);
  EXPECT_GT(picture_behind("0110x1\x1D"
                           "14.999:"),
            12U)
      << "no digits";
  EXPECT_GT(picture_behind("01101112345678901\x1D"
                           "14.999:"),
            12U)
      << "17 digits";
  EXPECT_GT(picture_behind("\x1D"
                           "14.999:"),
            12U)
      << "nothing";
  EXPECT_GT(picture_behind("011011\x1D"
                           "14.998:"),
            12U)
      << "another tag";
}

TEST(NistItl, RefusesEveryPrefixAsTruncated) {
  for (const TagWidth width : {TagWidth::two_digits, kWide}) {
    const Bytes bytes =
        transaction({tagged_record(2, {{2, "00"}}, width), binary_record(4, {}, pixels(12)),
                     tagged_record(14, type14_fields(3, 4, 3, "NONE"), width, pixels(12)),
                     binary_record(8, {}, pixels(9))},
                    width);
    ASSERT_EQ(read(bytes).size(), 2U);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      const auto fingers = read_nist_itl(std::span(bytes).first(length));
      ASSERT_FALSE(fingers) << length << " bytes";
      ASSERT_EQ(fingers.error().fault, length == 0 ? Fault::empty_input : Fault::truncated)
          << length << " of " << bytes.size() << " bytes: " << describe(fingers.error());
      ASSERT_EQ(fingers.error().offset, length);
    }
  }
}

TEST(NistItl, PassesOverWhatShowsNoFinger) {
  const Bytes bytes = transaction(
      {tagged_record(2, {{2, "00"}}, kWide), binary_record(7, {}, pixels(7)),
       binary_record(8, {}, {}), tagged_record(9, {{2, "01"}}, kWide),
       tagged_record(10, {{2, "01"}}, kWide, pixels(5)),
       tagged_record(13, type14_fields(8, 4, 3, "NONE"), kWide, pixels(12)),
       tagged_record(15, type14_fields(25, 4, 3, "NONE"), kWide, pixels(12)),
       tagged_record(99, {{2, "01"}}, kWide), binary_record(4, {.positions = {25}}, pixels(12)),
       tagged_record(14, type14_fields(27, 4, 3, "NONE"), kWide, pixels(12)),
       tagged_record(14, with(type14_fields(9, 4, 3, "NONE"), 18, "9|XX"), kWide),
       binary_record(6, {.width_px = 80, .height_px = 80}, pixels(100))});
  EXPECT_TRUE(read(bytes).empty());
}

struct Position {
  std::vector<int> codes;
  CapturedArea area;
};

TEST(NistItl, PositionsAreAreas) {
  const Position table[] = {
      {{0}, CapturedArea::unknown},
      {{1}, CapturedArea::right_thumb},
      {{10}, CapturedArea::left_little},
      {{11}, CapturedArea::plain_right_thumb},
      {{12}, CapturedArea::plain_left_thumb},
      {{13}, CapturedArea::plain_right_four},
      {{14}, CapturedArea::plain_left_four},
      {{15}, CapturedArea::plain_thumbs},
      {{16}, CapturedArea::unknown},
      {{19}, CapturedArea::unknown},
      {{40}, CapturedArea::right_index_middle},
      {{50}, CapturedArea::left_middle_ring_little},
      {{2, 3}, CapturedArea::unknown},  // one or the other
      {{25, 2}, CapturedArea::unknown},
      {{}, CapturedArea::unknown},
  };
  for (const Position& row : table) {
    const auto binary = read(transaction({binary_record(4, {.positions = row.codes}, pixels(12))}));
    ASSERT_EQ(binary.size(), 1U) << testing::PrintToString(row.codes);
    EXPECT_EQ(binary[0].area, row.area) << testing::PrintToString(row.codes);
    std::string text;
    for (const int code : row.codes) text += (text.empty() ? "" : "^") + std::to_string(code);
    const auto tagged =
        read(one_type14(with(type14_fields(1, 4, 3, "NONE"), 13, row.codes.empty() ? "-" : text)));
    ASSERT_EQ(tagged.size(), 1U) << text;
    EXPECT_EQ(tagged[0].area, row.area) << text;
  }
}

TEST(NistItl, ATipIsOfTheFingerThatItsRecordNames) {
  const FieldTexts tip = type14_fields(19, 4, 3, "NONE");
  EXPECT_EQ(read(one_type14(with(tip, 14, "7|TIP")))[0].area, CapturedArea::left_index);
  EXPECT_EQ(read(one_type14(with(tip, 14, "0|EJI")))[0].area, CapturedArea::unknown);
  EXPECT_EQ(read(one_type14(with(tip, 14, "13|EJI")))[0].area, CapturedArea::unknown);
}

struct Resolution {
  int type;
  int isr;
  const char* native;
  const char* transmitted;
  double ppi;  // 0: the record does not say
};

TEST(NistItl, BinaryRecordsTakeTheirResolutionFromType1) {
  const Resolution table[] = {
      {4, 0, "19.69", "19.69", 500},  {4, 0, "39.37", "19.69", 500}, {4, 0, "00.00", "00.00", 500},
      {4, 0, "19.69", "39.37", 1000}, {4, 0, "20.00", "20.00", 508}, {4, 0, "19.69", "09.84", 500},
      {4, 1, "39.37", "19.69", 1000}, {4, 1, "19.68", "19.69", 500}, {4, 1, "00.00", "19.69", 0},
      {3, 0, "19.69", "09.84", 250},  {3, 0, "19.69", "19.69", 250}, {3, 1, "19.69", "19.69", 250},
      {3, 1, "39.37", "19.69", 500},  {4, 1, "1.00", "19.69", 0},  // 25 ppi shows no ridges
      {4, 1, "unknown", "19.69", 0},
  };
  for (const Resolution& row : table) {
    const auto fingers = read(transaction({binary_record(row.type, {.isr = row.isr}, pixels(12))},
                                          kWide, row.native, row.transmitted));
    ASSERT_EQ(fingers.size(), 1U);
    const auto ppi = fingers[0].picture.ppi;
    EXPECT_EQ(ppi.value_or(PixelsPerInch{0}), PixelsPerInch{row.ppi})
        << row.type << " " << row.isr << " " << row.native << " " << row.transmitted;
  }
}

TEST(NistItl, TaggedRecordsSayTheirOwnResolution) {
  const auto ppi_of = [](const char* units, const char* x, const char* y) {
    const FieldTexts fields = type14_fields(1, 4, 3, "NONE");
    const auto read_back = read(one_type14(with(with(with(fields, 8, units), 9, x), 10, y)));
    return read_back.at(0).picture.ppi.value_or(PixelsPerInch{0}).value();
  };
  EXPECT_EQ(ppi_of("1", "500", "500"), 500);
  EXPECT_EQ(ppi_of("1", "1000", "1000"), 1000);
  EXPECT_EQ(ppi_of("2", "197", "197"), 500) << "as every record rounds it";
  EXPECT_EQ(ppi_of("2", "394", "394"), 1000);
  EXPECT_EQ(ppi_of("0", "1", "1"), 0) << "a ratio alone";
  EXPECT_EQ(ppi_of("-", "1", "1"), 0);
  EXPECT_EQ(ppi_of("1", "96", "96"), 0) << "a screen's, not a scanner's";
}

TEST(NistItl, ReadsWhatType14SaysBesideItsPicture) {
  FieldTexts fields = type14_fields(13, 4, 3, "NONE");
  fields.emplace_back(18, "5|XX^3|UP^2|SR^99|XX^9");
  fields.emplace_back(21, "2|1|3|0|2^3|1|x|0|2^13|0|1|0|1");
  fields.emplace_back(22, "2|1^3|3^4|67^13|1");
  fields.emplace_back(24, "3|71|000F|25");
  fields.emplace_back(25, "2|3|0|0|9|9|9|0^4|4|1|1|5|1|5|6|1|6^5|9|1|1^3|2|0|0|1|1");
  const auto finger = read(one_type14(fields)).at(0);
  EXPECT_THAT(finger.missing,
              ElementsAre(FingerPosition::right_middle, FingerPosition::right_little));
  EXPECT_THAT(finger.segments,
              ElementsAre(FingerSegment{FingerPosition::right_index, 1, 0, 3, 2, Quality{100}},
                          FingerSegment{FingerPosition::right_ring, 1, 1, 5, 6, Quality{}}));
  EXPECT_EQ(finger.quality, Quality{}) << "of four fingers";
  for (auto& [number, text] : fields) text = number == 13 ? "3" : text;
  EXPECT_EQ(read(one_type14(fields)).at(0).quality, Quality{71})
      << "finer than NFIQ 3, which is 60";
  for (auto& [number, text] : fields) text = number == 13 ? "12" : text;
  EXPECT_EQ(read(one_type14(with(fields, 22, "12|5"))).at(0).quality, Quality{20});
}

TEST(NistItl, HoldsNoMoreThanItsLimits) {
  const auto record = binary_record(4, {}, pixels(12));
  const std::vector<test::NistRecord> most(kMaxImagesPerFile, record);
  EXPECT_EQ(read(transaction(most)).size(), most.size());
  const auto refused = read_nist_itl(transaction({kMaxImagesPerFile + 1, record}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::limit_exceeded);
  EXPECT_EQ(refused.error().where, "record 130");

  const auto many_fields = read_nist_itl(one_type14(FieldTexts(999, {500, "x"})));
  ASSERT_FALSE(many_fields);
  EXPECT_EQ(many_fields.error().fault, Fault::limit_exceeded);
}

}  // namespace
}  // namespace whorl::formats
