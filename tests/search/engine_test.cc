#include "engine/search/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <thread>

#include "tests/search/people_gallery.h"
#include "tests/search/scratch_engine.h"

namespace whorl::search {
namespace {

namespace fs = std::filesystem;

class EngineTest : public ScratchEngine {
 protected:
  void SetUp() override {
    ScratchEngine::SetUp();
    ASSERT_TRUE(engine_->create_gallery("main"));
  }
  Encounter visit(std::uint64_t person, std::uint64_t number, bool face = false) const {
    return visit_of(population_.person(person), {kRightIndex, FingerPosition::left_thumb}, number,
                    face);
  }
  Receipt enrol(std::uint64_t subject, const Encounter& encounter, const Dedup* dedup = nullptr) {
    auto receipt = engine_->enrol("main", {SubjectId{subject}, encounter, false}, dedup);
    EXPECT_TRUE(receipt);
    return *receipt;
  }
  void enrol_people(std::uint64_t count) {
    for (std::uint64_t p = 0; p < count; ++p) {
      ASSERT_EQ(enrol(p + 1, visit(p, 0, p % 3 == 0)).outcome, Outcome::enrolled);
    }
  }
  // Everything an answer says, to the last bit, for a few probes.
  std::vector<double> answers() const {
    std::vector<double> said;
    for (const std::uint64_t p : {0U, 5U, 17U, 900U}) {
      Query query;
      query.templates = visit(p, 1, p % 3 == 0).templates;
      const auto found = engine_->identify("main", {&query, 1});
      EXPECT_TRUE(found);
      for (const Candidate& c : found->front().candidates) {
        said.push_back(static_cast<double>(c.subject.value()));
        said.push_back(c.value.ratio.value()), said.push_back(c.value.fmr.value());
        for (const Evidence& e : c.evidence)
          said.push_back(e.value.ratio.value()), said.push_back(e.encounter.value());
      }
    }
    return said;
  }
  fs::path snapshot_file() const { return *fs::directory_iterator(folder_ / "store" / "index"); }
};

TEST_F(EngineTest, SnapshotRebuildAndCatchingUpGiveIdenticalAnswers) {
  enrol_people(40);
  ASSERT_TRUE(engine_->delete_subject("main", SubjectId{7}));
  const auto before = answers();
  ASSERT_FALSE(before.empty());

  ASSERT_TRUE(engine_->save_snapshot());
  reopen();
  EXPECT_TRUE(engine_->loaded_from_snapshot());
  EXPECT_EQ(answers(), before);

  ASSERT_TRUE(engine_->rebuild_indexes());
  EXPECT_EQ(answers(), before);

  // Changes after the snapshot: enrol, update, delete one encounter.
  enrol(6, visit(950, 0));
  ASSERT_TRUE(engine_->update("main", SubjectId{18}, EncounterId{1}, visit(900, 0)));
  ASSERT_EQ(enrol(19, visit(17, 0)).outcome, Outcome::enrolled);
  ASSERT_TRUE(engine_->delete_encounter("main", SubjectId{19}, EncounterId{1}));
  const auto changed = answers();
  EXPECT_NE(changed, before);
  reopen();
  EXPECT_TRUE(engine_->loaded_from_snapshot());
  EXPECT_EQ(answers(), changed);
  ASSERT_TRUE(engine_->rebuild_indexes());
  EXPECT_EQ(answers(), changed);
}

TEST_F(EngineTest, ADamagedSnapshotIsNoticedAndRebuiltFrom) {
  enrol_people(20);
  const auto before = answers();
  SeededRandom random(3);
  for (int round = 0; round < 12; ++round) {
    ASSERT_TRUE(engine_->save_snapshot());
    const fs::path file = snapshot_file();
    const auto size = static_cast<std::int64_t>(fs::file_size(file));
    if (round % 3 == 0) {
      fs::resize_file(file, static_cast<std::uintmax_t>(random.below(size)));
    } else {
      std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
      const std::int64_t at = random.below(size);
      bytes.seekg(at);
      const int old = bytes.get();
      bytes.seekp(at);
      bytes.put(static_cast<char>(old ^ (1 << random.below(8))));
    }
    reopen();
    EXPECT_FALSE(engine_->loaded_from_snapshot()) << round;
    EXPECT_EQ(answers(), before) << round;
  }
}

TEST_F(EngineTest, DedupReportsAKnownPersonUnderAnyNumber) {
  enrol_people(30);
  const Dedup dedup;
  const Receipt known = enrol(500, visit(12, 1), &dedup);
  EXPECT_EQ(known.outcome, Outcome::duplicate);
  ASSERT_TRUE(known.search);
  EXPECT_EQ(known.search->candidates.front().subject, SubjectId{13});
  EXPECT_EQ(enrol(501, visit(700, 0), &dedup).outcome, Outcome::enrolled);
  EXPECT_EQ(enrol(502, visit(700, 1), &dedup).outcome, Outcome::duplicate);
  EXPECT_EQ(enrol(13, visit(12, 1), &dedup).outcome, Outcome::enrolled)
      << "a second visit is no duplicate";
}

TEST_F(EngineTest, OfTwoSimultaneousEnrolmentsOfOnePersonOneIsEnrolled) {
  enrol_people(5);
  const Dedup dedup;
  for (std::uint64_t person = 100; person < 110; ++person) {
    std::atomic<int> enrolled = 0;
    {
      std::vector<std::jthread> stations;
      for (std::uint64_t s = 0; s < 3; ++s) {
        stations.emplace_back([&, s] {
          enrolled += enrol(person * 10 + s, visit(person, s), &dedup).outcome == Outcome::enrolled;
        });
      }
    }
    EXPECT_EQ(enrolled, 1) << person;
  }
}

// What the search found stands for who was there then; who came or went since is looked at anew.
TEST_F(EngineTest, DedupTakesAnEarlierSearchAndLooksAtWhatChangedSince) {
  enrol_people(20);
  const Dedup dedup;
  const auto searched = [&](std::uint64_t subject, const Encounter& encounter) {
    Enrolment enrolment{SubjectId{subject}, encounter};
    auto answers = engine_->identify("main", std::array{dedup_query(enrolment, dedup)});
    EXPECT_TRUE(answers);
    enrolment.searched = std::move(answers->front());
    return enrolment;
  };
  const Enrolment fresh = searched(500, visit(300, 1));
  const Enrolment known = searched(501, visit(12, 1));
  EXPECT_EQ(engine_->enrol("main", known, &dedup)->outcome, Outcome::duplicate);
  enrol(400, visit(300, 0));
  const Receipt met = *engine_->enrol("main", fresh, &dedup);
  EXPECT_EQ(met.outcome, Outcome::duplicate) << "enrolled between the search and its turn";
  EXPECT_EQ(met.search->candidates.front().subject, SubjectId{400});
  ASSERT_TRUE(engine_->delete_subject("main", SubjectId{13}));
  const Receipt gone = *engine_->enrol("main", known, &dedup);
  EXPECT_EQ(gone.outcome, Outcome::enrolled) << "whom the search found was deleted meanwhile";
}

// Also before the gallery has any face, so that no search begins that cannot be judged.
TEST_F(EngineTest, DedupRefusesFacesOfAModelWithoutCalibration) {
  const Dedup dedup;
  const auto face = [](float x) {
    Encounter encounter;
    encounter.templates = {FaceTemplate{"unheard-of-4", Quality{}, {x, 0, 0.5F, 1}}};
    return encounter;
  };
  for (const std::uint64_t subject : {1U, 2U}) {
    const Receipt receipt = enrol(subject, face(static_cast<float>(subject)), &dedup);
    EXPECT_EQ(receipt.outcome, Outcome::refused);
    ASSERT_TRUE(receipt.error);
    EXPECT_EQ(receipt.error->fault, Fault::model_unavailable);
  }
  EXPECT_EQ(enrol(3, face(3)).outcome, Outcome::enrolled) << "without a search";
}

// Would hang where searches could hold the indexes for ever between them.
TEST_F(EngineTest, ASteadyLoadOfSearchesKeepsNoEnrolmentOut) {
  enrol_people(40);
  Query query;
  query.templates = visit(5, 1).templates;
  std::atomic<bool> done = false;
  std::vector<std::jthread> searchers;
  for (int s = 0; s < 3; ++s) {
    searchers.emplace_back([&] {
      while (!done) EXPECT_TRUE(engine_->identify("main", {&query, 1}));
    });
  }
  for (std::uint64_t p = 100; p < 110; ++p) enrol(p, visit(p, 0));
  done = true;
}

TEST_F(EngineTest, TheStreamAcknowledgesEachInOrderAndRefusesOnlyTheBad) {
  std::uint64_t next = 0;
  const auto source = [&]() -> std::optional<Enrolment> {
    if (next == 700) return std::nullopt;
    Enrolment item{SubjectId{++next}, visit(next, 0), true};
    if (next % 100 == 0) std::get<FingerTemplate>(item.encounter.templates[0]).minutiae.clear();
    if (next % 100 == 50) item.subject = SubjectId{1};  // enrolled already
    return item;
  };
  std::vector<Receipt> receipts;
  const auto summary =
      engine_->enrol_stream("main", source, [&](const Receipt& r) { receipts.push_back(r); });
  ASSERT_TRUE(summary) << describe(summary.error());
  ASSERT_EQ(receipts.size(), 700U);
  for (std::size_t i = 0; i < receipts.size(); ++i) {
    const std::size_t number = i + 1;
    const bool bad = number % 100 == 0 || number % 100 == 50;
    ASSERT_EQ(receipts[i].outcome, bad ? Outcome::refused : Outcome::enrolled) << number;
    if (number % 100 == 0) { EXPECT_EQ(receipts[i].error->fault, Fault::no_minutiae); }
    if (number % 100 == 50) { EXPECT_EQ(receipts[i].error->fault, Fault::duplicate_id); }
    if (!bad) { EXPECT_EQ(receipts[i].subject, SubjectId{number}); }
  }
  EXPECT_EQ(summary->enrolled, 686);
  EXPECT_EQ(summary->refused, 14);
  EXPECT_EQ(engine_->status().front().subjects, 686);
}

TEST_F(EngineTest, TheStreamDoesNotAskASourceAgainAfterItsEnd) {
  int asked = 0;
  const auto summary = engine_->enrol_stream(
      "main",
      [&]() -> std::optional<Enrolment> {
        if (++asked > 3) return std::nullopt;
        const auto person = static_cast<std::uint64_t>(asked);
        return Enrolment{SubjectId{person}, visit(person, 0), true};
      },
      [](const Receipt&) {});
  ASSERT_TRUE(summary);
  EXPECT_EQ(asked, 4);
  EXPECT_EQ(summary->enrolled, 3);
}

TEST_F(EngineTest, TheStreamWithDedupSeesWhatTheStreamItselfBrought) {
  std::uint64_t next = 0;
  const auto source = [&]() -> std::optional<Enrolment> {
    if (next == 60) return std::nullopt;
    const std::uint64_t n = next++;
    return Enrolment{SubjectId{n + 1}, visit(n % 40, n / 40), true};
  };
  std::set<std::uint64_t> duplicates;
  const Dedup dedup;
  const auto summary = engine_->enrol_stream(
      "main", source,
      [&](const Receipt& r) {
        if (r.outcome == Outcome::duplicate) duplicates.insert(r.subject.value());
      },
      &dedup);
  ASSERT_TRUE(summary);
  EXPECT_GE(duplicates.size(), 19U);
  for (const std::uint64_t subject : duplicates) EXPECT_GT(subject, 40U);
}

TEST_F(EngineTest, AnErasedSubjectIsInNoIndexAndNoSnapshot) {
  enrol_people(10);
  ASSERT_TRUE(engine_->save_snapshot());
  const fs::path kept = folder_ / "kept.whix";
  const fs::path file = snapshot_file();
  fs::copy_file(file, kept);
  ASSERT_TRUE(engine_->erase_subject("main", SubjectId{6}));
  const auto without = answers();
  EXPECT_TRUE(std::ranges::find(without, 6.0) == without.end() || without[0] != 6.0);
  reopen();  // closing may have left a new snapshot, of those who remain
  EXPECT_EQ(answers(), without);
  engine_.reset();  // the old snapshot put back does not open: its key is gone
  fs::create_directories(file.parent_path());
  fs::copy_file(kept, file, fs::copy_options::overwrite_existing);
  reopen();
  EXPECT_FALSE(engine_->loaded_from_snapshot());
  EXPECT_EQ(answers(), without);
  EXPECT_EQ(engine_->status().front().subjects, 9);
}

struct BadEnrolment {
  const char* name;
  void (*spoil)(Encounter&);
  Fault expected;
};
void PrintTo(const BadEnrolment& c, std::ostream* os) { *os << c.name; }

FaceTemplate& face_in(Encounter& e) { return std::get<FaceTemplate>(e.templates.back()); }

const BadEnrolment kBadEnrolments[] = {
    {"NoTemplates", [](Encounter& e) { e.templates.clear(); }, Fault::empty_input},
    {"TooManyTemplates", [](Encounter& e) { e.templates.resize(40, e.templates[0]); },
     Fault::limit_exceeded},
    {"NoMinutiae", [](Encounter& e) { std::get<FingerTemplate>(e.templates[0]).minutiae.clear(); },
     Fault::no_minutiae},
    {"TooManyMinutiae",
     [](Encounter& e) { std::get<FingerTemplate>(e.templates[0]).minutiae.resize(129); },
     Fault::limit_exceeded},
    {"NotANumber",
     [](Encounter& e) { face_in(e).vector[5] = std::numeric_limits<float>::quiet_NaN(); },
     Fault::not_finite},
    {"Infinite",
     [](Encounter& e) { face_in(e).vector[5] = std::numeric_limits<float>::infinity(); },
     Fault::not_finite},
    {"ZeroVector", [](Encounter& e) { std::ranges::fill(face_in(e).vector, 0.0F); },
     Fault::zero_vector},
    {"AnotherDimension", [](Encounter& e) { face_in(e).vector.pop_back(); },
     Fault::wrong_dimension},
    {"AnotherModel", [](Encounter& e) { face_in(e).model = "other"; }, Fault::wrong_model},
    {"LongSource", [](Encounter& e) { e.source = std::string(65, 's'); }, Fault::limit_exceeded},
};

class RefusedEnrolment : public EngineTest, public ::testing::WithParamInterface<BadEnrolment> {};

TEST_P(RefusedEnrolment, HasItsOwnFaultAndChangesNothing) {
  enrol_people(4);
  const auto before = answers();
  const Revision revision = engine_->store().revision();
  Encounter bad = visit(50, 0, true);
  GetParam().spoil(bad);
  const Receipt receipt = enrol(99, bad);
  EXPECT_EQ(receipt.outcome, Outcome::refused);
  ASSERT_TRUE(receipt.error);
  EXPECT_EQ(receipt.error->fault, GetParam().expected) << describe(*receipt.error);
  EXPECT_EQ(engine_->store().revision(), revision);
  EXPECT_EQ(answers(), before);
  EXPECT_FALSE(engine_->update("main", SubjectId{1}, EncounterId{1}, bad));
  EXPECT_EQ(engine_->store().revision(), revision);
}

INSTANTIATE_TEST_SUITE_P(All, RefusedEnrolment, ::testing::ValuesIn(kBadEnrolments),
                         [](const auto& each) { return std::string(each.param.name); });

TEST_F(EngineTest, UnknownThingsAreNotFound) {
  enrol_people(2);
  Query query;
  query.templates = visit(1, 1).templates;
  EXPECT_EQ(engine_->identify("nowhere", {&query, 1}).error().fault, Fault::not_found);
  EXPECT_EQ(engine_->enrol("nowhere", {SubjectId{1}, visit(1, 1), false}).error().fault,
            Fault::not_found);
  EXPECT_EQ(engine_->delete_subject("main", SubjectId{77}).error().fault, Fault::not_found);
  EXPECT_EQ(engine_->erase_subject("main", SubjectId{77}).error().fault, Fault::not_found);
  EXPECT_EQ(engine_->delete_encounter("main", SubjectId{1}, EncounterId{9}).error().fault,
            Fault::not_found);
  EXPECT_EQ(engine_->update("main", SubjectId{1}, EncounterId{9}, visit(1, 0)).error().fault,
            Fault::not_found);
  EXPECT_EQ(engine_->create_gallery("main").error().fault, Fault::already_exists);
  EXPECT_EQ(engine_->create_gallery("No Such Name").error().fault, Fault::bad_name);
}

}  // namespace
}  // namespace whorl::search
