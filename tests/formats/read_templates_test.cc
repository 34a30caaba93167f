#include "engine/formats/read_templates.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "engine/formats/file_io.h"
#include "engine/formats/finger_templates.h"
#include "engine/formats/template_container.h"
#include "tests/support/random_records.h"

namespace whorl::formats {
namespace {

TEST(ReadTemplates, ReadsContainersAndRecordsAlike) {
  SeededRandom random(1);
  const std::vector<FingerTemplate> fingers = {test::random_finger(random, 20, false),
                                               test::random_finger(random, 30, false)};
  const auto contained = read_templates(encode_template(fingers[0]).value());
  ASSERT_TRUE(contained);
  EXPECT_EQ(*contained, std::vector<Template>{fingers[0]});
  for (const MinutiaeFormat format :
       {MinutiaeFormat::iso19794_2_2005, MinutiaeFormat::iso19794_2_2011}) {
    const auto record = to_minutiae_record(fingers, format);
    const auto read = read_templates(encode_minutiae_record(record.value()).value());
    ASSERT_TRUE(read) << describe(read.error());
    EXPECT_EQ(*read, (std::vector<Template>{fingers[0], fingers[1]}));
  }
  const FaceTemplate face = test::random_face(random, 128);
  EXPECT_EQ(read_templates(encode_template(face).value()).value(), std::vector<Template>{face});
}

TEST(ReadTemplates, OverrulesRecordsButNotContainers) {
  SeededRandom random(2);
  const FingerTemplate finger = test::random_finger(random, 20, false);
  const auto contained =
      read_templates(encode_template(finger).value(), PixelsPerInch{1000}).value();
  EXPECT_EQ(contained, std::vector<Template>{finger});
  const Bytes record =
      encode_minutiae_record(
          to_minutiae_record(std::span(&finger, 1), MinutiaeFormat::iso19794_2_2005).value())
          .value();
  const auto halved = read_templates(record, PixelsPerInch{1000}).value();
  EXPECT_NE(halved, std::vector<Template>{finger});
  EXPECT_EQ(read_templates(record, PixelsPerInch{0}).error().fault, Fault::bad_resolution);
}

TEST(ReadTemplates, TidiesAContainerAndDropsTheCodesThatNoLongerFit) {
  SeededRandom random(4);
  FingerTemplate finger = test::random_finger(random, 20, true);
  EXPECT_EQ(read_templates(encode_template(finger).value()).value(), std::vector<Template>{finger});
  finger.minutiae.push_back(finger.minutiae.front());
  finger.codes.push_back(finger.codes.front());
  const auto read = read_templates(encode_template(finger).value()).value();
  const auto& tidied = std::get<FingerTemplate>(read.front());
  EXPECT_EQ(tidied.minutiae.size(), 20U);
  EXPECT_TRUE(tidied.codes.empty());
  EXPECT_EQ(tidied.code_version, 0);
}

// In the store a wrong checksum is the disk's fault (exit code 4), in a file it is the file's (3).
TEST(ReadTemplates, CallsAContainerWithAWrongChecksumADamagedFile) {
  SeededRandom random(3);
  Bytes bytes = encode_template(test::random_face(random, 128)).value();
  bytes.back() ^= std::byte{1};
  EXPECT_EQ(decode_template(bytes).error().fault, Fault::bad_checksum);
  EXPECT_EQ(read_templates(bytes).error().fault, Fault::damaged_file);
  EXPECT_EQ(text_of(Fault::damaged_file).blame, Blame::input);
}

TEST(ReadTemplates, RefusesWhatIsNeither) {
  using namespace std::string_view_literals;
  struct Row {
    std::string_view bytes;
    Fault fault;
  };
  for (const Row& row :
       {Row{""sv, Fault::empty_input}, Row{"W"sv, Fault::truncated}, Row{"F"sv, Fault::truncated},
        Row{"WHRX"sv, Fault::bad_magic}, Row{"\x89PNG\r\n\x1A\n"sv, Fault::bad_magic},
        Row{"FIR\0"
            "020\0"sv,
            Fault::bad_magic},
        Row{"a line of text\n"sv, Fault::bad_magic}}) {
    const auto read = read_templates(as_bytes(row.bytes));
    ASSERT_FALSE(read) << row.bytes;
    EXPECT_EQ(read.error().fault, row.fault) << row.bytes;
  }
}

class ReadFile : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path written(std::string_view name, std::size_t size) const {
    std::ofstream(folder_ / name, std::ios::binary) << std::string(size, 'x');
    return folder_ / name;
  }
  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      ("whorl_read_file_" +
       std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(ReadFile, GivesTheBytesUpToTheLimit) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{65536}, kMaxRecordBytes}) {
    const auto bytes = read_file(written("a", size));
    ASSERT_TRUE(bytes) << describe(bytes.error());
    EXPECT_EQ(*bytes, Bytes(size, std::byte{'x'}));
  }
  const auto path = written("b", kMaxRecordBytes + 1);
  EXPECT_EQ(read_file(path).error().fault, Fault::limit_exceeded);
  EXPECT_TRUE(read_file(path, kMaxRecordBytes + 1));
  EXPECT_EQ(read_file(written("c", 11), 10).error().fault, Fault::limit_exceeded);
}

TEST_F(ReadFile, NamesTheFileItCannotRead) {
  EXPECT_EQ(read_file(written("empty", 0)).error().fault, Fault::empty_input);
  EXPECT_EQ(read_file(folder_).error().fault, Fault::io_error);
  const auto missing = read_file(folder_ / "missing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(), (Error{Fault::io_error, 0, (folder_ / "missing").string()}));
}

TEST_F(ReadFile, StopsAtTheLimitOfAnEndlessFile) {
  EXPECT_EQ(read_file("/dev/zero").error().fault, Fault::limit_exceeded);
}

}  // namespace
}  // namespace whorl::formats
