// Transactions of ANSI/NIST-ITL with one thing wrong: which fault, told at which byte.

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "engine/formats/images/nist_itl.h"
#include "tests/support/finger_image_files.h"

namespace whorl::formats {
namespace {

using test::binary_record;
using test::FieldTexts;
using test::tagged_record;
using test::TagWidth;
using test::transaction;
using test::type14_fields;
using test::with;

constexpr auto kWide = TagWidth::three_digits;

Bytes pixels(std::size_t count) { return Bytes(count, std::byte{99}); }

Bytes one_type14(const FieldTexts& fields) {
  return transaction({tagged_record(14, fields, kWide, pixels(12))});
}

struct BadField {
  int number;
  const char* text;  // "-": the field is not there
  Fault fault;
};

TEST(SpoiltType14, EachFieldHasItsFault) {
  const BadField table[] = {
      {3, "16", Fault::out_of_range},         {3, "x", Fault::out_of_range},
      {6, "-", Fault::out_of_range},          {6, "0", Fault::out_of_range},
      {6, "4.0", Fault::out_of_range},        {6, "", Fault::out_of_range},
      {6, "1234567890", Fault::out_of_range}, {7, "-", Fault::out_of_range},
      {7, "0", Fault::out_of_range},          {8, "x", Fault::out_of_range},
      {9, "-", Fault::out_of_range},          {9, "250", Fault::bad_resolution},
      {10, "x", Fault::out_of_range},         {11, "-", Fault::out_of_range},
      {11, "WSQ21", Fault::unsupported},      {11, "", Fault::unsupported},
      {12, "x", Fault::out_of_range},         {13, "39", Fault::out_of_range},
      {13, "x", Fault::out_of_range},         {13, "1^2^3^4^5^6^7", Fault::out_of_range},
  };
  for (const BadField& row : table) {
    const Bytes bytes = one_type14(with(type14_fields(1, 4, 3, "NONE"), row.number, row.text));
    const auto refused = read_nist_itl(bytes);
    ASSERT_FALSE(refused) << row.number << " " << row.text;
    EXPECT_EQ(refused.error().fault, row.fault) << row.number << " " << row.text;
    EXPECT_EQ(refused.error().where, "record 2");
  }
}

struct Spoilt {
  std::size_t at;  // in the record
  std::uint8_t value;
  Fault fault;
  std::size_t told_at;  // likewise
};

TEST(SpoiltType4, EachByteHasItsFault) {
  const Spoilt table[] = {
      {0, 1, Fault::truncated, 30},        {3, 31, Fault::truncated, 30},
      {3, 29, Fault::length_mismatch, 29},  // a byte behind the last record
      {3, 17, Fault::length_mismatch, 0},  {3, 3, Fault::length_mismatch, 0},
      {5, 16, Fault::out_of_range, 5},     {6, 39, Fault::out_of_range, 6},
      {6, 59, Fault::out_of_range, 6},     {6, 80, Fault::out_of_range, 6},
      {6, 87, Fault::out_of_range, 6},     {11, 51, Fault::out_of_range, 6},
      {12, 2, Fault::out_of_range, 12},    {14, 0, Fault::out_of_range, 13},
      {16, 0, Fault::out_of_range, 15},    {17, 7, Fault::unsupported, 17},
  };
  const Bytes whole = transaction({binary_record(4, {}, pixels(12))});
  const std::size_t start = whole.size() - 30;
  ASSERT_TRUE(read_nist_itl(whole));
  for (const Spoilt& row : table) {
    Bytes bytes = whole;
    bytes.at(start + row.at) = std::byte{row.value};
    const auto refused = read_nist_itl(bytes);
    ASSERT_FALSE(refused) << row.at;
    EXPECT_EQ(refused.error().fault, row.fault) << row.at << describe(refused.error());
    EXPECT_EQ(refused.error().offset, start + row.told_at) << row.at;
  }
}

// A record that is passed over still says where the next one begins.
TEST(SpoiltType8, ItsLengthHoldsItself) {
  const Bytes whole =
      transaction({binary_record(8, {}, pixels(2)), binary_record(4, {}, pixels(12))});
  ASSERT_TRUE(read_nist_itl(whole));
  const std::size_t start = whole.size() - 30 - 20;
  for (const int length : {0, 1, 3}) {
    Bytes bytes = whole;
    bytes.at(start + 3) = static_cast<std::byte>(length);
    const auto refused = read_nist_itl(bytes);
    ASSERT_FALSE(refused) << length;
    EXPECT_EQ(refused.error(), (Error{Fault::length_mismatch, start, "record 2"})) << length;
  }
}

// The text of a transaction, changed and not grown; each has its fault at its offset.
struct Rewritten {
  const char* from;
  const char* to;
  Fault fault;
  const char* told_at;  // of what stood there before; the end where it is nullptr
};

TEST(SpoiltTransaction, EachPartHasItsFault) {
  const Rewritten table[] = {
      {"1.001:", "2.001:", Fault::bad_magic, "1.001:"},
      {"1.001:", "1.002:", Fault::bad_magic, "1.001:"},
      {"1.001:76", "1.001:00", Fault::length_mismatch, "1.001:"},
      {"1.001:76", "1.001:7x", Fault::out_of_range, "1.001:"},
      {"1.001:76", "1.001:77", Fault::length_mismatch, nullptr},  // no FS is there
      {"1.002:", "2.002:", Fault::out_of_range, "1.002:"},
      {"1.002:", "1.0x2:", Fault::out_of_range, "1.002:"},
      {"1.003:", "1.013:", Fault::out_of_range, "1.001:"},  // no list of records
      {"1\x1F"
       "2\x1E",
       "2\x1F"
       "2\x1E",
       Fault::out_of_range, "1.003:"},
      {"1\x1F"
       "2\x1E",
       "1\x1F"
       "3\x1E",
       Fault::length_mismatch, "1.003:"},
      {"1\x1F"
       "2\x1E",
       "1\x1F"
       "1\x1E",
       Fault::length_mismatch, "1.003:"},
      {"2\x1F"
       "01\x1E",
       "1\x1F"
       "01\x1E",
       Fault::out_of_range, "1.003:"},
      {"2\x1F"
       "01\x1E",
       "x\x1F"
       "01\x1E",
       Fault::out_of_range, "1.003:"},
      {"2\x1F"
       "01\x1E",
       "9\x1F"
       "01\x1E",
       Fault::out_of_range, "2.001:"},
      {"2.001:", "2.011:", Fault::out_of_range, "2.001:"},
      {"2.001:18", "2.001:00", Fault::length_mismatch, "2.001:"},
      {"14.001:", "14x001:", Fault::out_of_range, "14.001:"},
      {"14.001:", "15.001:", Fault::out_of_range, "14.001:"},
      {"14.006:", "14-006:", Fault::out_of_range, "14.006:"},
      {"14.006:", "14.006-", Fault::out_of_range, "14.006:"},
  };
  const Bytes whole =
      transaction({tagged_record(2, {{2, "00"}}, kWide),
                   tagged_record(14, type14_fields(1, 4, 3, "NONE"), kWide, pixels(12))});
  ASSERT_TRUE(read_nist_itl(whole));
  const auto find = [&whole](std::string_view text) {
    const auto wanted = as_bytes(text);
    return std::search(whole.begin(), whole.end(), wanted.begin(), wanted.end()) - whole.begin();
  };
  for (const Rewritten& row : table) {
    Bytes bytes = whole;
    const auto at = find(row.from);
    ASSERT_LT(at, std::ssize(whole)) << row.from;
    const auto written = as_bytes(row.to);
    std::copy(written.begin(), written.end(), bytes.begin() + at);
    const auto refused = read_nist_itl(bytes);
    ASSERT_FALSE(refused) << row.to;
    EXPECT_EQ(refused.error().fault, row.fault) << row.to << ": " << describe(refused.error());
    if (row.told_at != nullptr) {
      EXPECT_EQ(std::int64_t(refused.error().offset), find(row.told_at)) << row.to;
    }
  }
}

}  // namespace
}  // namespace whorl::formats
