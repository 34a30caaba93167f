#include "engine/formats/template_container.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "engine/base/crc32c.h"
#include "engine/base/limits.h"
#include "tests/support/random_records.h"

namespace whorl::formats {
namespace {

using test::random_face;
using test::random_finger;

Bytes encoded(const Template& value) {
  auto bytes = encode_template(value);
  EXPECT_TRUE(bytes) << describe(bytes.error());
  return bytes.value_or(Bytes{});
}

void set_u32(Bytes& bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 4; i-- > 0; value >>= 8U) bytes.at(at + i) = static_cast<std::byte>(value);
}

// A container whose length and checksum agree with its changed content.
Bytes resealed(Bytes bytes) {
  set_u32(bytes, 6, static_cast<std::uint32_t>(bytes.size()));
  set_u32(bytes, bytes.size() - 4, crc32c(std::span(bytes).first(bytes.size() - 4)));
  return bytes;
}

std::vector<Template> some_templates() {
  SeededRandom random(1);
  std::vector<Template> templates;
  for (const int minutiae : {1, 2, 40, kMaxMinutiaePerTemplate}) {
    templates.emplace_back(random_finger(random, minutiae, false));
    templates.emplace_back(random_finger(random, minutiae, true));
  }
  for (const int dimension : {1, 128, kMaxFaceDimension}) {
    templates.emplace_back(random_face(random, dimension));
  }
  return templates;
}

TEST(Container, GivesBackTemplates) {
  for (const Template& value : some_templates()) {
    const auto decoded = decode_template(encoded(value));
    ASSERT_TRUE(decoded) << describe(decoded.error());
    EXPECT_TRUE(*decoded == value);
  }
}

TEST(Container, TakesSixBytesAMinutiaAndThirtyTwoACode) {
  SeededRandom random(2);
  EXPECT_EQ(encoded(random_finger(random, 40, true)).size(), 20U + 40 * (6 + 32));
  EXPECT_EQ(encoded(random_finger(random, 40, false)).size(), 20U + 40 * 6);
}

TEST(Container, RefusesEveryPrefixAsTruncated) {
  for (const Template& value : some_templates()) {
    const Bytes bytes = encoded(value);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      const auto decoded = decode_template(std::span(bytes).first(length));
      ASSERT_FALSE(decoded);
      ASSERT_EQ(decoded.error().fault, length == 0 ? Fault::empty_input : Fault::truncated);
    }
  }
}

TEST(Container, RefusesTrailingBytes) {
  for (const Template& value : some_templates()) {
    Bytes bytes = encoded(value);
    bytes.push_back(std::byte{0});
    EXPECT_EQ(decode_template(bytes).error().fault, Fault::length_mismatch);
  }
}

TEST(Container, FindsEveryChangeOfOneBit) {
  SeededRandom random(3);
  for (const Template& value :
       {Template(random_finger(random, 3, true)), Template(random_face(random, 5))}) {
    const Bytes bytes = encoded(value);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      Bytes spoilt = bytes;
      spoilt[bit / 8] ^= std::byte{1} << (bit % 8);
      EXPECT_FALSE(decode_template(spoilt)) << "bit " << bit;
    }
  }
}

struct Spoilt {
  std::size_t offset;
  std::uint8_t value;
  Fault fault;
};

// Changed bytes under a checksum that fits: each field is judged by itself.
void expect_refused(const Template& value, const std::vector<Spoilt>& table) {
  const Bytes bytes = encoded(value);
  for (const Spoilt& row : table) {
    Bytes spoilt = bytes;
    spoilt.at(row.offset) = std::byte{row.value};
    const auto decoded = decode_template(resealed(spoilt));
    ASSERT_FALSE(decoded) << "byte " << row.offset;
    EXPECT_EQ(decoded.error().fault, row.fault)
        << "byte " << row.offset << ": " << describe(decoded.error());
  }
}

TEST(SpoiltContainer, EachByteOfAFingerHasItsFault) {
  SeededRandom random(4);
  expect_refused(random_finger(random, 2, true), {
                                                     {0, 'X', Fault::bad_magic},
                                                     {3, 'X', Fault::bad_magic},
                                                     {4, 0, Fault::unsupported},
                                                     {4, 2, Fault::unsupported},  // newer
                                                     {5, 0, Fault::unsupported},  // modality
                                                     {5, 3, Fault::unsupported},
                                                     {10, 11, Fault::out_of_range},   // position
                                                     {11, 101, Fault::out_of_range},  // quality
                                                     {13, 0, Fault::out_of_range},  // code version
                                                     {14, 0, Fault::no_minutiae},
                                                     {14, 129, Fault::limit_exceeded},
                                                     {14, 255, Fault::limit_exceeded},
                                                     {15, 1, Fault::out_of_range},  // codes
                                                     {15, 0, Fault::out_of_range},
                                                     {15, 255, Fault::out_of_range},
                                                     {16, 0xC0, Fault::out_of_range},  // kind
                                                     {18, 0x40, Fault::out_of_range},  // y
                                                     {21, 101, Fault::out_of_range},   // quality
                                                 });
  Bytes longer = encoded(random_finger(random, 2, true));
  longer.push_back(std::byte{0});
  EXPECT_EQ(decode_template(resealed(longer)).error().fault, Fault::length_mismatch);
}

TEST(SpoiltContainer, EachByteOfAFaceHasItsFault) {
  SeededRandom random(5);
  FaceTemplate face = random_face(random, 4);
  face.model = "ab";
  expect_refused(face, {
                           {10, 101, Fault::out_of_range},  // quality
                           {11, 0, Fault::out_of_range},    // model
                           {11, 65, Fault::length_mismatch},
                           {12, 0, Fault::out_of_range},
                           {12, ' ', Fault::out_of_range},
                           {12, 0x80, Fault::out_of_range},
                           {15, 0, Fault::wrong_dimension},
                           {15, 3, Fault::length_mismatch},
                           {15, 5, Fault::length_mismatch},
                           {14, 0x20, Fault::limit_exceeded},
                       });
}

TEST(SpoiltContainer, VectorsMustBeFiniteAndNotZero) {
  SeededRandom random(6);
  FaceTemplate face = random_face(random, 3);
  face.model = "ab";
  const Bytes bytes = encoded(face);
  for (const std::uint32_t word : {0x7F800000U, 0xFF800000U, 0x7FC00000U, 0xFFFFFFFFU}) {
    Bytes spoilt = bytes;
    set_u32(spoilt, 20, word);
    const auto decoded = decode_template(resealed(spoilt));
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().fault, Fault::not_finite);
    EXPECT_EQ(decoded.error().offset, 20U);
  }
  Bytes zero = bytes;
  for (const std::size_t at : {16U, 20U, 24U}) set_u32(zero, at, 0);
  EXPECT_EQ(decode_template(resealed(zero)).error().fault, Fault::zero_vector);
  set_u32(zero, 20, 0x80000000U);  // minus zero has no direction either
  EXPECT_EQ(decode_template(resealed(zero)).error().fault, Fault::zero_vector);
}

TEST(Container, RefusesFingersItCannotHold) {
  struct Row {
    const char* what;
    std::function<void(FingerTemplate&)> change;
    Fault fault;
  };
  SeededRandom random(7);
  const FingerTemplate good = random_finger(random, 3, true);
  for (const Row& row : {
           Row{"none", [](auto& f) { f.minutiae.clear(), f.codes.clear(), f.code_version = 0; },
               Fault::no_minutiae},
           Row{"many", [](auto& f) { f.minutiae.resize(129), f.codes.resize(129); },
               Fault::limit_exceeded},
           Row{"a code short", [](auto& f) { f.codes.pop_back(); }, Fault::out_of_range},
           Row{"a code more", [](auto& f) { f.codes.emplace_back(); }, Fault::out_of_range},
           Row{"no version", [](auto& f) { f.code_version = 0; }, Fault::out_of_range},
           Row{"version alone", [](auto& f) { f.codes.clear(); }, Fault::out_of_range},
           Row{"x", [](auto& f) { f.minutiae[1].x_px = -1; }, Fault::out_of_range},
           Row{"y", [](auto& f) { f.minutiae[1].y_px = 0x4000; }, Fault::out_of_range},
           Row{"kind", [](auto& f) { f.minutiae[1].kind = MinutiaKind{3}; }, Fault::out_of_range},
           Row{"minutia quality", [](auto& f) { f.minutiae[1].quality = 101; },
               Fault::out_of_range},
           Row{"padding", [](auto& f) { f.minutiae[1].zero = 1; }, Fault::out_of_range},
           Row{"quality", [](auto& f) { f.quality.value = 200; }, Fault::out_of_range},
           Row{"position", [](auto& f) { f.position = FingerPosition{11}; }, Fault::out_of_range},
       }) {
    FingerTemplate finger = good;
    row.change(finger);
    const auto bytes = encode_template(finger);
    ASSERT_FALSE(bytes) << row.what;
    EXPECT_EQ(bytes.error().fault, row.fault) << row.what;
  }
}

TEST(Container, RefusesFacesItCannotHold) {
  struct Row {
    const char* what;
    std::function<void(FaceTemplate&)> change;
    Fault fault;
  };
  SeededRandom random(8);
  const FaceTemplate good = random_face(random, 16);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const Row& row : {
           Row{"no model", [](auto& f) { f.model.clear(); }, Fault::out_of_range},
           Row{"long model", [](auto& f) { f.model.assign(65, 'a'); }, Fault::limit_exceeded},
           Row{"unprintable", [](auto& f) { f.model = "a\n"; }, Fault::out_of_range},
           Row{"quality", [](auto& f) { f.quality.value = 101; }, Fault::out_of_range},
           Row{"no vector", [](auto& f) { f.vector.clear(); }, Fault::wrong_dimension},
           Row{"long vector", [](auto& f) { f.vector.resize(4097, 1.0F); }, Fault::limit_exceeded},
           Row{"NaN", [](auto& f) { f.vector[3] = std::nanf(""); }, Fault::not_finite},
           Row{"infinity", [](auto& f) { f.vector[15] = -kInfinity; }, Fault::not_finite},
           Row{"zero", [](auto& f) { f.vector.assign(16, 0.0F); }, Fault::zero_vector},
       }) {
    FaceTemplate face = good;
    row.change(face);
    const auto bytes = encode_template(face);
    ASSERT_FALSE(bytes) << row.what;
    EXPECT_EQ(bytes.error().fault, row.fault) << row.what;
  }
}

TEST(Container, RefusesAbsurdLengthsBeforeReading) {
  SeededRandom random(9);
  Bytes bytes = encoded(random_finger(random, 3, false));
  set_u32(bytes, 6, 0xFFFFFFFF);
  EXPECT_EQ(decode_template(bytes).error().fault, Fault::limit_exceeded);
  set_u32(bytes, 6, 3);
  EXPECT_EQ(decode_template(bytes).error().fault, Fault::length_mismatch);
  bytes.resize(10);
  set_u32(bytes, 6, 10);
  EXPECT_EQ(decode_template(bytes).error().fault, Fault::length_mismatch);
}

}  // namespace
}  // namespace whorl::formats
