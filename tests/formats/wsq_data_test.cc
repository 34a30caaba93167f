// Other people's WSQ streams: a reference decoder's picture, and every stream of the sample files.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "engine/formats/images/codecs.h"
#include "engine/formats/images/finger_images.h"
#include "engine/formats/images/wsq.h"
#include "tests/support/ridge_picture.h"
#include "tests/support/test_data.h"

namespace whorl::formats {
namespace {

using test::file_bytes;
using test::largest_difference;
using test::psnr_db;

// SourceAFIS's pair: the stream, of NIST's encoder, and the picture that its tests expect of it.
TEST(WsqData, DecodesAsAReferenceDecoder) {
  WHORL_DATA_OR_SKIP(folder, "interop/sourceafis");
  const auto image = decode_wsq(file_bytes(folder / "wsq-original.wsq"));
  const auto reference = decode_png(file_bytes(folder / "wsq-converted.png"));
  ASSERT_TRUE(image) << describe(image.error());
  ASSERT_TRUE(reference) << describe(reference.error());
  ASSERT_EQ(image->width_px, reference->width_px);
  ASSERT_EQ(image->height_px, reference->height_px);
  ASSERT_EQ(reference->channels, 1);
  EXPECT_EQ(image->ppi, PixelsPerInch{500});
  EXPECT_LE(largest_difference(*image, *reference), 1);
  EXPECT_GE(psnr_db(*image, *reference), 90);  // 16 of 638,976 pixels differ, by one
}

// Prints that were saved in colour.
Image first_channel(const Image& colour) {
  Image grey = colour;
  grey.channels = 1;
  grey.samples.clear();
  const auto step = static_cast<std::size_t>(colour.channels);
  for (std::size_t i = 0; i < colour.samples.size(); i += step) {
    grey.samples.push_back(colour.samples[i]);
  }
  return grey;
}

// Real prints at the usual rate, through our own encoder.
TEST(WsqData, RealPrintsKeepTheirQuality) {
  WHORL_DATA_OR_SKIP(folder, "interop/sourceafis");
  struct Row {
    const char* file;
    double least_psnr_db;
  };
  for (const auto& [file, least_psnr_db] :
       {Row{"probe.png", 33.5}, {"matching.png", 32.5}, {"nonmatching.png", 30.5}}) {
    const auto png = decode_png(file_bytes(folder / file));
    ASSERT_TRUE(png) << describe(png.error());
    const Image image = first_channel(*png);
    const auto bytes = encode_wsq(image);
    ASSERT_TRUE(bytes) << describe(bytes.error());
    const auto pixels = static_cast<double>(image.samples.size());
    EXPECT_NEAR(8 * static_cast<double>(bytes->size()) / pixels, 0.75, 0.01) << file;
    const auto back = decode_wsq(*bytes);
    ASSERT_TRUE(back) << describe(back.error());
    EXPECT_GE(psnr_db(image, *back), least_psnr_db) << file;
  }
}

// Where streams begin: a start of image, then another marker of WSQ.
std::vector<std::size_t> streams_in(const Bytes& bytes) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i + 4 <= bytes.size(); ++i) {
    const auto third = std::to_integer<int>(bytes[i + 3]);
    if (bytes[i] == std::byte{0xFF} && bytes[i + 1] == std::byte{0xA0} &&
        bytes[i + 2] == std::byte{0xFF} && third >= 0xA2 && third <= 0xA8) {
      found.push_back(i);
    }
  }
  return found;
}

// MOSIP's ten prints come as they are and as NIST's encoder made them smaller at 0.75 bits a pixel:
// in as many bytes ours are nearer to the prints.
TEST(WsqData, InAsManyBytesAsTheStandardsEncoderTheyAreNearerToThePrint) {
  WHORL_DATA_OR_SKIP(folder, "interop/mosip_mockmds/Default");
  for (const std::string hand : {"Left_", "Right_"}) {
    for (const std::string finger : {"Thumb", "Index", "Middle", "Ring", "Little"}) {
      SCOPED_TRACE(hand + finger);
      const auto prints = read_finger_images(
          file_bytes(folder / "Registration" / (hand + finger + ".iso")));  // JPEG 2000
      const Bytes record = file_bytes(folder / "Auth" / (hand + finger + "_wsq.iso"));
      ASSERT_TRUE(prints);
      const Image& print = prints->front().image;
      const auto starts = streams_in(record);
      ASSERT_EQ(starts.size(), 1U);
      const auto theirs = std::span(record).subspan(starts.front());
      const auto their_picture = decode_wsq(theirs);
      ASSERT_TRUE(their_picture);
      ASSERT_EQ(their_picture->width_px, print.width_px);
      ASSERT_EQ(their_picture->height_px, print.height_px);

      const double rate =
          8 * static_cast<double>(theirs.size()) / static_cast<double>(print.samples.size());
      const auto ours = encode_wsq(print, {rate});
      ASSERT_TRUE(ours);
      EXPECT_LE(static_cast<double>(ours->size()), 1.01 * static_cast<double>(theirs.size()));
      const auto our_picture = decode_wsq(*ours);
      ASSERT_TRUE(our_picture);
      EXPECT_GE(psnr_db(print, *our_picture), psnr_db(print, *their_picture) + 0.2);
    }
  }
}

bool may_hold_wsq(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".wsq") || name.ends_with(".an2") || name.ends_with(".an2k") ||
         name.ends_with("wsq.iso");
}

TEST(WsqData, EveryStreamOfTheSampleFilesIsRead) {
  WHORL_DATA_OR_SKIP(folder, "interop");
  int streams = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || !may_hold_wsq(entry.path())) continue;
    const Bytes bytes = file_bytes(entry.path());
    for (const std::size_t at : streams_in(bytes)) {
      ++streams;
      const auto image = decode_wsq(std::span(bytes).subspan(at));
      ASSERT_TRUE(image) << entry.path().filename() << ", " << at << ": "
                         << describe(image.error());
      const auto [least, most] = std::minmax_element(image->samples.begin(), image->samples.end());
      EXPECT_GT(*most - *least, 100) << entry.path().filename();  // ridges, not a blank
      EXPECT_EQ(image->ppi.value_or(PixelsPerInch{500}), PixelsPerInch{500});
    }
  }
  EXPECT_GE(streams, 70);
}

}  // namespace
}  // namespace whorl::formats
