// Records with faces as others wrote them: NIST's and MOSIP's of ISO/IEC 19794-5, NIST's
// transactions.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/formats/images/face_image_record.h"
#include "engine/formats/images/face_images.h"
#include "tests/support/face_image_files.h"
#include "tests/support/test_data.h"

namespace whorl::formats {
namespace {

using test::file_bytes;

// A photograph: in colour or not, neither one tone nor noise.
void expect_photograph(const Image& image) {
  ASSERT_EQ(image.samples.size(), static_cast<std::size_t>(image.width_px) *
                                      static_cast<std::size_t>(image.height_px) *
                                      static_cast<std::size_t>(image.channels));
  double spread = 0, step = 0, mean = 0;
  const auto channels = static_cast<std::size_t>(image.channels);
  for (const std::uint8_t sample : image.samples) mean += sample;
  mean /= static_cast<double>(image.samples.size());
  for (std::size_t i = channels; i < image.samples.size(); ++i) {
    spread += std::abs(image.samples[i] - mean);
    step += std::abs(image.samples[i] - image.samples[i - channels]);
  }
  EXPECT_GT(spread / static_cast<double>(image.samples.size()), 10);
  EXPECT_LT(step, spread / 2);
}

struct File {
  const char* file;
  int width_px, height_px;
  int quality;
};

const File kRecords[] = {
    {"libbiomeval/face01.iso2005", 280, 320, 255},
    {"mosip_mockmds/Automatic/Auth/0001Face.iso", 240, 320, 40},
    {"mosip_mockmds/Automatic/Registration/0001Exception_Photo.iso", 600, 400, 80},
    {"mosip_mockmds/Automatic/Registration/0001Face.iso", 240, 320, 80},
    {"mosip_mockmds/Default/Auth/Face.iso", 240, 320, 40},
    {"mosip_mockmds/Default/Registration/Exception_Photo.iso", 600, 400, 80},
    {"mosip_mockmds/Default/Registration/Face.iso", 240, 320, 80},
};

TEST(FaceImageFiles, EveryRecordIsReadAndWrittenAlike) {
  WHORL_DATA_OR_SKIP(folder, "interop");
  for (const File& row : kRecords) {
    SCOPED_TRACE(row.file);
    const Bytes bytes = file_bytes(folder / row.file);
    const auto record = decode_face_image_record(bytes);
    ASSERT_TRUE(record) << describe(record.error());
    const auto encoded = encode_face_image_record(*record);
    ASSERT_TRUE(encoded) << describe(encoded.error());
    EXPECT_TRUE(*encoded == bytes);
    const auto faces = read_face_images(bytes);
    ASSERT_TRUE(faces) << describe(faces.error());
    ASSERT_EQ(faces->size(), 1U);
    const FaceImage& face = faces->front();
    EXPECT_EQ(face.image.width_px, row.width_px);
    EXPECT_EQ(face.image.height_px, row.height_px);
    EXPECT_EQ(int{face.quality.value}, row.quality);
    EXPECT_EQ(face.colour_space, ColourSpace::rgb);
    expect_photograph(face.image);
  }
}

TEST(FaceImageFiles, NoRecordIsForgotten) {
  WHORL_DATA_OR_SKIP(folder, "interop");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.file_size() < 8) continue;
    const std::string file = std::filesystem::relative(entry.path(), folder).string();
    if (!looks_like_face_image_record(file_bytes(entry.path()))) continue;
    EXPECT_TRUE(std::any_of(std::begin(kRecords), std::end(kRecords), [&file](const File& row) {
      return file == row.file;
    })) << file;
  }
}

// What NIST's own reader is tested with.
TEST(FaceImageFiles, NistsRecordSaysMuchOfThePerson) {
  WHORL_DATA_OR_SKIP(path, "interop/libbiomeval/face01.iso2005");
  const auto faces = read_face_images(file_bytes(path));
  ASSERT_TRUE(faces) << describe(faces.error());
  const FaceImage& face = faces->front();
  EXPECT_EQ(face.type, FaceImageType::basic);
  EXPECT_EQ(face.sex, Sex::female);
  EXPECT_EQ(face.eye_colour, EyeColour::black);
  EXPECT_EQ(face.hair_colour, HairColour::white);
  EXPECT_TRUE(face.features.has(FaceFeature::moustache));
  EXPECT_TRUE(face.features.has(FaceFeature::beard));
  EXPECT_TRUE(face.features.has(FaceFeature::mouth_open));
  EXPECT_TRUE(face.features.has(FaceFeature::distorting_medical_condition));
  EXPECT_FALSE(face.features.has(FaceFeature::glasses));
  EXPECT_EQ(face.expression, 3);
  EXPECT_EQ(face.pose, (HeadPose{{8, 20}, {18, 25}, {28, 30}}));
  EXPECT_EQ(face.source, FaceSource::photograph_by_digital_camera);
  EXPECT_THAT(
      face.landmarks,
      testing::ElementsAre(FaceLandmark{1, 0x36, 95, 117, 0}, FaceLandmark{1, 0x35, 168, 109, 0},
                           FaceLandmark{1, 0x93, 139, 133, 0}, FaceLandmark{1, 0xB5, 136, 50, 0}));
}

TEST(FaceImageFiles, MosipsRecordSaysWhenItWasCaptured) {
  WHORL_DATA_OR_SKIP(path, "interop/mosip_mockmds/Default/Auth/Face.iso");
  const auto faces = read_face_images(file_bytes(path));
  ASSERT_TRUE(faces) << describe(faces.error());
  EXPECT_EQ(faces->front().captured, (CaptureTime{2022, 12, 28, 20, 51, 16, 542}));
  EXPECT_EQ(faces->front().type, FaceImageType::full_frontal);
}

// Real records in a wrapper of our own: no chip's file is at hand.
TEST(FaceImageFiles, RecordsAreReadThroughAChipsWrapper) {
  WHORL_DATA_OR_SKIP(folder, "interop");
  for (const File& row : kRecords) {
    SCOPED_TRACE(row.file);
    const Bytes record = file_bytes(folder / row.file);
    Bytes file = test::data_group_2({record});
    file.resize(file.size() + 50);
    const auto bare = read_face_images(record), wrapped = read_face_images(file);
    ASSERT_TRUE(bare && wrapped) << row.file;
    EXPECT_EQ(bare->front().image, wrapped->front().image);
    EXPECT_EQ(bare->front().landmarks, wrapped->front().landmarks);
  }
}

struct Transaction {
  const char* file;
  int width_px, height_px;
};

const Transaction kFaces[] = {
    {"nbis_an2/face_jpb_DOM_GMT_DCS.an2", 768, 1024},
    {"nbis_an2/valid1.3.an2", 300, 400},
    {"nbis_an2/valid1.9.an2", 452, 343},
    {"nist_itl/type-10-sap10.an2", 1181, 1575},
    {"nist_itl/type-9-10-14.an2", 1181, 1575},
    {"nbis_an2/valid1.11.an2", 350, 526},
    {"nbis_an2/valid1.16.an2", 350, 526},
};

// Every other transaction has none, or says that what it has is none.
TEST(FaceImageFiles, EveryTransactionOfNistsIsRead) {
  WHORL_DATA_OR_SKIP(folder, "interop");
  int found = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.path().extension().string().starts_with(".an2")) continue;
    const std::string file = std::filesystem::relative(entry.path(), folder).string();
    SCOPED_TRACE(file);
    const auto faces = read_face_images(file_bytes(entry.path()));
    const auto* row = std::find_if(std::begin(kFaces), std::end(kFaces),
                                   [&file](const Transaction& t) { return file == t.file; });
    if (row == std::end(kFaces)) {
      EXPECT_FALSE(faces);
      if (faces) continue;
      EXPECT_EQ(faces.error().fault, Fault::not_found) << describe(faces.error());
      continue;
    }
    ++found;
    ASSERT_TRUE(faces) << describe(faces.error());
    ASSERT_EQ(faces->size(), 1U);
    EXPECT_EQ(faces->front().image.width_px, row->width_px);
    EXPECT_EQ(faces->front().image.height_px, row->height_px);
    expect_photograph(faces->front().image);
  }
  EXPECT_EQ(found, std::ssize(kFaces));
}

}  // namespace
}  // namespace whorl::formats
