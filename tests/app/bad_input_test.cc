// What is wrong with input gets its own fault and exit code, and changes nothing in the store.
#include <cstring>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/base/biometrics.h"
#include "engine/base/crc32c.h"
#include "engine/formats/finger_templates.h"
#include "engine/formats/template_container.h"
#include "scanners/simulated/people.h"
#include "tests/app/command_line.h"
#include "tests/app/picture_files.h"

namespace whorl::app {
namespace {

const scanners::Person kPerson = scanners::Population(5).person(0);

Bytes container(const Template& t) { return formats::encode_template(t).value(); }

Bytes face(const std::string& model, int dimension) {
  FaceTemplate made{model, {}, std::vector<float>(static_cast<std::size_t>(dimension), 0.5F)};
  return container(made);
}

// The container after `change`, with its checksum made right again.
Bytes with_value(Bytes bytes, float value, bool everywhere) {
  constexpr std::size_t kSum = 4;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::size_t values = bytes.size() - kSum - std::size_t{128} * 4;
  for (std::size_t at = values; at < bytes.size() - kSum; at += 4) {
    for (std::size_t b = 0; b < 4; ++b) {
      bytes[at + b] = static_cast<std::byte>(bits >> (24 - 8 * b));
    }
    if (!everywhere) break;
  }
  const std::uint32_t sum = crc32c(std::span(bytes).first(bytes.size() - kSum));
  for (std::size_t b = 0; b < kSum; ++b) {
    bytes[bytes.size() - kSum + b] = static_cast<std::byte>(sum >> (24 - 8 * b));
  }
  return bytes;
}

Bytes record() {
  const FingerTemplate print = kPerson.capture(FingerPosition::right_index, 1);
  const auto made =
      formats::to_minutiae_record({&print, 1}, formats::MinutiaeFormat::iso19794_2_2005);
  return formats::encode_minutiae_record(made.value()).value();
}

Bytes spoilt(Bytes bytes, std::size_t at, std::uint8_t value) {
  bytes.at(at) = std::byte{value};
  return bytes;
}

// An ISO/IEC 19794-2:2005 record whose one view has no minutiae.
Bytes without_minutiae() {
  Bytes bytes = record();
  const std::size_t minutiae = std::to_integer<std::size_t>(bytes.at(27));
  bytes.erase(bytes.begin() + 28, bytes.begin() + 28 + static_cast<std::ptrdiff_t>(6 * minutiae));
  bytes.at(27) = std::byte{0};
  bytes.at(10) = static_cast<std::byte>(bytes.size() >> 8U);
  bytes.at(11) = static_cast<std::byte>(bytes.size());
  return bytes;
}

struct BadFile {
  const char* what;
  std::function<Bytes()> bytes;
  int fault;
  int exit_code;
};

const BadFile kBadFiles[] = {
    {"no bytes", [] { return Bytes{}; }, 7, 3},
    {"half a record",
     [] {
       Bytes bytes = record();
       bytes.resize(bytes.size() / 2);
       return bytes;
     },
     1, 3},
    {"neither template nor picture",
     [] {
       const auto text = as_bytes("no template at all, and no picture, but long enough for one");
       return Bytes(text.begin(), text.end());
     },
     2, 3},
    {"a broken picture",
     [] {
       const auto png = as_bytes("\x89PNG\r\n\x1a\n no template at all, but long enough for one");
       return Bytes(png.begin(), png.end());
     },
     37, 3},
    {"a picture without a finger", [] { return test::png_of(test::grain()); }, 39, 3},
    {"more views than the standard allows", [] { return spoilt(record(), 22, 200); }, 5, 3},
    {"more minutiae than there are bytes", [] { return spoilt(record(), 27, 255); }, 1, 3},
    {"an unknown finger", [] { return spoilt(record(), 24, 99); }, 4, 3},
    {"no minutiae", without_minutiae, 9, 3},
    {"0 ppi", [] { return spoilt(spoilt(record(), 19, 0), 21, 0); }, 10, 3},
    {"a newer template version",
     [] { return spoilt(container(kPerson.capture(FingerPosition::right_index, 1)), 4, 9); }, 3, 3},
    {"a byte changed since it was written",
     [] { return spoilt(container(kPerson.capture(FingerPosition::right_index, 1)), 20, 0xA5); },
     37, 3},
    {"bytes after the end",
     [] {
       Bytes bytes = container(kPerson.capture(FingerPosition::right_index, 1));
       bytes.push_back(std::byte{0});
       return bytes;
     },
     8, 3},
    {"a face that is not a number",
     [] {
       return with_value(face("simulated-128", 128), std::numeric_limits<float>::quiet_NaN(),
                         false);
     },
     11, 3},
    {"a face that is infinite",
     [] {
       return with_value(face("simulated-128", 128), std::numeric_limits<float>::infinity(), false);
     },
     11, 3},
    {"a face without direction", [] { return with_value(face("simulated-128", 128), 0.0F, true); },
     14, 3},
    {"a face of another length", [] { return face("simulated-128", 64); }, 12, 3},
    {"a face of another model", [] { return face("arcface-128", 128); }, 13, 3},
};

class BadInputTest : public CommandTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(run({"simulate", "--people", "3", "--faces", "--out", "p"}).exit_code, 0);
    const Ran ran = run(verb("enroll", {"--create", "--manifest", "p/manifest.csv"}));
    ASSERT_EQ(ran.exit_code, 0) << ran.err;
    before_ = counts();
  }
  static std::vector<std::string> verb(const std::string& name,
                                       const std::vector<std::string>& more) {
    std::vector<std::string> words{name, "--store", "store", "--gallery", "main"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  // Everything the store counts, its revision included; opening it may write to its log, so not the
  // bytes on disk.
  std::string counts() const {
    auto facts = run_json({"stats", "--store", "store"}).json();
    facts.erase("disk_bytes");
    return facts.dump(2);
  }
  void expect_unchanged(const std::string& after) {
    EXPECT_EQ(counts(), before_) << "after " << after;
  }
  void expect_fault(const Ran& ran, int fault, int exit_code, const std::string& what) {
    EXPECT_EQ(ran.fault(), fault) << what << ": " << ran.out;
    EXPECT_EQ(ran.exit_code, exit_code) << what;
  }

  std::string before_;
};

TEST_F(BadInputTest, EveryBadFileHasItsOwnFaultAndChangesNothing) {
  for (const BadFile& bad : kBadFiles) {
    write("bad.bin", bad.bytes());
    const std::vector<std::string> enroll = verb("enroll", {"bad.bin", "--subject", "77"});
    expect_fault(run_json(enroll), bad.fault, bad.exit_code, bad.what);
    expect_unchanged(bad.what);
    expect_fault(run_json(verb("identify", {"bad.bin"})), bad.fault, bad.exit_code, bad.what);
    expect_fault(run_json(verb("update", {"bad.bin", "--subject", "1", "--encounter", "1"})),
                 bad.fault, bad.exit_code, bad.what);
  }
  expect_unchanged("all of them");
}

TEST_F(BadInputTest, ResolutionsNoScannerHasAreRefused) {
  write("good.iso", record());
  for (const char* ppi : {"0", "-500", "98", "1201", "nan"}) {
    expect_fault(run_json(verb("enroll", {"good.iso", "--subject", "77", "--ppi", ppi})), 10, 3,
                 ppi);
  }
  expect_unchanged("impossible resolutions");
}

TEST_F(BadInputTest, ANumberThatIsTakenIsRefused) {
  write("good.iso", record());
  const auto words = verb("enroll", {"good.iso", "--subject", "1"});
  expect_fault(run_json(words), 15, 3, "a number that is taken");
  expect_unchanged("a number that is taken");
  auto adding = words;
  adding.emplace_back("--add");
  EXPECT_EQ(run(adding).exit_code, 0);
}

struct BadManifest {
  const char* what;
  const char* text;
  int fault;
};

const BadManifest kBadManifests[] = {
    {"no rows", "subject,modality,position,path,ppi\n", 7},
    {"no path", "subject,modality,position,ppi\n9,finger,2,500\n", 28},
    {"a subject that is no number", "subject,modality,position,path\nnine,finger,2,good.iso\n", 28},
    {"subject 0", "subject,modality,position,path\n0,finger,2,good.iso\n", 28},
    {"an unknown modality", "subject,modality,position,path\n9,iris,2,good.iso\n", 28},
    {"an eleventh finger", "subject,modality,position,path\n9,finger,11,good.iso\n", 28},
    {"0 ppi", "subject,modality,position,path,ppi\n9,finger,2,good.iso,0\n", 28},
    {"a field too few", "subject,modality,position,path\n9,finger,2\n", 28},
    {"an open quote", "subject,modality,position,path\n9,finger,2,\"good.iso\n", 28},
    {"a good row before a bad one",
     "subject,modality,position,path\n9,finger,2,good.iso\n10,finger,2,\n", 28},
};

TEST_F(BadInputTest, ABadManifestIsRefusedBeforeAnythingIsEnrolled) {
  write("good.iso", record());
  for (const BadManifest& bad : kBadManifests) {
    write("bad.csv", bad.text);
    expect_fault(run_json(verb("enroll", {"--manifest", "bad.csv"})), bad.fault, 3, bad.what);
    expect_unchanged(bad.what);
  }
}

TEST_F(BadInputTest, InAManifestTheGoodAreEnrolledAndTheBadAreNamed) {
  write("good.iso", record());
  write("bad.iso", "");
  write("mixed.csv",
        "subject,modality,position,path\n"
        "8,finger,2,bad.iso\n9,finger,2,good.iso\n1,finger,2,good.iso\n10,finger,2,missing.iso\n");
  const Ran ran = run_json(verb("enroll", {"--manifest", "mixed.csv"}));
  EXPECT_EQ(ran.exit_code, 3);
  const auto facts = ran.json();
  EXPECT_EQ(facts["enrolled"], 1);
  EXPECT_EQ(facts["refused"], 3);
  std::map<int, int> faults;
  for (const auto& receipt : facts["receipts"]) {
    faults[receipt["subject"].get<int>()] = receipt["error"]["code"].get<int>();
  }
  EXPECT_EQ(faults, (std::map<int, int>{{1, 15}, {8, 7}, {10, 22}}));
}

TEST_F(BadInputTest, GalleryNamesAreCheckedBeforeAnythingIsMade) {
  write("good.iso", record());
  for (const char* name : {"Main", "main gallery", "../main", ""}) {
    const Ran ran = run_json(
        {"enroll", "--store", "new", "--gallery", name, "--create", "good.iso", "--subject", "1"});
    EXPECT_EQ(ran.exit_code, 2) << name;
  }
  EXPECT_FALSE(std::filesystem::exists(path("new")));
}

}  // namespace
}  // namespace whorl::app
