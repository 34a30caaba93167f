#include "scanners/station.h"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <limits>
#include <vector>

#include "engine/base/limits.h"
#include "scanners/simulated/people.h"

namespace whorl::scanners {
namespace {

// Plays what a test laid out; the device may be gone after a fault.
class ScriptedDriver final : public Driver {
 public:
  std::deque<Result<Capture>> script;
  bool breaks_at_first_fault = false;
  std::function<void()> before_each;

  Result<std::optional<Capture>> next(std::stop_token stop) override {
    if (before_each) before_each();
    if (stop.stop_requested()) return fail(Fault::cancelled);
    if (script.empty()) return std::optional<Capture>();
    Result<Capture> now = std::move(script.front());
    script.pop_front();
    if (!now && breaks_at_first_fault) usable_ = false;
    if (!now) return tl::unexpected<Error>(now.error());
    return std::optional<Capture>(std::move(*now));
  }
  bool usable() const override { return usable_; }

 private:
  bool usable_ = true;
};

Capture finger(std::uint64_t subject, FingerPosition position, std::uint32_t visit = 1) {
  Capture made;
  made.claimed = SubjectId{subject};
  made.visit = visit;
  made.position = position;
  made.source = "desk";
  FingerTemplate print = Population(8).person(subject).capture(position, visit);
  print.quality = Quality{80};
  made.templates.emplace_back(std::move(print));
  return made;
}

Capture face(std::uint64_t subject) {
  Capture made;
  made.claimed = SubjectId{subject};
  made.visit = 1;
  made.modality = Modality::face;
  FaceTemplate one{"m", Quality{80}, {0.6F, 0.8F}};
  made.templates.emplace_back(std::move(one));
  return made;
}

constexpr auto kThumb = FingerPosition::right_thumb;
constexpr auto kIndex = FingerPosition::right_index;

// A station whose sink and clerk write down all they get.
struct Desk {
  std::vector<EnrolRequest> enrolled;
  std::vector<Feedback> told;
  std::function<Result<EnrolOutcome>(const EnrolRequest&)> answer;

  StationSummary run(ScriptedDriver& driver, std::stop_token stop = {}) {
    StationCalls calls;
    calls.enrol = [this](EnrolRequest request) -> Result<EnrolOutcome> {
      enrolled.push_back(std::move(request));
      return answer ? answer(enrolled.back()) : EnrolOutcome::enrolled;
    };
    calls.tell = [this](const Feedback& feedback) { told.push_back(feedback); };
    return run_station(driver, {}, calls, stop);
  }
};

TEST(Station, MakesOneVisitOfAPersonsFingersAndFace) {
  ScriptedDriver driver;
  driver.script = {finger(1, kThumb), finger(1, kIndex),    face(1),
                   finger(2, kThumb), finger(2, kThumb, 2), finger(2, kIndex, 2)};
  Desk desk;
  const StationSummary summary = desk.run(driver);
  EXPECT_EQ(summary.captures, 6);
  EXPECT_EQ(summary.accepted, 6);
  EXPECT_EQ(summary.enrolled, 3);
  EXPECT_FALSE(summary.stopped);
  EXPECT_FALSE(summary.failure);
  ASSERT_EQ(desk.enrolled.size(), 3U);
  EXPECT_EQ(desk.enrolled[0].subject, SubjectId{1});
  EXPECT_EQ(desk.enrolled[0].encounter.templates.size(), 3U);
  EXPECT_EQ(desk.enrolled[0].encounter.source, "desk");
  EXPECT_EQ(desk.enrolled[1].encounter.templates.size(), 1U);
  EXPECT_EQ(desk.enrolled[2].subject, SubjectId{2});
  EXPECT_EQ(desk.enrolled[2].encounter.templates.size(), 2U);
}

TEST(Station, TheSameFingerAgainIsAnotherVisit) {
  ScriptedDriver driver;
  driver.script = {finger(1, kThumb), finger(1, kIndex), finger(1, kThumb), face(1), face(1)};
  Desk desk;
  EXPECT_EQ(desk.run(driver).enrolled, 3);
  EXPECT_EQ(desk.enrolled[0].encounter.templates.size(), 2U);
  EXPECT_EQ(desk.enrolled[1].encounter.templates.size(), 2U);
}

TEST(Station, CapturesNobodyClaimsAreVisitsOfTheirOwn) {
  ScriptedDriver driver;
  for (const auto position : {kThumb, kIndex}) {
    Capture capture = finger(1, position);
    capture.claimed.reset();
    driver.script.emplace_back(std::move(capture));
  }
  Desk desk;
  EXPECT_EQ(desk.run(driver).enrolled, 2);
  EXPECT_FALSE(desk.enrolled[0].subject);
}

TEST(Station, AVisitNeverHoldsMoreThanAnEncounterMay) {
  ScriptedDriver driver;
  constexpr int kCaptures = kMaxTemplatesPerEncounter + 5;
  for (int i = 0; i < kCaptures; ++i) {
    driver.script.emplace_back(finger(1, kThumb));
    std::get<FingerTemplate>(driver.script.back()->templates.front()).position =
        FingerPosition::unknown;
  }
  Desk desk;
  EXPECT_EQ(desk.run(driver).enrolled, 2);
  EXPECT_EQ(desk.enrolled[0].encounter.templates.size(),
            static_cast<std::size_t>(kMaxTemplatesPerEncounter));
}

// What spoils a good capture, and what the clerk must hear.
struct GateCase {
  const char* name;
  void (*spoil)(Capture&);
  Fault fault;
  bool retry;
  const char* says;
};
void PrintTo(const GateCase& c, std::ostream* os) { *os << c.name; }

FingerTemplate& print(Capture& c) { return std::get<FingerTemplate>(c.templates.front()); }
void to_face(Capture& c) { c = face(1); }
FaceTemplate& face_of(Capture& c) { return std::get<FaceTemplate>(c.templates.front()); }

class Gate : public ::testing::TestWithParam<GateCase> {};
TEST_P(Gate, RefusesWithAReason) {
  Capture capture = finger(1, kThumb);
  ASSERT_FALSE(refusal_of(capture, {}));
  GetParam().spoil(capture);
  const auto refusal = refusal_of(capture, {});
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->fault, GetParam().fault);
  EXPECT_EQ(refusal->worth_a_retry, GetParam().retry);
  EXPECT_NE(refusal->reason.find(GetParam().says), std::string::npos) << refusal->reason;
}

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

INSTANTIATE_TEST_SUITE_P(
    All, Gate,
    ::testing::Values(
        GateCase{"Nothing", [](Capture& c) { c.templates.clear(); }, Fault::empty_input, true,
                 "again"},
        GateCase{"NoMinutiae", [](Capture& c) { print(c).minutiae.clear(); },
                 Fault::too_few_minutiae, true, "Only 0 ridge points"},
        GateCase{"TooFewMinutiae", [](Capture& c) { print(c).minutiae.resize(11); },
                 Fault::too_few_minutiae, true, "Only 11 ridge points"},
        GateCase{"TooManyMinutiae", [](Capture& c) { print(c).minutiae.resize(129); },
                 Fault::limit_exceeded, false, "129"},
        GateCase{"LowQuality", [](Capture& c) { print(c).quality = Quality{19}; },
                 Fault::quality_too_low, true, "19 of 100"},
        GateCase{"SecondTemplateBad",
                 [](Capture& c) { c.templates.emplace_back(FingerTemplate{}); },
                 Fault::too_few_minutiae, true, "Only 0"},
        GateCase{"TooManyTemplates",
                 [](Capture& c) { c.templates.resize(33, c.templates.front()); },
                 Fault::limit_exceeded, false, "one visit"},
        GateCase{"LongSource", [](Capture& c) { c.source = std::string(65, 's'); },
                 Fault::limit_exceeded, false, "64 bytes"},
        GateCase{"AnotherModality", [](Capture& c) { c.modality = Modality::face; },
                 Fault::bad_argument, false, "announced"},
        GateCase{"FaceNan", [](Capture& c) { to_face(c), face_of(c).vector[0] = kNan; },
                 Fault::not_finite, false, "numbers"},
        GateCase{"FaceInfinite", [](Capture& c) { to_face(c), face_of(c).vector[0] = kInfinity; },
                 Fault::not_finite, false, "numbers"},
        GateCase{"FaceEmpty", [](Capture& c) { to_face(c), face_of(c).vector.clear(); },
                 Fault::wrong_dimension, false, "length"},
        GateCase{"FaceTooLong", [](Capture& c) { to_face(c), face_of(c).vector.resize(4097); },
                 Fault::wrong_dimension, false, "length"},
        GateCase{"FaceZero",
                 [](Capture& c) {
                   to_face(c), face_of(c).vector = {0, 0};
                 },
                 Fault::zero_vector, false, "empty"},
        GateCase{"FaceUnscaled",
                 [](Capture& c) {
                   to_face(c), face_of(c).vector = {3, 4};
                 },
                 Fault::out_of_range, false, "length one"},
        GateCase{"FaceLowQuality", [](Capture& c) { to_face(c), face_of(c).quality = Quality{3}; },
                 Fault::quality_too_low, true, "3 of 100"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(GateLimits, UnreportedQualityPassesAndBoundsAreInclusive) {
  Capture capture = finger(1, kThumb);
  print(capture).quality = Quality{};
  EXPECT_FALSE(refusal_of(capture, {}));
  print(capture).quality = Quality{20};
  print(capture).minutiae.resize(12);
  EXPECT_FALSE(refusal_of(capture, {}));
}

TEST(Station, AnotherTryAfterAPoorCaptureCompletesTheVisit) {
  ScriptedDriver driver;
  Capture poor = finger(1, kIndex);
  print(poor).minutiae.resize(5);
  driver.script = {finger(1, kThumb), poor, finger(1, kIndex)};
  Desk desk;
  const StationSummary summary = desk.run(driver);
  EXPECT_EQ(summary.retries, 1);
  EXPECT_EQ(summary.enrolled, 1);
  EXPECT_EQ(desk.enrolled[0].encounter.templates.size(), 2U);
  ASSERT_EQ(desk.told.size(), 3U);
  EXPECT_EQ(desk.told[1].number, 2);
  EXPECT_EQ(desk.told[1].verdict, Verdict::retry);
  EXPECT_EQ(desk.told[1].fault, Fault::too_few_minutiae);
  EXPECT_EQ(desk.told[2].verdict, Verdict::accepted);
}

TEST(Station, AFailedCaptureEndsNothing) {
  ScriptedDriver driver;
  driver.script = {finger(1, kThumb), fail(Fault::io_error, 0, "a.iso"), fail(Fault::bad_magic),
                   finger(1, kIndex), finger(2, kThumb)};
  Desk desk;
  const StationSummary summary = desk.run(driver);
  EXPECT_EQ(summary.captures, 5);
  EXPECT_EQ(summary.refused, 2);
  EXPECT_EQ(summary.enrolled, 2);
  EXPECT_FALSE(summary.failure);
  EXPECT_NE(desk.told[1].reason.find("a.iso"), std::string::npos);
}

TEST(Station, ADeadDriverClosesItAfterTheVisitInHand) {
  ScriptedDriver driver;
  driver.breaks_at_first_fault = true;
  driver.script = {finger(1, kThumb), fail(Fault::device_fault, 0, "usb"), finger(2, kThumb)};
  Desk desk;
  const StationSummary summary = desk.run(driver);
  EXPECT_EQ(summary.enrolled, 1);
  ASSERT_TRUE(summary.failure);
  EXPECT_EQ(summary.failure->fault, Fault::device_fault);
  EXPECT_EQ(summary.captures, 2);
}

TEST(Station, ARefusedVisitEndsNothingButAFullDiskDoes) {
  ScriptedDriver driver;
  driver.script = {finger(1, kThumb), finger(2, kThumb), finger(3, kThumb), finger(4, kThumb)};
  Desk desk;
  desk.answer = [](const EnrolRequest& request) -> Result<EnrolOutcome> {
    if (*request.subject == SubjectId{1}) return fail(Fault::duplicate_id);
    if (*request.subject == SubjectId{2}) return EnrolOutcome::duplicate;
    return fail(Fault::disk_full);
  };
  const StationSummary summary = desk.run(driver);
  EXPECT_EQ(summary.enrolled, 0);
  EXPECT_EQ(summary.duplicates, 1);
  EXPECT_EQ(summary.not_enrolled, 2);
  ASSERT_TRUE(summary.failure);
  EXPECT_EQ(summary.failure->fault, Fault::disk_full);
  EXPECT_EQ(desk.enrolled.size(), 3U);  // the fourth person is not tried
}

TEST(Station, AStopDropsHalfAVisitAndSaysSo) {
  ScriptedDriver driver;
  driver.script = {finger(1, kThumb), finger(2, kThumb), finger(2, kIndex), finger(2, kThumb)};
  std::stop_source stop;
  int asked = 0;
  driver.before_each = [&] {
    if (++asked == 4) stop.request_stop();  // while the driver waits for a finger
  };
  Desk desk;
  const StationSummary summary = desk.run(driver, stop.get_token());
  EXPECT_TRUE(summary.stopped);
  EXPECT_EQ(summary.captures, 3);
  EXPECT_EQ(summary.refused, 0);  // a cancelled wait is no failed capture
  EXPECT_EQ(summary.enrolled, 1);
  EXPECT_EQ(summary.abandoned, 2);
}

TEST(Station, CountsAddUp) {
  ScriptedDriver driver;
  for (std::uint64_t n = 1; n <= 50; ++n) {
    Capture capture = finger(n, kThumb);
    if (n % 5 == 0) print(capture).minutiae.resize(4);
    driver.script.emplace_back(std::move(capture));
    if (n % 7 == 0) driver.script.emplace_back(fail(Fault::io_error));
  }
  Desk desk;
  const StationSummary s = desk.run(driver);
  EXPECT_EQ(s.captures, 57);
  EXPECT_EQ(s.accepted + s.retries + s.refused, s.captures);
  EXPECT_EQ(s.enrolled, 40);
  EXPECT_EQ(static_cast<std::int64_t>(desk.told.size()), s.captures);
}

}  // namespace
}  // namespace whorl::scanners
