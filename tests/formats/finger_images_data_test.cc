// Records with finger images as others wrote them: MOSIP's of ISO/IEC 19794-4, NIST's transactions.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/formats/images/finger_image_record.h"
#include "engine/formats/images/finger_images.h"
#include "tests/support/test_data.h"

namespace whorl::formats {
namespace {

using test::file_bytes;

std::vector<int> areas_of(const std::vector<FingerImage>& fingers) {
  std::vector<int> areas;
  for (const FingerImage& finger : fingers) areas.push_back(static_cast<int>(finger.area));
  return areas;
}

// A print has ridges: neither one tone nor noise, whose neighbours differ as much as its ends.
void expect_ridges(const Image& image) {
  ASSERT_EQ(image.channels, 1);
  ASSERT_EQ(image.samples.size(),
            static_cast<std::size_t>(image.width_px) * static_cast<std::size_t>(image.height_px));
  double spread = 0, step = 0, mean = 0;
  for (const std::uint8_t sample : image.samples) mean += sample;
  mean /= static_cast<double>(image.samples.size());
  for (std::size_t i = 1; i < image.samples.size(); ++i) {
    spread += std::abs(image.samples[i] - mean);
    step += std::abs(image.samples[i] - image.samples[i - 1]);
  }
  EXPECT_GT(spread / static_cast<double>(image.samples.size()), 5);
  EXPECT_LT(step, spread);
}

struct Transaction {
  const char* file;
  std::vector<int> areas;
  int width_px, height_px;  // of the first
  double ppi;               // likewise; 0 where nothing says it
};

const std::vector<int> kCard = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 12, 11, 13};
const std::vector<int> kOtherCard = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 13, 12, 11};

const Transaction kTransactions[] = {
    {"libbiomeval/type3.an2k", {2}, 402, 376, 250},
    {"libbiomeval/type4-slaps.an2k", {14, 12, 11, 13}, 1608, 1000, 500},
    {"libbiomeval/type9-13.an2k", {}, 0, 0, 0},
    {"libbiomeval/type9-15.an2k", {}, 0, 0, 0},
    {"libbiomeval/type9-efs.an2k", {}, 0, 0, 0},
    {"libbiomeval/type9.an2k", {}, 0, 0, 0},
    {"nbis_an2/face_jpb_DOM_GMT_DCS.an2", {}, 0, 0, 0},
    {"nbis_an2/sign_raw.an2", {}, 0, 0, 0},
    {"nbis_an2/sign_vec.an2", {}, 0, 0, 0},
    {"nbis_an2/type_3_wvu.an2", kOtherCard, 400, 375, 250},
    {"nbis_an2/type_5_wvu.an2", kOtherCard, 400, 375, 250},
    {"nbis_an2/type_6_wvu.an2", kOtherCard, 800, 750, 500},
    {"nbis_an2/valid1.1.an2", {10}, 512, 512, 500},
    {"nbis_an2/valid1.2.an2", {10}, 512, 512, 508},  // its Type-6 holds no bilevel picture
    {"nbis_an2/valid1.3.an2", {}, 0, 0, 0},
    {"nbis_an2/valid1.4.an2", {}, 0, 0, 0},
    {"nbis_an2/valid1.5.an2", {}, 0, 0, 0},
    {"nbis_an2/valid1.6.an2", {}, 0, 0, 0},
    {"nbis_an2/valid1.7.an2", {0}, 388, 336, 0},
    {"nbis_an2/valid1.8.an2", {13, 14, 15}, 1600, 976, 500},  // headers say 1800 x 1000
    {"nbis_an2/valid1.9.an2", {1, 10}, 800, 800, 508},
    {"nbis_an2/valid1.10.an2", {}, 0, 0, 0},
    {"nbis_an2/valid1.11.an2", {10, 13}, 512, 512, 508},
    {"nbis_an2/valid1.13.an2", {}, 0, 0, 0},
    {"nbis_an2/valid1.14.an2", {1}, 784, 1133, 508},
    {"nbis_an2/valid1.15.an2", {}, 0, 0, 0},
    {"nbis_an2/valid1.16.an2", {10, 13}, 512, 512, 508},
    {"nist_itl/type-3.an2", {2}, 402, 376, 250},
    {"nist_itl/type-4-14-slaps.an2", {14, 13, 15}, 1608, 1000, 500},
    {"nist_itl/type-4-tpcard.an2", kCard, 804, 752, 500},
    {"nist_itl/type-7-latent.an2", {}, 0, 0, 0},
    {"nist_itl/type-9-10-14.an2", {8}, 800, 768, 500},
    {"nist_itl/type-9-4-iafis.an2", {8}, 800, 768, 500},
    {"nist_itl/type-10-sap10.an2", {}, 0, 0, 0},
    {"nist_itl/type-13-14-latent-match.an2", {8}, 800, 768, 500},
    {"nist_itl/type-14-amp-nqm-utf8.an2", {15, 13, 14}, 804, 1000, 500},
    {"nist_itl/type-14-tip-eji-wsq.an2", {7, 7, 0, 0, 0}, 344, 370, 500},
    {"nist_itl/type-14-tpcard-nqm.an2", kCard, 804, 752, 500},
    {"nist_itl/type-15-palms.an2", {}, 0, 0, 0},
};

TEST(FingerImageFiles, EveryTransactionOfNistsIsRead) {
  WHORL_DATA_OR_SKIP(folder, "interop/nist_itl");
  int images = 0;
  for (const Transaction& row : kTransactions) {
    const auto fingers = read_finger_images(file_bytes(folder.parent_path() / row.file));
    if (row.areas.empty()) {
      ASSERT_FALSE(fingers) << row.file;
      EXPECT_EQ(fingers.error().fault, Fault::not_found) << row.file << describe(fingers.error());
      continue;
    }
    ASSERT_TRUE(fingers) << row.file << ": " << describe(fingers.error());
    EXPECT_EQ(areas_of(*fingers), row.areas) << row.file;
    images += static_cast<int>(fingers->size());
    const Image& first = fingers->front().image;
    EXPECT_EQ(first.width_px, row.width_px) << row.file;
    EXPECT_EQ(first.height_px, row.height_px) << row.file;
    EXPECT_EQ(first.ppi.value_or(PixelsPerInch{0}), PixelsPerInch{row.ppi}) << row.file;
    for (const FingerImage& finger : *fingers) {
      SCOPED_TRACE(row.file);
      if (std::string_view(row.file).find("type_5") == std::string_view::npos &&
          std::string_view(row.file).find("type_6") == std::string_view::npos) {
        expect_ridges(finger.image);
      }
    }
  }
  EXPECT_EQ(images, 103);
}

TEST(FingerImageFiles, NoTransactionIsForgotten) {
  WHORL_DATA_OR_SKIP(folder, "interop");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.path().extension().string().starts_with(".an2")) continue;
    const std::string file = std::filesystem::relative(entry.path(), folder).string();
    EXPECT_TRUE(std::any_of(std::begin(kTransactions), std::end(kTransactions),
                            [&file](const Transaction& row) { return file == row.file; }))
        << file;
  }
}

// The same prints as raw grey, as two levels at 250 ppi and at 500 ppi: NIST made all three of one
// card, so dark stays dark in each.
TEST(FingerImageFiles, TwoLevelsAreTheGreyOnesRidges) {
  WHORL_DATA_OR_SKIP(folder, "interop/nbis_an2");
  const auto grey = read_finger_images(file_bytes(folder / "type_3_wvu.an2"));
  const auto bilevel = read_finger_images(file_bytes(folder / "type_5_wvu.an2"));
  ASSERT_TRUE(grey && bilevel);
  ASSERT_EQ(grey->size(), bilevel->size());
  for (std::size_t i = 0; i < grey->size(); ++i) {
    const auto& shades = (*grey)[i].image.samples;
    const auto& levels = (*bilevel)[i].image.samples;
    ASSERT_EQ(shades.size(), levels.size());
    double dark = 0, light = 0, dark_pixels = 0, light_pixels = 0;
    for (std::size_t p = 0; p < levels.size(); ++p) {
      ASSERT_TRUE(levels[p] == 0 || levels[p] == 255);
      (levels[p] == 0 ? dark : light) += shades[p];
      (levels[p] == 0 ? dark_pixels : light_pixels) += 1;
    }
    EXPECT_LT(dark / dark_pixels + 50, light / light_pixels) << "picture " << i + 1;
  }
}

TEST(FingerImageFiles, Type14SaysWhatIsMissingAndHowGoodTheRestIs) {
  WHORL_DATA_OR_SKIP(folder, "interop/nist_itl");
  const auto slaps = read_finger_images(file_bytes(folder / "type-14-amp-nqm-utf8.an2"));
  ASSERT_TRUE(slaps && slaps->size() == 3);
  EXPECT_TRUE((*slaps)[1].missing.empty());
  EXPECT_EQ((*slaps)[2].missing, std::vector{FingerPosition::left_ring});
  const auto card = read_finger_images(file_bytes(folder / "type-14-tpcard-nqm.an2"));
  ASSERT_TRUE(card && card->size() == 14);
  EXPECT_EQ((*card)[0].quality, Quality{100}) << "NFIQ 1";
  EXPECT_EQ((*card)[1].quality, Quality{20}) << "NFIQ 5";
  EXPECT_EQ((*card)[8].quality, Quality{60}) << "NFIQ 3";
}

// Ten fingers of each folder, named by their files.
TEST(FingerImageFiles, EveryFingerImageRecordIsReadAndWrittenAlike) {
  WHORL_DATA_OR_SKIP(folder, "interop");
  const std::map<std::string, int> fingers = {
      {"Right_Thumb", 1},  {"Right_Index", 2}, {"Right_Middle", 3}, {"Right_Ring", 4},
      {"Right_Little", 5}, {"Left_Thumb", 6},  {"Left_Index", 7},   {"Left_Middle", 8},
      {"Left_Ring", 9},    {"Left_Little", 10}};
  int records_2005 = 0, records_2011 = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".iso") continue;
    const Bytes bytes = file_bytes(entry.path());
    if (!looks_like_finger_image_record(bytes)) continue;
    const std::string name = entry.path().filename().string();
    SCOPED_TRACE(std::filesystem::relative(entry.path(), folder).string());
    const auto record = decode_finger_image_record(bytes);
    ASSERT_TRUE(record) << describe(record.error());
    const auto encoded = encode_finger_image_record(*record);
    ASSERT_TRUE(encoded) << describe(encoded.error());
    EXPECT_TRUE(*encoded == bytes);
    ++(record->format == FingerImageFormat::iso19794_4_2005 ? records_2005 : records_2011);

    const auto images = read_finger_images(bytes);
    ASSERT_TRUE(images) << describe(images.error());
    ASSERT_EQ(images->size(), 1U);
    const FingerImage& finger = images->front();
    EXPECT_EQ(finger.image.width_px, record->images[0].width_px);
    EXPECT_EQ(finger.image.height_px, record->images[0].height_px);
    EXPECT_EQ(finger.image.ppi, PixelsPerInch{500});
    EXPECT_LE(finger.quality.value, 100);
    expect_ridges(finger.image);
    int area = 0;
    for (const auto& [words, number] : fingers) {
      if (name.find(words) != std::string::npos) area = number;
    }
    if (name.starts_with("FingerPrint")) {  // FingerPrintLeft_Index.iso
      area = fingers.at(name.substr(11, name.size() - 15));
    }
    EXPECT_EQ(static_cast<int>(finger.area), area);
  }
  EXPECT_EQ(records_2005, 11);
  EXPECT_EQ(records_2011, 62);
}

// MOSIP's registration files say after their pictures where the finger is, and of two others that
// they are missing; one is the very thumb that is shown.
TEST(FingerImageFiles, MosipsBlocksAreRead) {
  WHORL_DATA_OR_SKIP(folder, "interop/mosip_mockmds/Default/Registration");
  const auto images = read_finger_images(file_bytes(folder / "Left_Index.iso"));
  ASSERT_TRUE(images) << describe(images.error());
  const FingerSegment whole{FingerPosition::left_index, 0, 0, 280, 448, Quality{57}};
  EXPECT_EQ(images->front().segments, std::vector{whole});
  EXPECT_EQ(images->front().missing,
            (std::vector{FingerPosition::right_thumb, FingerPosition::left_little}));
}

double correlation(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  double sum_a = 0, sum_b = 0, aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum_a += a[i], sum_b += b[i];
    aa += a[i] * a[i], bb += b[i] * b[i], ab += a[i] * b[i];
  }
  const auto n = static_cast<double>(a.size());
  return (n * ab - sum_a * sum_b) / std::sqrt((n * aa - sum_a * sum_a) * (n * bb - sum_b * sum_b));
}

// The same capture as JPEG 2000 and as WSQ, by two codecs that know nothing of each other.
TEST(FingerImageFiles, TwoCompressionsOfAFingerLookAlike) {
  WHORL_DATA_OR_SKIP(folder, "interop/mosip_mockmds/Default/Auth");
  for (const std::string finger :
       {"Right_Thumb", "Right_Index", "Right_Middle", "Right_Ring", "Right_Little", "Left_Thumb",
        "Left_Index", "Left_Middle", "Left_Ring", "Left_Little", "Finger_UKNOWN"}) {
    const auto one = read_finger_images(file_bytes(folder / (finger + ".iso")));
    const auto other = read_finger_images(file_bytes(folder / (finger + "_wsq.iso")));
    ASSERT_TRUE(one && other) << finger;
    const auto& a = one->front().image.samples;
    const auto& b = other->front().image.samples;
    ASSERT_EQ(a.size(), b.size()) << finger;
    EXPECT_GT(correlation(a, b), 0.95) << finger;
  }
}

}  // namespace
}  // namespace whorl::formats
