// Pictures cut short, changed, made up and made to explode.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <functional>
#include <thread>

#include "engine/base/limits.h"
#include "engine/base/random.h"
#include "engine/formats/images/read_image.h"
#include "tests/support/encode_images.h"
#include "tests/support/some_images.h"

namespace whorl::formats {
namespace {

using test::NamedImage;

Bytes bytes_of(std::string_view text) {
  return Bytes(as_bytes(text).begin(), as_bytes(text).end());
}

void put(Bytes& bytes, std::size_t at, std::uint64_t value, std::size_t width, bool little) {
  for (std::size_t i = 0; i < width; ++i, value >>= 8U) {
    bytes.at(little ? at + i : at + width - 1 - i) = static_cast<std::byte>(value & 0xFFU);
  }
}

std::size_t place_of(const Bytes& bytes, std::string_view pattern) {
  const auto wanted = as_bytes(pattern);
  const auto found = std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end());
  EXPECT_NE(found, bytes.end());
  return static_cast<std::size_t>(found - bytes.begin());
}

Bytes image_named(std::string_view name) {
  for (NamedImage& image : test::some_images()) {
    if (image.name == name) return std::move(image.bytes);
  }
  ADD_FAILURE() << name;
  return {};
}

TEST(SpoiltImage, EveryPrefixIsTruncated) {
  for (const NamedImage& image : test::some_images()) {
    ASSERT_TRUE(read_image(image.bytes)) << image.name;
    for (std::size_t length = 0; length < image.bytes.size(); ++length) {
      const auto read = read_image(std::span(image.bytes).first(length));
      ASSERT_FALSE(read) << image.name << " cut at " << length << " of " << image.bytes.size();
      ASSERT_EQ(read.error().fault, length == 0 ? Fault::empty_input : Fault::truncated)
          << image.name << " cut at " << length << ": " << describe(read.error());
    }
  }
}

TEST(SpoiltImage, BytesBehindThePictureArePassedOver) {
  for (const NamedImage& image : test::some_images()) {
    const auto whole = read_image(image.bytes);
    Bytes longer = image.bytes;
    longer.resize(longer.size() + 100, std::byte{0x41});
    const auto read = read_image(longer);
    ASSERT_TRUE(read) << image.name << ": " << describe(read.error());
    EXPECT_EQ(*read, *whole) << image.name;
  }
}

// The same bytes give the same answer; nothing is printed; offsets lie within the bytes.
TEST(SpoiltImage, ChangedBytesAreAnsweredAlikeAndInSilence) {
  SeededRandom random(1);
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  int refused = 0;
  for (const NamedImage& image : test::some_images()) {
    for (int i = 0; i < 300; ++i) {
      Bytes spoilt = image.bytes;
      const int changes = 1 + static_cast<int>(random.below(3));
      for (int c = 0; c < changes; ++c) {
        const auto at = static_cast<std::size_t>(
            random.below(static_cast<std::int64_t>(i % 2 == 0 ? spoilt.size() : 120)));
        spoilt[std::min(at, spoilt.size() - 1)] = static_cast<std::byte>(random.below(256));
      }
      const auto first = read_image(spoilt), second = read_image(spoilt);
      ASSERT_EQ(first.has_value(), second.has_value()) << image.name;
      if (first) {
        ASSERT_EQ(*first, *second) << image.name;
        continue;
      }
      ++refused;
      ASSERT_EQ(first.error(), second.error()) << image.name;
      ASSERT_LE(first.error().offset, spoilt.size()) << image.name;
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST(SpoiltImage, GarbageBehindAMagicIsRefused) {
  SeededRandom random(2);
  using namespace std::string_view_literals;
  for (const std::string_view magic :
       {"\x89PNG\r\n\x1A\n"sv, "\xFF\xD8\xFF"sv, "II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv, "BM"sv,
        "P2\n"sv, "P3\n"sv, "P5\n"sv, "P6\n"sv, "\0\0\0\x0CjP  \r\n\x87\n"sv, "\xFF\x4F\xFF\x51"sv,
        "\xFF\xA0"sv}) {
    for (int i = 0; i < 200; ++i) {
      Bytes bytes = bytes_of(magic);
      for (std::int64_t n = random.below(400); n > 0; --n) {
        bytes.push_back(static_cast<std::byte>(random.below(256)));
      }
      EXPECT_TRUE(detect_image_format(bytes));
      EXPECT_FALSE(read_image(bytes)) << magic.substr(1, 3);
    }
  }
}

TEST(SpoiltImage, OtherBytesAreNoPicture) {
  for (const char* text : {"x", "FMR", "GIF89a", "<svg", "P7\n1 1", "P55 1 1 255\n.", "%PDF"}) {
    EXPECT_EQ(read_image(as_bytes(text)).error().fault, Fault::bad_magic) << text;
  }
  EXPECT_FALSE(detect_image_format({}));
  EXPECT_EQ(detect_image_format(as_bytes("BM")), ImageFormat::bmp);
}

struct Bomb {
  std::string name;
  Bytes bytes;
};

// TIFF's entries of width and height, tile width and length: 12 bytes each in the first directory.
void set_tiff_entry(Bytes& bytes, unsigned tag, std::uint32_t value) {
  std::size_t at = 0;
  for (std::size_t i = 4; i-- > 0;) at = at << 8U | std::to_integer<std::size_t>(bytes[4 + i]);
  for (at += 2;
       bytes.at(at) != std::byte(tag & 0xFFU) || bytes.at(at + 1) != std::byte(tag >> 8U);) {
    at += 12;
  }
  put(bytes, at + 2, 4, 2, true);  // a word of 32 bits
  put(bytes, at + 8, value, 4, true);
}

std::vector<Bomb> headers_of(std::uint32_t side_px) {
  std::vector<Bomb> bombs;
  Bytes png = image_named("png-grey");
  put(png, 16, side_px, 4, false), put(png, 20, side_px, 4, false);
  bombs.push_back({"png", png});
  for (const auto& [name, marker] :
       {std::pair("jpeg-grey", "\xFF\xC0"), {"jpeg-progressive", "\xFF\xC2"}}) {
    Bytes jpeg = image_named(name);
    const std::size_t at = place_of(jpeg, marker);
    put(jpeg, at + 5, side_px, 2, false), put(jpeg, at + 7, side_px, 2, false);
    bombs.push_back({name, jpeg});
  }
  Bytes tiff = image_named("tiff-8");
  set_tiff_entry(tiff, 256, side_px), set_tiff_entry(tiff, 257, side_px);
  bombs.push_back({"tiff", tiff});
  for (const char* name : {"jp2-grey", "j2k"}) {
    Bytes jp2 = image_named(name);
    const std::size_t at = place_of(jp2, "\xFF\x51") + 6;
    for (const std::size_t field : {0U, 4U, 16U, 20U}) put(jp2, at + field, side_px, 4, false);
    bombs.push_back({name, jp2});
  }
  Bytes bmp = image_named("bmp");
  put(bmp, 18, side_px, 4, true), put(bmp, 22, side_px, 4, true);
  bombs.push_back({"bmp", bmp});
  const std::string side = std::to_string(side_px);
  bombs.push_back({"pgm", bytes_of("P5 " + side + " " + side + " 255\nx")});
  bombs.push_back({"ppm", bytes_of("P3 " + side + " " + side + " 255\n1 2 3 ")});
  return bombs;
}

long most_memory_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST(ImageBomb, HugeHeadersAreRefusedWithoutMemory) {
  for (const std::uint32_t side_px : {20'000U, 20'001U, 65'000U}) {
    for (const Bomb& bomb : headers_of(side_px)) {
      const long before = most_memory_kib();
      const auto read = read_image(bomb.bytes);
      ASSERT_FALSE(read) << bomb.name;
      EXPECT_EQ(read.error().fault, Fault::limit_exceeded)
          << bomb.name << ": " << describe(read.error());
      EXPECT_LT(most_memory_kib() - before, 8 * 1024) << bomb.name;
    }
  }
}

TEST(ImageBomb, EmptyHeadersAreOutOfRange) {
  for (const Bomb& bomb : headers_of(0)) {
    const auto read = read_image(bomb.bytes);
    ASSERT_FALSE(read) << bomb.name;
    if (bomb.name == "tiff")
      continue;  // libtiff finds that no strip is needed, and calls it damage
    EXPECT_EQ(read.error().fault, Fault::out_of_range) << bomb.name;
  }
}

TEST(ImageBomb, ScansAreCounted) {
  const Bytes jpeg = image_named("jpeg-scans");
  const std::string_view start_of_scan = "\xFF\xDA";
  std::size_t last = 0;
  for (std::size_t i = 0; i + 1 < jpeg.size(); ++i) {
    if (std::equal(as_bytes(start_of_scan).begin(), as_bytes(start_of_scan).end(),
                   jpeg.begin() + static_cast<std::ptrdiff_t>(i))) {
      last = i;
    }
  }
  const auto scan = std::span(jpeg).subspan(last, jpeg.size() - 2 - last);
  for (const auto& [copies, fault] : {std::pair(20, false), {200, true}}) {
    ByteWriter out;
    out.bytes(std::span(jpeg).first(last));
    for (int i = 0; i < copies; ++i) out.bytes(scan);
    out.bytes(std::span(jpeg).last(2));
    const auto read = read_image(out.view());
    ASSERT_EQ(read.has_value(), !fault) << copies;
    if (fault) { EXPECT_EQ(read.error().fault, Fault::limit_exceeded); }
  }
}

TEST(ImageBomb, PiecesOfJpeg2000AreCounted) {
  // A large picture, so that small pieces are many.
  Bytes large = image_named("j2k");
  const std::size_t size_at = place_of(large, "\xFF\x51");
  for (const std::size_t field : {6U, 10U, 22U, 26U}) put(large, size_at + field, 8000, 4, false);
  Bytes tiles = large, blocks = large, layers = image_named("jp2-tiles");
  put(tiles, size_at + 22, 1, 4, false), put(tiles, size_at + 26, 1000, 4, false);
  put(blocks, place_of(blocks, "\xFF\x52") + 10, 0, 2, false);
  put(layers, place_of(layers, "\xFF\x52") + 6, 65535, 2, false);
  for (const Bytes& bytes : {tiles, blocks, layers}) {
    const long before = most_memory_kib();
    const auto read = read_image(bytes);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().fault, Fault::limit_exceeded) << describe(read.error());
    EXPECT_LT(most_memory_kib() - before, 8 * 1024);
  }
}

TEST(ImageBomb, TilesLargerThanAnyPictureAreRefused) {
  test::TiffOptions options;
  options.tile_px = 16;
  Bytes tiff = encode_tiff(test::soft_samples(20, 20, 1), options);
  set_tiff_entry(tiff, 322, 20'000), set_tiff_entry(tiff, 323, 20'000);
  EXPECT_EQ(read_image(tiff).error().fault, Fault::limit_exceeded);
}

TEST(SpoiltImage, EachHasItsFault) {
  struct Row {
    const char* what;
    const char* image;
    std::function<void(Bytes&)> spoil;
    Fault fault;
  };
  const auto set = [](std::size_t at, std::uint64_t value, std::size_t width) {
    return [=](Bytes& bytes) { put(bytes, at, value, width, true); };
  };
  for (const Row& row : {
           Row{"png depth", "png-grey", set(24, 3, 1), Fault::out_of_range},
           Row{"png colour", "png-grey", set(25, 5, 1), Fault::out_of_range},
           Row{"png interlace", "png-grey", set(28, 2, 1), Fault::out_of_range},
           Row{"png header length", "png-grey", set(11, 12, 1), Fault::damaged_file},
           Row{"png checksum", "png-grey", set(29, 0, 4), Fault::damaged_file},
           Row{"png pixel", "png-grey",
               [](Bytes& b) { b[place_of(b, "IDAT") + 20] ^= std::byte{1}; }, Fault::damaged_file},
           Row{"png resolution", "png-grey",
               [](Bytes& b) { b[place_of(b, "pHYs") + 6] ^= std::byte{1}; }, Fault::damaged_file},
           Row{"jpeg precision", "jpeg-grey",
               [](Bytes& b) { b[place_of(b, "\xFF\xC0") + 4] = std::byte{12}; },
               Fault::unsupported},
           Row{"jpeg lossless", "jpeg-grey",
               [](Bytes& b) { b[place_of(b, "\xFF\xC0") + 1] = std::byte{0xC3}; },
               Fault::unsupported},
           Row{"jpeg table", "jpeg-grey",
               [](Bytes& b) { b[place_of(b, "\xFF\xC4") + 5] = std::byte{200}; },
               Fault::damaged_file},
           Row{"jpeg ends early", "jpeg-grey",
               [](Bytes& b) { put(b, place_of(b, "\xFF\xDA") + 30, 0xFFD9, 2, false); },
               Fault::damaged_file},
           Row{"bmp header", "bmp", set(14, 41, 4), Fault::unsupported},
           Row{"bmp width", "bmp", set(18, 0x80000000, 4), Fault::out_of_range},
           Row{"bmp bits", "bmp", set(28, 7, 2), Fault::out_of_range},
           Row{"bmp 16 bits", "bmp", set(28, 16, 2), Fault::unsupported},
           Row{"bmp runs", "bmp", set(30, 1, 4), Fault::unsupported},
           Row{"bmp pixels in the header", "bmp", set(10, 20, 4), Fault::out_of_range},
           Row{"bmp masks", "bmp-alpha", set(54, 0xFF, 4), Fault::unsupported},
           Row{"bmp palette", "bmp-palette", set(46, 17, 4), Fault::out_of_range},
           Row{"bmp index", "bmp-palette", set(46, 2, 4), Fault::out_of_range},
           Row{"pgm maximum", "pgm", [](Bytes& b) { b = bytes_of("P5 1 1 0\n?"); },
               Fault::out_of_range},
           Row{"pgm maximum", "pgm", [](Bytes& b) { b = bytes_of("P5 1 1 65536\n??"); },
               Fault::out_of_range},
           Row{"pgm sample", "pgm", [](Bytes& b) { b = bytes_of("P5 1 1 9\n?"); },
               Fault::out_of_range},
           Row{"pgm number", "pgm", [](Bytes& b) { b = bytes_of("P2 1 -1 9\n3 "); },
               Fault::out_of_range},
           Row{"pbm", "pgm", [](Bytes& b) { b = bytes_of("P4 1 1\n?"); }, Fault::unsupported},
           Row{"tiff old jpeg", "tiff-1", [](Bytes& b) { set_tiff_entry(b, 259, 6); },
               Fault::unsupported},
           Row{"tiff pixels", "tiff-8", [](Bytes& b) { b[20] ^= std::byte{0x7F}; },
               Fault::damaged_file},
           Row{"jp2 components", "j2k", set(40, 0, 2), Fault::out_of_range},
           Row{"jp2 tiles", "j2k", set(24, 0, 4), Fault::out_of_range},
           Row{"jp2 missing tiles", "j2k", [](Bytes& b) { put(b, 24, 10, 4, false); },
               Fault::damaged_file},
           Row{"jp2 second part missing", "j2k",
               [](Bytes& b) { b[place_of(b, "\xFF\x90") + 11] = std::byte{2}; },
               Fault::damaged_file},
           Row{"jp2 tile part", "j2k",
               [](Bytes& b) { put(b, place_of(b, "\xFF\x90") + 6, 13, 4, false); },
               Fault::damaged_file},
       }) {
    Bytes bytes = image_named(row.image);
    row.spoil(bytes);
    const auto read = read_image(bytes);
    ASSERT_FALSE(read) << row.what;
    EXPECT_EQ(read.error().fault, row.fault) << row.what << ": " << describe(read.error());
  }
}

TEST(ReadImage, ManyThreadsReadAtOnce) {
  const auto images = test::some_images();
  std::vector<Image> expected;
  for (const NamedImage& image : images) expected.push_back(read_image(image.bytes).value());
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (int& count : wrong) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        for (std::size_t i = 0; i < images.size(); ++i) {
          const auto read = read_image(images[i].bytes);
          const auto cut = read_image(std::span(images[i].bytes).first(images[i].bytes.size() / 2));
          count += static_cast<int>(!read || !(*read == expected[i]) || cut);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

}  // namespace
}  // namespace whorl::formats
