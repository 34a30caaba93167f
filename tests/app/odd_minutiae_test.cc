// What extractors really write, end to end through `whorl verify`: minutiae twice, outside the
// image, too many, without quality or type, too few. docs/limits.md says what becomes of each.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/limits.h"
#include "engine/formats/finger_templates.h"
#include "engine/formats/minutiae_record.h"
#include "engine/formats/template_container.h"
#include "scanners/simulated/people.h"
#include "tests/app/command_line.h"

namespace whorl::app {
namespace {

using formats::MinutiaeFormat;
using formats::MinutiaeRecord;
using formats::RecordMinutia;

constexpr std::uint16_t kWide = 400, kHigh = 500;  // of the simulated platen

FingerTemplate capture(std::uint64_t number, std::uint64_t person = 0) {
  return scanners::Population(5).person(person).capture(FingerPosition::right_index, number);
}

MinutiaeRecord record_of(const FingerTemplate& print,
                         MinutiaeFormat format = MinutiaeFormat::iso19794_2_2005) {
  MinutiaeRecord record = formats::to_minutiae_record(std::span(&print, 1), format).value();
  record.views[0].width_px = kWide;
  record.views[0].height_px = kHigh;
  return record;
}

Bytes bytes_of(const MinutiaeRecord& record) {
  return formats::encode_minutiae_record(record).value();
}

class OddMinutiaeTest : public CommandTest {
 protected:
  nlohmann::json verify(const MinutiaeRecord& a, const MinutiaeRecord& b) {
    write("a.iso", bytes_of(a)), write("b.iso", bytes_of(b));
    return run_json({"verify", "a.iso", "b.iso"}).json();
  }
  // The comparison of `odd` with another capture, which must be that of `plain` with it.
  void expect_same(const MinutiaeRecord& odd, const MinutiaeRecord& plain) {
    const MinutiaeRecord other = record_of(capture(2));
    EXPECT_EQ(verify(odd, other), verify(plain, other));
    EXPECT_EQ(verify(other, odd), verify(other, plain));
  }
};

TEST_F(OddMinutiaeTest, AMinutiaReportedTwiceCountsOnce) {
  const MinutiaeRecord plain = record_of(capture(1));
  MinutiaeRecord twice = plain;
  auto& minutiae = twice.views[0].minutiae;
  minutiae.insert(minutiae.end(), plain.views[0].minutiae.begin(), plain.views[0].minutiae.end());
  for (std::size_t i = plain.views[0].minutiae.size(); i < minutiae.size(); ++i) {
    minutiae[i].quality = 1;  // the better one stays
    minutiae[i].kind = MinutiaKind::other;
  }
  expect_same(twice, plain);
}

TEST_F(OddMinutiaeTest, AMinutiaTwiceInATemplateFileCountsOnce) {
  FingerTemplate plain = capture(1);
  plain.minutiae.resize(std::min<std::size_t>(plain.minutiae.size(), 40));
  FingerTemplate twice = plain;
  twice.minutiae.insert(twice.minutiae.end(), plain.minutiae.begin(), plain.minutiae.end());
  write("plain.whorl", formats::encode_template(plain).value());
  write("twice.whorl", formats::encode_template(twice).value());
  write("other.iso", bytes_of(record_of(capture(2))));
  const Ran one = run_json({"verify", "plain.whorl", "other.iso"});
  EXPECT_EQ(one.exit_code, 0);
  EXPECT_EQ(run_json({"verify", "twice.whorl", "other.iso"}).json(), one.json());
}

TEST_F(OddMinutiaeTest, MinutiaeOutsideTheImageAreLeftOut) {
  const MinutiaeRecord plain = record_of(capture(1));
  MinutiaeRecord beyond = plain;
  for (std::uint16_t i = 0; i < 60; ++i) {
    const auto step = static_cast<std::uint16_t>(7 * i);
    const RecordMinutia right{MinutiaKind::ending, kWide, step, formats::RawAngle{9}, 90};
    const RecordMinutia below{MinutiaKind::bifurcation, step, formats::kMaxCoordinatePx,
                              formats::RawAngle{99}, 90};
    auto& minutiae = beyond.views[0].minutiae;
    minutiae.insert(minutiae.begin(), {right, below});
  }
  expect_same(beyond, plain);
}

TEST_F(OddMinutiaeTest, TheLastPixelIsInsideTheImage) {
  MinutiaeRecord edge = record_of(capture(1));
  const auto before = verify(edge, edge)["probe_minutiae"].get<int>();
  const auto right = static_cast<std::uint16_t>(kWide - 1);
  const auto below = static_cast<std::uint16_t>(kHigh - 1);
  edge.views[0].minutiae.push_back({MinutiaKind::ending, right, below, {}, 50});
  EXPECT_EQ(verify(edge, edge)["probe_minutiae"], before + 1);
}

// 255 is the most a view can hold: the count is one byte in every format.
MinutiaeRecord crowded(std::uint8_t quality_of_real, std::uint8_t quality_of_noise) {
  MinutiaeRecord record = record_of(capture(1));
  auto& minutiae = record.views[0].minutiae;
  for (RecordMinutia& m : minutiae) m.quality = quality_of_real;
  for (int i = 0; std::ssize(minutiae) < kMaxMinutiaePerView; ++i) {
    minutiae.push_back({MinutiaKind::other, static_cast<std::uint16_t>(i),
                        static_cast<std::uint16_t>(i * 37 % 61),
                        formats::RawAngle{static_cast<std::uint8_t>(i)}, quality_of_noise});
  }
  return record;
}

TEST_F(OddMinutiaeTest, OfTooManyTheBestAreKept) {
  const MinutiaeRecord crowd = crowded(80, 10);
  const auto facts = verify(crowd, record_of(capture(1)));
  EXPECT_EQ(facts["probe_minutiae"], kMaxMinutiaePerTemplate);
  EXPECT_EQ(facts["decision"], "match");  // all real ones are among the 128
}

TEST_F(OddMinutiaeTest, OfTooManyWithoutQualityTheMiddleOnesAreKept) {
  const MinutiaeRecord crowd = crowded(0, 0);
  // What is kept is what a record of just those says.
  const auto kept = formats::to_finger_templates(crowd).value().templates.front();
  ASSERT_EQ(std::ssize(kept.minutiae), kMaxMinutiaePerTemplate);
  expect_same(crowd, record_of(kept));
}

TEST_F(OddMinutiaeTest, QualityAndTypeMayBeAbsent) {
  for (const MinutiaeFormat format : formats::kMinutiaeFormats) {
    MinutiaeRecord bare = record_of(capture(1), format), other = record_of(capture(2), format);
    for (MinutiaeRecord* record : {&bare, &other}) {
      for (RecordMinutia& m : record->views[0].minutiae) {
        m.kind = MinutiaKind::other;
        m.quality = 0;
      }
    }
    EXPECT_EQ(verify(bare, other)["decision"], "match") << static_cast<int>(format);
    EXPECT_EQ(verify(bare, record_of(capture(2)))["decision"], "match");  // on one side alone
    EXPECT_EQ(verify(bare, record_of(capture(2, 1)))["decision"], "no-match");
  }
}

TEST_F(OddMinutiaeTest, TooFewAreNoMatchAndNoneIsRefused) {
  for (const std::size_t count : {1U, 2U, 3U}) {
    MinutiaeRecord few = record_of(capture(1));
    few.views[0].minutiae.resize(count);
    EXPECT_EQ(verify(few, few)["decision"], "no-match") << count;
  }
  MinutiaeRecord outside = record_of(capture(1));
  for (RecordMinutia& m : outside.views[0].minutiae) m.x_px = kWide;
  EXPECT_EQ(verify(outside, record_of(capture(1)))["error"]["code"], 9);
}

TEST_F(OddMinutiaeTest, MinutiaeOfOnePlaceInAllDirectionsDoNoHarm) {
  MinutiaeRecord heap = record_of(capture(1));
  auto& minutiae = heap.views[0].minutiae;
  minutiae.clear();
  for (int i = 0; i < 100; ++i) {
    minutiae.push_back(
        {MinutiaKind::ending, 200, 250, formats::RawAngle{static_cast<std::uint8_t>(2 * i)}, 50});
  }
  EXPECT_EQ(verify(heap, record_of(capture(1)))["decision"], "no-match");
  EXPECT_TRUE(verify(heap, heap)["fmr"].is_number());
}

}  // namespace
}  // namespace whorl::app
