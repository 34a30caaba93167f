#include "scanners/replay/replay_driver.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "engine/formats/finger_templates.h"
#include "engine/formats/template_container.h"
#include "scanners/replay/write_captures.h"
#include "scanners/simulated/simulated_driver.h"
#include "tests/scanners/temporary_folder.h"

namespace whorl::scanners {
namespace {

using testing::TemporaryFolder;

const ManualClock kClock(UnixMillis{1'700'000'000'000});

std::vector<Capture> all_of(Driver& driver) {
  std::vector<Capture> captures;
  for (;;) {
    auto capture = driver.next({});
    EXPECT_TRUE(capture) << describe(capture.error());
    if (!capture || !*capture) return captures;
    captures.push_back(std::move(**capture));
  }
}

SimulatedVisits some_visits(bool faces) {
  SimulatedVisits visits;
  visits.seed = 5;
  visits.people = 3;
  visits.visits = 2;
  visits.fingers = {FingerPosition::right_index, FingerPosition::left_thumb};
  visits.faces = faces;
  return visits;
}

std::string text_of_bytes(const Bytes& bytes) {
  std::string text;
  for (const std::byte b : bytes) text += static_cast<char>(std::to_integer<int>(b));
  return text;
}

std::string bytes_of(const Template& value) {
  return text_of_bytes(formats::encode_template(value).value());
}

std::string iso_record_of(std::span<const FingerTemplate> prints) {
  const auto record =
      formats::to_minutiae_record(prints, formats::MinutiaeFormat::iso19794_2_2005).value();
  return text_of_bytes(formats::encode_minutiae_record(record).value());
}

FingerTemplate print_of(FingerPosition position) {
  return Population(1).person(1).capture(position, 1);
}

TEST(WrittenCaptures, ComeBackAsTheyWere) {
  const TemporaryFolder folder;
  const auto source = open_simulated(some_visits(true), kClock).value();
  std::int64_t last = 0;
  WriteOptions options;
  options.progress = [&](std::int64_t captures) { EXPECT_EQ(captures, ++last); };
  const auto written = write_captures(*source, folder.path(), options);
  ASSERT_TRUE(written) << describe(written.error());
  EXPECT_EQ(written->captures, 3 * 2 * 3);
  EXPECT_EQ(last, written->captures);

  const auto replay = open_replay(written->manifest, std::nullopt, kClock);
  ASSERT_TRUE(replay) << describe(replay.error());
  const auto again = all_of(**replay);
  const auto original = all_of(*open_simulated(some_visits(true), kClock).value());
  ASSERT_EQ(again.size(), original.size());
  for (std::size_t i = 0; i < again.size(); ++i) {
    EXPECT_EQ(again[i].claimed, original[i].claimed);
    EXPECT_EQ(again[i].visit, original[i].visit);
    EXPECT_EQ(again[i].modality, original[i].modality);
    EXPECT_EQ(again[i].position, original[i].position);
    EXPECT_EQ(again[i].captured_at, original[i].captured_at);
    EXPECT_EQ(again[i].source, original[i].source);
    EXPECT_EQ(again[i].demographics, original[i].demographics);
    EXPECT_TRUE(again[i].templates == original[i].templates) << i;
  }
}

// ISO keeps all; ANSI counts angles in 2 degrees, which moves a direction by a step at most.
TEST(WrittenCaptures, ComeBackFromEveryMinutiaeFormat) {
  const auto original = all_of(*open_simulated(some_visits(false), kClock).value());
  for (const formats::MinutiaeFormat format : formats::kMinutiaeFormats) {
    const TemporaryFolder folder;
    const auto source = open_simulated(some_visits(false), kClock).value();
    WriteOptions options;
    options.format = format;
    const auto written = write_captures(*source, folder.path(), options);
    ASSERT_TRUE(written) << describe(written.error());
    const auto again = all_of(*open_replay(written->manifest, std::nullopt, kClock).value());
    ASSERT_EQ(again.size(), original.size());
    for (std::size_t i = 0; i < again.size(); ++i) {
      const auto& before = std::get<FingerTemplate>(original[i].templates.front());
      const auto& after = std::get<FingerTemplate>(again[i].templates.front());
      EXPECT_EQ(after.position, before.position);
      ASSERT_EQ(after.minutiae.size(), before.minutiae.size());
      for (std::size_t m = 0; m < after.minutiae.size(); ++m) {
        EXPECT_EQ(after.minutiae[m].x_px, before.minutiae[m].x_px);
        EXPECT_EQ(after.minutiae[m].y_px, before.minutiae[m].y_px);
        EXPECT_EQ(after.minutiae[m].kind, before.minutiae[m].kind);
        EXPECT_EQ(after.minutiae[m].quality, before.minutiae[m].quality);
        EXPECT_LE(turn_between(after.minutiae[m].direction, before.minutiae[m].direction),
                  formats::is_ansi(format) ? 1 : 0);
      }
    }
  }
}

TEST(WrittenCaptures, NeverOverwrite) {
  const TemporaryFolder folder;
  const auto source = open_simulated(some_visits(false), kClock).value();
  ASSERT_TRUE(write_captures(*source, folder.path(), {}));
  const auto again = open_simulated(some_visits(false), kClock).value();
  EXPECT_EQ(write_captures(*again, folder.path(), {}).error().fault, Fault::already_exists);
  std::filesystem::remove(folder.path() / "manifest.csv");
  const auto third = open_simulated(some_visits(false), kClock).value();
  EXPECT_EQ(write_captures(*third, folder.path(), {}).error().fault, Fault::already_exists);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "manifest.csv"));
}

TEST(WrittenCaptures, HoldFacesBesidePrintsOfAnyFormat) {
  for (const formats::MinutiaeFormat format : formats::kMinutiaeFormats) {
    const TemporaryFolder folder;
    WriteOptions options;
    options.format = format;
    const auto source = open_simulated(some_visits(true), kClock).value();
    const auto written = write_captures(*source, folder.path(), options);
    ASSERT_TRUE(written) << describe(written.error());
    const auto replayed = open_replay(written->manifest, std::nullopt, kClock).value();
    std::int64_t faces = 0, prints = 0;
    for (std::int64_t i = 0; i < written->captures; ++i) {
      const auto capture = replayed->next({});
      ASSERT_TRUE(capture) << describe(capture.error());
      ((*capture)->modality == Modality::face ? faces : prints) += 1;
    }
    EXPECT_GT(faces, 0);
    EXPECT_GT(prints, 0);
  }
}

TEST(WrittenCaptures, StopWhenAskedAndLeaveNoManifest) {
  const TemporaryFolder folder;
  WriteOptions options;
  std::stop_source stop;
  options.stop = stop.get_token();
  options.progress = [&](std::int64_t captures) {
    if (captures == 4) stop.request_stop();
  };
  const auto prints = open_simulated(some_visits(false), kClock).value();
  EXPECT_EQ(write_captures(*prints, folder.path() / "b", options).error().fault, Fault::cancelled);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "b" / "manifest.csv"));
}

TEST(WrittenCaptures, SayWhereTheyCannotWrite) {
  const TemporaryFolder folder;
  folder.write("file", "x");
  const auto source = open_simulated(some_visits(false), kClock).value();
  const auto written = write_captures(*source, folder.path() / "file" / "inside", {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, Fault::io_error);
}

// Rows that fail one by one, good ones between them: the driver goes on.
TEST(Replay, GoesOnAfterAFileItCannotRead) {
  const TemporaryFolder folder;
  folder.write("good.whorl", bytes_of(print_of(FingerPosition::right_index)));
  folder.write("empty.iso", "");
  folder.write("text.iso", "not a record");
  folder.write("cut.whorl", bytes_of(print_of(FingerPosition::right_index)).substr(0, 50));
  folder.write("face.whorl", bytes_of(Population(1).person(1).capture_face(FaceModel(), 1)));
  folder.write("m.csv",
               "subject,modality,position,path,ppi\n"
               "1,finger,2,good.whorl,500\n"
               "2,finger,2,missing.iso,500\n"
               "3,finger,2,empty.iso,500\n"
               "4,finger,2,text.iso,500\n"
               "5,finger,2,cut.whorl,500\n"
               "6,finger,2,face.whorl,500\n"
               "7,finger,2,.,500\n"
               "8,finger,2,good.whorl,500\n");
  const auto driver = open_replay(folder.path() / "m.csv", std::nullopt, kClock).value();
  ASSERT_TRUE(driver->next({}));
  struct Row {
    const char* file;
    Fault fault;
  };
  for (const Row& row : std::vector<Row>{{"missing.iso", Fault::io_error},
                                         {"empty.iso", Fault::empty_input},
                                         {"text.iso", Fault::bad_magic},
                                         {"cut.whorl", Fault::truncated},
                                         {"face.whorl", Fault::bad_manifest},
                                         {".", Fault::io_error}}) {
    const auto capture = driver->next({});
    ASSERT_FALSE(capture) << row.file;
    EXPECT_EQ(capture.error().fault, row.fault) << row.file;
    EXPECT_NE(capture.error().where.find((folder.path() / row.file).string()), std::string::npos);
    EXPECT_TRUE(driver->usable());
  }
  const auto last = driver->next({});
  ASSERT_TRUE(last);
  ASSERT_TRUE(*last);
  EXPECT_EQ((*last)->claimed, SubjectId{8});
  EXPECT_FALSE(*driver->next({}));
  EXPECT_FALSE(*driver->next({}));  // dry stays dry
}

TEST(Replay, ARowsFingerNamesOrPicksTheView) {
  const TemporaryFolder folder;
  const std::vector<FingerTemplate> two = {print_of(FingerPosition::right_thumb),
                                           print_of(FingerPosition::right_index)};
  folder.write("two.iso", iso_record_of(two));
  folder.write("one.whorl", bytes_of(print_of(FingerPosition::left_ring)));
  folder.write("m.csv",
               "subject,modality,position,path\n"
               "1,finger,,two.iso\n"
               "1,finger,right-index,two.iso\n"
               "1,finger,left-index,two.iso\n"
               "1,finger,left-index,one.whorl\n");
  const auto driver = open_replay(folder.path() / "m.csv", std::nullopt, kClock).value();
  EXPECT_EQ((*driver->next({}))->templates.size(), 2U);
  const auto picked = (*driver->next({}))->templates;
  ASSERT_EQ(picked.size(), 1U);
  EXPECT_EQ(std::get<FingerTemplate>(picked.front()).minutiae, two[1].minutiae);
  const auto none = driver->next({});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().fault, Fault::bad_manifest);
  const auto named = (*driver->next({}))->templates;
  EXPECT_EQ(std::get<FingerTemplate>(named.front()).position, FingerPosition::left_index);
}

TEST(Replay, AResolutionRescalesRecords) {
  const TemporaryFolder folder;
  const FingerTemplate print = print_of(FingerPosition::right_index);
  folder.write("1_1.iso", iso_record_of(std::span(&print, 1)));
  const auto driver = open_replay(folder.path(), PixelsPerInch{1000}, kClock).value();
  const auto capture = driver->next({});
  ASSERT_TRUE(capture && *capture);
  const auto& halved = std::get<FingerTemplate>((*capture)->templates.front());
  ASSERT_EQ(halved.minutiae.size(), print.minutiae.size());
  EXPECT_NEAR(halved.minutiae[0].x_px, print.minutiae[0].x_px / 2.0, 0.6);
  EXPECT_NEAR(halved.minutiae[0].y_px, print.minutiae[0].y_px / 2.0, 0.6);
}

TEST(Replay, RefusesAResolutionBesideAManifestAndStopsWhenAsked) {
  const TemporaryFolder folder;
  folder.write("m.csv", "subject,modality,position,path\n1,finger,1,a.iso\n");
  EXPECT_EQ(open_replay(folder.path() / "m.csv", PixelsPerInch{500}, kClock).error().fault,
            Fault::bad_argument);
  const auto driver = open_replay(folder.path() / "m.csv", std::nullopt, kClock).value();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(driver->next(stop.get_token()).error().fault, Fault::cancelled);
}

TEST(SimulatedVisitsStream, ComesPersonByPersonAndEndsForGood) {
  SimulatedVisits visits = some_visits(true);
  visits.first_person = 10;
  visits.first_visit = 4;
  const auto driver = open_simulated(visits, kClock).value();
  const auto captures = all_of(*driver);
  ASSERT_EQ(captures.size(), 18U);
  for (std::size_t i = 0; i < captures.size(); ++i) {
    const Capture& c = captures[i];
    EXPECT_EQ(c.claimed, SubjectId{11 + i / 6});
    EXPECT_EQ(c.visit, 4 + i / 3 % 2);
    EXPECT_EQ(c.modality, i % 3 == 2 ? Modality::face : Modality::finger);
    const Person person = Population(5).person(10 + i / 6);
    EXPECT_EQ(c.demographics, person.demographics());
    const Template expected = c.modality == Modality::face
                                  ? Template(person.capture_face(FaceModel(), c.visit))
                                  : Template(person.capture(c.position, c.visit));
    EXPECT_TRUE(c.templates.front() == expected);
  }
  EXPECT_FALSE(*driver->next({}));
  EXPECT_FALSE(*driver->next({}));
}

TEST(SimulatedVisitsStream, RefusesNobodyAndNothing) {
  const auto fault = [](auto spoil) {
    SimulatedVisits visits;
    spoil(visits);
    return open_simulated(visits, kClock).error().fault;
  };
  EXPECT_EQ(fault([](SimulatedVisits& v) { v.people = 0; }), Fault::bad_argument);
  EXPECT_EQ(fault([](SimulatedVisits& v) { v.first_person = -1; }), Fault::bad_argument);
  EXPECT_EQ(fault([](SimulatedVisits& v) { v.visits = 0; }), Fault::bad_argument);
  EXPECT_EQ(fault([](SimulatedVisits& v) { v.fingers.clear(); }), Fault::bad_argument);
  EXPECT_EQ(fault([](SimulatedVisits& v) { v.fingers = {FingerPosition::unknown}; }),
            Fault::bad_argument);
  EXPECT_EQ(fault([](SimulatedVisits& v) { v.source = std::string(65, 'x'); }),
            Fault::limit_exceeded);
}

}  // namespace
}  // namespace whorl::scanners
