// Files of faces with every byte cut or changed: what is refused has its fault inside the file, and
// what is read is a whole picture.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/base/limits.h"
#include "engine/formats/images/face_image_record.h"
#include "engine/formats/images/face_images.h"
#include "tests/support/encode_images.h"
#include "tests/support/face_image_files.h"
#include "tests/support/finger_image_files.h"

namespace whorl::formats {
namespace {

struct File {
  std::string name;
  Bytes bytes;
};

Bytes record_bytes(FaceImageFormat format, const Bytes& picture) {
  SeededRandom random(5);
  FaceImageRecord record;
  record.format = format;
  record.images = {test::random_face_image(random, format, false, picture)};
  return encode_face_image_record(record).value_or(Bytes{});
}

std::vector<File> some_files() {
  const test::Samples samples = test::soft_samples(12, 10, 3);
  const Bytes jpeg = test::encode_jpeg(samples), jpeg2000 = test::encode_jpeg2000(samples);
  const Bytes of_2005 = record_bytes(FaceImageFormat::iso19794_5_2005, jpeg);
  const Bytes of_2011 = record_bytes(FaceImageFormat::iso19794_5_2011, jpeg2000);
  const test::FieldTexts fields = {{3, "FACE"},  {5, "20240229"}, {6, "12"},        {7, "10"},
                                   {8, "1"},     {9, "300"},      {10, "300"},      {11, "JPEGB"},
                                   {12, "SRGB"}, {25, "1|2|3"},   {29, "1|3.6|1|2"}};
  const auto width = test::TagWidth::three_digits;
  const Bytes transaction =
      test::transaction({test::tagged_record(10, fields, width, jpeg)}, width);
  return {{"2005", of_2005},
          {"2011", of_2011},
          {"chip", test::data_group_2({of_2005, of_2011})},
          {"transaction", transaction}};
}

void expect_whole(const FaceImage& face) {
  const Image& image = face.image;
  ASSERT_GT(image.width_px, 0);
  ASSERT_EQ(std::ssize(image.samples),
            std::int64_t{image.width_px} * image.height_px * image.channels);
  for (const FaceLandmark& landmark : face.landmarks) {
    ASSERT_LT(landmark.x_px, image.width_px);
    ASSERT_LT(landmark.y_px, image.height_px);
  }
}

TEST(SpoiltFaceFile, EveryPrefixIsTruncated) {
  for (const File& file : some_files()) {
    ASSERT_TRUE(read_face_images(file.bytes)) << file.name;
    for (std::size_t length = 1; length < file.bytes.size(); ++length) {
      const auto faces = read_face_images(std::span(file.bytes).first(length));
      ASSERT_FALSE(faces) << file.name << ", " << length << " bytes";
      ASSERT_EQ(faces.error().fault, Fault::truncated) << file.name << ", " << length << " bytes";
    }
  }
}

TEST(SpoiltFaceFile, EveryChangeOfOneByteIsToldOrHarmless) {
  for (const File& file : some_files()) {
    int read = 0, refused = 0;
    for (std::size_t i = 0; i < file.bytes.size(); ++i) {
      for (const unsigned flipped : {0x01U, 0x80U, 0xFFU}) {
        Bytes spoilt = file.bytes;
        spoilt[i] ^= static_cast<std::byte>(flipped);
        const auto faces = read_face_images(spoilt);
        ++(faces ? read : refused);
        if (!faces) {
          ASSERT_LE(faces.error().offset, spoilt.size()) << file.name << ", byte " << i;
          continue;
        }
        for (const FaceImage& face : *faces) expect_whole(face);
      }
    }
    EXPECT_GT(read, 0) << file.name;
    EXPECT_GT(refused, 0) << file.name;
  }
}

}  // namespace
}  // namespace whorl::formats
