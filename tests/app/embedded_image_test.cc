#include "engine/app/report/embedded_image.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string_view>

#include "engine/base/byte_writer.h"

namespace whorl::app {
namespace {

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int v : values) bytes.push_back(static_cast<std::byte>(v));
  return bytes;
}

void append(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }

// Chunks of a PNG as embed_image reads it: lengths and types, not pixels.
Bytes png(std::uint8_t width = 3, std::uint8_t height = 2) {
  Bytes bytes = bytes_of({0x89, 'P', 'N', 'G', 13, 10, 26, 10});
  append(bytes, bytes_of({0, 0, 0,      13, 'I', 'H', 'D', 'R', 0, 0, 0, width, 0,
                          0, 0, height, 8,  0,   0,   0,   0,   1, 2, 3, 4}));
  append(bytes, bytes_of({0, 0, 0, 2, 'I', 'D', 'A', 'T', 9, 9, 1, 2, 3, 4}));
  append(bytes, bytes_of({0, 0, 0, 0, 'I', 'E', 'N', 'D', 1, 2, 3, 4}));
  return bytes;
}

Bytes jpeg(std::uint8_t width = 3, std::uint8_t height = 2) {
  Bytes bytes = bytes_of({0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 'J', 'F'});
  append(bytes, bytes_of({0xFF, 0xFF, 0xC0, 0, 11, 8, 0, height, 0, width, 1, 1, 0x11, 0}));
  append(bytes, bytes_of({0xFF, 0xDA, 0, 2, 7, 7, 0xFF, 0xD9}));
  return bytes;
}

Fault fault_of(const Bytes& bytes) {
  const auto image = embed_image(bytes);
  EXPECT_FALSE(image);
  return image ? Fault{} : image.error().fault;
}

TEST(EmbeddedImage, TellsTheSizeOfPngAndJpeg) {
  const auto a = embed_image(png(30, 20)), b = embed_image(jpeg(40, 50));
  ASSERT_TRUE(a) << describe(a.error());
  ASSERT_TRUE(b) << describe(b.error());
  EXPECT_EQ(a->width_px, 30U);
  EXPECT_EQ(a->height_px, 20U);
  EXPECT_EQ(b->width_px, 40U);
  EXPECT_EQ(b->height_px, 50U);
  EXPECT_TRUE(a->data_uri.starts_with("data:image/png;base64,iVBORw0KGgo"));
  EXPECT_TRUE(b->data_uri.starts_with("data:image/jpeg;base64,/9j/4AAE"));
}

TEST(EmbeddedImage, WritesBase64OfEveryLength) {
  constexpr std::string_view kHead = "data:image/jpeg;base64,";
  Bytes bytes = jpeg();
  for (const std::size_t padding : {1U, 0U, 2U}) {  // 30, 31, 32 bytes are 0, 2, 1 short of threes
    const auto image = embed_image(bytes);
    ASSERT_TRUE(image);
    const std::string digits = image->data_uri.substr(kHead.size());
    EXPECT_EQ(digits.size(), (bytes.size() + 2) / 3 * 4);
    EXPECT_EQ(digits.find('=') == std::string::npos ? 0 : digits.size() - digits.find('='),
              (3 - bytes.size() % 3) % 3)
        << padding;
    bytes.push_back(std::byte{0});  // what a camera adds after the end
  }
}

TEST(EmbeddedImage, RefusesEveryPrefix) {
  for (const Bytes& whole : {png(), jpeg()}) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const Fault fault = fault_of(Bytes(whole.begin(), whole.begin() + static_cast<long>(length)));
      EXPECT_TRUE(length == 0  ? fault == Fault::empty_input
                  : length < 8 ? fault == Fault::bad_magic || fault == Fault::truncated
                               : fault == Fault::truncated)
          << length << " of " << whole.size();
    }
  }
}

TEST(EmbeddedImage, RefusesWhatIsNoPicture) {
  const auto with = [](Bytes bytes, std::size_t at, int value) {
    bytes.at(at) = static_cast<std::byte>(value);
    return bytes;
  };
  Bytes longer = png();
  longer.push_back(std::byte{0});
  const struct {
    const char* what;
    Bytes bytes;
    Fault fault;
  } bad[] = {
      {"an SVG, which may hold script", bytes_of({'<', 's', 'v', 'g', '>', ' ', ' ', ' ', ' '}),
       Fault::bad_magic},
      {"a GIF", bytes_of({'G', 'I', 'F', '8', '9', 'a', 1, 0, 1, 0}), Fault::bad_magic},
      {"no width", png(0, 2), Fault::out_of_range},
      {"no height", jpeg(3, 0), Fault::out_of_range},
      {"too wide", with(png(), 17, 1), Fault::limit_exceeded},
      {"a chunk longer than the file", with(png(), 8, 0x7F), Fault::truncated},
      {"no header first", with(png(), 12, 'X'), Fault::out_of_range},
      {"a header too short for a size", with(png(), 11, 1), Fault::out_of_range},
      {"bytes after the end", longer, Fault::length_mismatch},
      {"no marker where one must be", with(jpeg(), 2, 0), Fault::out_of_range},
      {"a segment shorter than its length", with(jpeg(), 5, 1), Fault::out_of_range},
      {"the scan before the size", with(jpeg(), 10, 0xDA), Fault::out_of_range},
  };
  for (const auto& row : bad) EXPECT_EQ(fault_of(row.bytes), row.fault) << row.what;
  EXPECT_EQ(fault_of(Bytes(kMaxEmbeddedBytes + 1)), Fault::limit_exceeded);
}

}  // namespace
}  // namespace whorl::app
