// make_seeds KIND FOLDER: writes seeds of one kind, from our own encoders, the same at every run.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "engine/formats/images/wsq_encoder.h"
#include "engine/formats/template_container.h"
#include "tests/support/encode_images.h"
#include "tests/support/face_image_files.h"
#include "tests/support/finger_image_files.h"
#include "tests/support/random_records.h"
#include "tests/support/ridge_picture.h"
#include "tests/support/some_images.h"

namespace {

using namespace whorl;           // NOLINT: one short program
using namespace whorl::formats;  // NOLINT

constexpr int kSeedsPerKind = 24;
constexpr std::array<std::string_view, 5> kDialects = {
    "iso19794_2_2005", "iso19794_2_2011", "ansi378_2004", "ansi378_2009", "ansi378_2009_am1"};

bool write(const std::filesystem::path& path, const Result<Bytes>& bytes) {
  if (!bytes) return false;
  std::ofstream file(path, std::ios::binary);
  for (const std::byte b : *bytes) file.put(static_cast<char>(b));
  return file.good();
}

bool write_records(MinutiaeFormat format, const std::filesystem::path& folder) {
  const std::string name(kDialects.at(static_cast<std::size_t>(format)));
  bool good = true;
  for (int i = 0; i < kSeedsPerKind && good; ++i) {
    SeededRandom random = SeededRandom::stream(1, static_cast<std::uint64_t>(i));
    good = write(folder / (name + "-" + std::to_string(i)),
                 encode_minutiae_record(test::random_record(random, format)));
  }
  return good;
}

bool write_containers(const std::filesystem::path& folder) {
  bool good = true;
  for (int i = 0; i < kSeedsPerKind && good; ++i) {
    SeededRandom random = SeededRandom::stream(2, static_cast<std::uint64_t>(i));
    const Template value = i % 3 == 0 ? Template(test::random_face(random, 1 + i * 8))
                                      : Template(test::random_finger(random, 1 + i, i % 3 == 1));
    good = write(folder / ("container-" + std::to_string(i)), encode_template(value));
  }
  return good;
}

bool write_finger_images(const std::filesystem::path& folder) {
  bool good = true;
  for (int i = 0; i < kSeedsPerKind && good; ++i) {
    SeededRandom random = SeededRandom::stream(3, static_cast<std::uint64_t>(i));
    const std::string name = std::to_string(i);
    for (const FingerImageFormat format : kFingerImageFormats) {
      const bool of_2005 = format == FingerImageFormat::iso19794_4_2005;
      good = good &&
             write(folder / ((of_2005 ? "iso19794_4_2005-" : "iso19794_4_2011-") + name),
                   encode_finger_image_record(test::random_finger_image_record(random, format)));
    }
    good = good && write(folder / ("nist_itl-" + name), test::random_transaction(random));
  }
  return good;
}

// What records of faces hold.
std::vector<Bytes> some_pictures() {
  const test::Samples samples = test::soft_samples(20, 26, 3);
  test::JpegOptions gradual;
  gradual.progressive = true;
  return {test::encode_jpeg(samples), test::encode_jpeg(samples, gradual),
          test::encode_jpeg2000(samples)};
}

Bytes face_transaction(const Bytes& picture) {
  const auto width = test::TagWidth::three_digits;
  const test::FieldTexts fields = {{3, "FACE"},  {5, "20240229"}, {6, "20"},
                                   {7, "26"},    {11, "JPEGB"},   {12, "SRGB"},
                                   {24, "49|1"}, {25, "-5|0|7"},  {29, "1|3.6|11|12"}};
  return test::transaction({test::tagged_record(10, fields, width, picture)}, width);
}

bool write_face_images(const std::filesystem::path& folder, bool wrapped_alone) {
  const std::vector<Bytes> pictures = some_pictures();
  bool good = true;
  for (int i = 0; i < kSeedsPerKind && good; ++i) {
    SeededRandom random = SeededRandom::stream(4, static_cast<std::uint64_t>(i));
    const std::string name = std::to_string(i);
    for (const FaceImageFormat format : kFaceImageFormats) {
      const bool of_2005 = format == FaceImageFormat::iso19794_5_2005;
      const std::string year = of_2005 ? "2005-" : "2011-";
      const auto record =
          encode_face_image_record(test::random_face_image_record(random, format, pictures));
      if (!record) return false;
      test::ChipOptions options;
      options.length_bytes = i % 2 == 0 ? test::kShortest : 4;
      const std::vector<Bytes> records(1 + static_cast<std::size_t>(i % 3), *record);
      good =
          good && write(folder / ("icao_dg2-" + year + name), test::data_group_2(records, options));
      if (!wrapped_alone) good = good && write(folder / ("iso19794_5_" + year + name), record);
    }
    if (wrapped_alone) continue;
    const Bytes& picture = pictures[static_cast<std::size_t>(i) % pictures.size()];
    good = good && write(folder / ("nist_itl-" + name), face_transaction(picture));
  }
  return good;
}

// Small pictures, so that a mutation is tried soon; with and without restarts, filters of two
// banks.
bool write_wsq(const std::filesystem::path& folder) {
  const wsq::FilterBank two_taps{false, {0.70710678F}, {0.70710678F}};
  bool good = true;
  for (int i = 0; i < kSeedsPerKind && good; ++i) {
    const Image image = test::ridge_picture(1 + 3 * i, 1 + 70 * i % 61, static_cast<unsigned>(i));
    const wsq::StreamOptions stream{i % 3 == 0 ? two_taps : wsq::standard_bank(), i % 4 * 50};
    good = write(folder / ("wsq-" + std::to_string(i)),
                 wsq::encode_stream(image, {0.5 + 0.25 * i}, stream));
  }
  return good;
}

// For fuzz_extract, which reads sizes, resolution and samples: ridges at the largest size it takes.
bool write_prints(const std::filesystem::path& folder) {
  bool good = true;
  for (int i = 0; i < kSeedsPerKind && good; ++i) {
    const int side = 96 - 3 * i;
    const Image image = test::ridge_picture(side, 96 - i, static_cast<unsigned>(i));
    Bytes bytes = {static_cast<std::byte>(side - 1), static_cast<std::byte>(95 - i), std::byte{1},
                   std::byte{0xF4}};  // 500 ppi
    for (const std::uint8_t s : image.samples) bytes.push_back(std::byte{s});
    good = write(folder / ("print-" + std::to_string(i)), bytes);
  }
  return good;
}

bool write_images(const std::filesystem::path& folder) {
  bool good = true;
  for (const test::NamedImage& image : test::some_images()) {
    good = good && write(folder / image.name, image.bytes);
  }
  return good;
}

bool write_kind(std::string_view kind, const std::filesystem::path& folder) {
  bool known = false;
  bool good = true;
  for (const MinutiaeFormat format : kMinutiaeFormats) {
    if (kind != "all" && kind != kDialects.at(static_cast<std::size_t>(format))) continue;
    known = true;
    good = good && write_records(format, folder);
  }
  if (kind == "all" || kind == "container") {
    known = true;
    good = good && write_containers(folder);
  }
  if (kind == "prints") {
    known = true;
    good = good && write_prints(folder);
  }
  if (kind == "images") {
    known = true;
    good = good && write_images(folder);
  }
  if (kind == "finger_images") {
    known = true;
    good = good && write_finger_images(folder);
  }
  if (kind == "face_images" || kind == "icao_dg2") {
    known = true;
    good = good && write_face_images(folder, kind == "icao_dg2");
  }
  if (kind == "wsq") {
    known = true;
    good = good && write_wsq(folder);
  }
  return known && good;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: make_seeds KIND FOLDER\n");
    return 2;
  }
  std::error_code trouble;
  std::filesystem::create_directories(argv[2], trouble);
  if (trouble || !write_kind(argv[1], argv[2])) {
    std::fprintf(stderr, "make_seeds: cannot write seeds of kind %s into %s\n", argv[1], argv[2]);
    return 4;
  }
  return 0;
}
