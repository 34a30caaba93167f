// WSQ there and back: sizes, rates, filters, restarts and comments. wsq_faults_test.cc has what is
// refused, wsq_parts_test.cc the parts, wsq_data_test.cc other people's files.

#include "engine/formats/images/wsq.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/base/limits.h"
#include "engine/formats/images/wsq_encoder.h"
#include "tests/support/ridge_picture.h"

namespace whorl::formats {
namespace {

using test::psnr_db;
using test::ridge_picture;
using wsq::FilterBank;
using wsq::Marker;

Bytes encoded(const Image& image, double bits_per_pixel = 0.75,
              const wsq::StreamOptions& stream = {}) {
  auto bytes = wsq::encode_stream(image, {bits_per_pixel}, stream);
  EXPECT_TRUE(bytes) << describe(bytes.error());
  return bytes ? *bytes : Bytes{};
}
Image decoded(const Bytes& bytes) {
  auto image = decode_wsq(bytes);
  EXPECT_TRUE(image) << describe(image.error());
  return image ? *image : Image{};
}

// 2 taps each: sums and differences. And 2 with 6: Cohen, Daubechies, Feauveau's (1, 3).
FilterBank two_taps() { return {false, {0.70710678F}, {0.70710678F}}; }
FilterBank six_and_two_taps() {
  return {false, {0.70710678F, 0.08838835F, -0.08838835F}, {0.70710678F}};
}
FilterBank five_and_three_taps() {
  return {true, {1.06066017F, 0.35355339F, -0.17677670F}, {0.70710678F, -0.35355339F}};
}

constexpr std::pair<int, int> kAwkwardSizes[] = {
    {1, 1},   {1, 2},   {2, 1},   {3, 2},   {1, 97},  {97, 1},   {5, 8},     {16, 16},  {31, 33},
    {32, 32}, {33, 31}, {63, 65}, {64, 64}, {65, 63}, {100, 57}, {127, 129}, {192, 96}, {255, 3}};

TEST(Wsq, AwkwardSizesComeBack) {
  for (const auto& [width, height] : kAwkwardSizes) {
    const Image image = ridge_picture(width, height);
    const Image back = decoded(encoded(image, 6));
    ASSERT_EQ(back.width_px, width);
    ASSERT_EQ(back.height_px, height);
    ASSERT_EQ(back.channels, 1);
    EXPECT_EQ(back.ppi, image.ppi);
    ASSERT_EQ(back.samples.size(), image.samples.size());
    EXPECT_GE(psnr_db(image, back), 38) << width << " x " << height;
  }
}

TEST(Wsq, FileHasTheWantedRateAndItsQuality) {
  const Image image = ridge_picture(384, 400);
  struct Row {
    double bits_per_pixel, least_psnr_db;
  };
  for (const auto& [rate, least_psnr_db] : {Row{0.25, 24.0}, {0.75, 34.0}, {2.25, 40.0}}) {
    const Bytes bytes = encoded(image, rate);
    const double got = 8.0 * static_cast<double>(bytes.size()) / (384 * 400);
    EXPECT_NEAR(got, rate, rate * 0.015);
    EXPECT_GE(psnr_db(image, decoded(bytes)), least_psnr_db) << rate;
  }
}

TEST(Wsq, TheSamePictureGivesTheSameBytes) {
  const Image image = ridge_picture(120, 130);
  EXPECT_EQ(encoded(image), encoded(image));
}

TEST(Wsq, BlankPicturesComeBackExactly) {
  for (const int grey : {0, 1, 127, 254, 255}) {
    Image image = ridge_picture(70, 45);
    for (std::uint8_t& sample : image.samples) sample = static_cast<std::uint8_t>(grey);
    const Bytes bytes = encoded(image);
    EXPECT_LE(bytes.size(), 620U);
    EXPECT_EQ(decoded(bytes), image);
  }
}

TEST(Wsq, AnEdgeOfBlackAndWhiteIsHeldInItsRange) {
  Image image = ridge_picture(128, 128);
  for (int i = 0; i < 128 * 128; ++i) {
    image.samples.at(static_cast<std::size_t>(i)) = i % 128 < 61 ? 0 : 255;
  }
  EXPECT_GE(psnr_db(image, decoded(encoded(image, 2))), 40);
}

TEST(Wsq, OtherFilterBanksAreReadToo) {
  for (const FilterBank& bank : {two_taps(), six_and_two_taps(), five_and_three_taps()}) {
    for (const auto& [width, height] : kAwkwardSizes) {
      const Image image = ridge_picture(width, height);
      const Image back = decoded(encoded(image, 6, {bank, 0}));
      EXPECT_GE(psnr_db(image, back), 36)
          << bank.low.size() << " + " << bank.high.size() << ", " << width << " x " << height;
    }
  }
}

// Of a picture so small that the rate is not searched for, so that the bins stay the same.
TEST(Wsq, RestartsChangeNothing) {
  const Image image = ridge_picture(40, 30);
  const Bytes plain = encoded(image, 6);
  for (const int interval : {1, 2, 7, 100, 899, 65535}) {
    const Bytes bytes = encoded(image, 6, {wsq::standard_bank(), interval});
    EXPECT_GT(bytes.size(), plain.size());
    EXPECT_EQ(decoded(bytes), decoded(plain)) << interval;
  }
}

// A stream with segments put in behind its first marker.
Bytes with_comments(const Bytes& stream, const std::vector<std::string>& comments) {
  ByteWriter out;
  write_marker(out, Marker::start_of_image);
  for (const std::string& comment : comments) wsq::write_comment(out, comment);
  out.bytes(std::span(stream).subspan(2));
  return out.take();
}

TEST(Wsq, ResolutionIsTheFirstThatANistCommentSays) {
  Image image = ridge_picture(40, 40);
  image.ppi.reset();
  const Bytes bare = encoded(image);
  using Said = std::optional<PixelsPerInch>;
  const std::pair<std::vector<std::string>, Said> rows[] = {
      {{}, {}},
      {{"NIST_COM 2\nPPI 1000\nLOSSY 1"}, PixelsPerInch{1000}},
      {{"PPI 500"}, {}},
      {{"a scanner\nPPI 500\n"}, {}},
      {{"a scanner", "NIST_COM 1\nPPI 500"}, PixelsPerInch{500}},
      {{"NIST_COM 1\nPPI 500", "NIST_COM 1\nPPI 600"}, PixelsPerInch{500}},
      {{"NIST_COM 1\nPPI -1\n", "NIST_COM 1\nPPI 600"}, PixelsPerInch{600}},
      {{"NIST_COM 1\nPPI 255\n"}, {}},
      {{"NIST_COM 1\nPPI 498\n"}, PixelsPerInch{500}},  // as every format's: docs/formats/images.md
      {{"NIST_COM 1\nPPI 72\n"}, {}},
      {{"NIST_COM 1\nPPI 0"}, {}},
      {{"NIST_COM 1\nPPI "}, {}},
      {{"NIST_COM 1\nPPI many"}, {}},
      {{"NIST_COM 1\nPPI 99999999999999999999"}, {}},
      {{"NIST_COM 1\nSPPI 500"}, {}},
      {{""}, {}},
  };
  for (const auto& [comments, said] : rows) {
    EXPECT_EQ(decoded(with_comments(bare, comments)).ppi, said)
        << (comments.empty() ? "none" : comments.front());
  }
}

TEST(Wsq, StreamBeginsAsTheStandardOrdersIt) {
  Image image = ridge_picture(300, 200);
  image.ppi.reset();
  const Bytes bytes = encoded(image);
  ByteReader in(bytes);
  const auto next = [&] { return static_cast<Marker>(in.u16()); };
  EXPECT_EQ(next(), Marker::start_of_image);
  EXPECT_EQ(next(), Marker::transform_table);
  EXPECT_EQ(in.u16(), 58);  // length: 2 + 2 + 9 taps of 6 bytes
  EXPECT_EQ(in.u16(), 0x0907);
  in.take(54);
  EXPECT_EQ(next(), Marker::quantisation_table);
  EXPECT_EQ(in.u16(), 389);
  in.take(387);
  EXPECT_EQ(next(), Marker::start_of_frame);
  EXPECT_EQ(in.u16(), 17);
  EXPECT_EQ(in.u16(), 0x00FF);
  EXPECT_EQ(in.u16(), 200);
  EXPECT_EQ(in.u16(), 300);
  in.take(9);
  EXPECT_EQ(next(), Marker::huffman_tables);
  ASSERT_TRUE(in.ok());
  EXPECT_EQ(bytes.at(bytes.size() - 2), std::byte{0xFF});
  EXPECT_EQ(bytes.back(), std::byte{0xA1});
}

TEST(Wsq, EncoderRefusesWhatItCannotSay) {
  const Image good = ridge_picture(20, 20);
  for (const double rate : {0.0, -1.0, 8.001, std::numeric_limits<double>::quiet_NaN(),
                            std::numeric_limits<double>::infinity()}) {
    const auto refused = encode_wsq(good, {rate});
    ASSERT_FALSE(refused) << rate;
    EXPECT_EQ(refused.error().fault, Fault::out_of_range);
  }
  Image colour = good;
  colour.channels = 3;
  colour.samples.resize(3 * 400);
  ASSERT_FALSE(encode_wsq(colour));
  EXPECT_EQ(encode_wsq(colour).error().fault, Fault::unsupported);
  Image wide;
  wide.width_px = kMaxImageSidePx + 1;
  wide.height_px = 1;
  wide.samples.resize(static_cast<std::size_t>(wide.width_px));
  ASSERT_FALSE(encode_wsq(wide));
  EXPECT_EQ(encode_wsq(wide).error().fault, Fault::limit_exceeded);
  ASSERT_FALSE(encode_wsq(Image{}));
  EXPECT_EQ(encode_wsq(Image{}).error().fault, Fault::out_of_range);
}

}  // namespace
}  // namespace whorl::formats
