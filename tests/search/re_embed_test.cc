// Galleries whose faces are searched through an index of the operator's choice, and move to another
// model from the pictures that were kept of them.
#include <gtest/gtest.h>

#include <thread>

#include "tests/search/people_gallery.h"
#include "tests/search/scratch_engine.h"

namespace whorl::search {
namespace {

constexpr const char* kOther = "mobilefacenet-128";  // any model with a calibration

class FaceGallery : public ScratchEngine, public ::testing::WithParamInterface<FaceIndexKind> {
 protected:
  void create(FaceIndexKind kind, bool keep) {
    ASSERT_TRUE(engine_->create_gallery("main", {kind, keep, ""}));
  }

  Encounter visit(std::uint64_t person, std::uint64_t number, std::string model = "") const {
    const scanners::Person who = population_.person(person);
    Encounter encounter = visit_of(who, {FingerPosition::left_thumb}, number, true);
    if (!model.empty()) std::get<FaceTemplate>(encounter.templates[1]).model = std::move(model);
    return encounter;
  }
  // The "picture" of a visit names it, so that an embedder can be played.
  static Bytes file_of(std::uint64_t person, std::uint64_t number) {
    ByteWriter out;
    out.u64(person), out.u64(number);
    return out.take();
  }
  Outcome enrol(std::uint64_t person, bool with_picture) {
    Enrolment enrolment{SubjectId{person + 1}, visit(person, 0)};
    if (with_picture) enrolment.pictures = {{1, 1, file_of(person, 0)}};
    const auto receipt = engine_->enrol("main", enrolment);
    EXPECT_TRUE(receipt);
    if (receipt->error) ADD_FAILURE() << describe(*receipt->error);
    return receipt->outcome;
  }
  void enrol_people(std::uint64_t count, bool with_picture) {
    for (std::uint64_t p = 0; p < count; ++p) {
      ASSERT_EQ(enrol(p, with_picture), Outcome::enrolled);
    }
  }
  ReEmbedding played() const {
    return {kOther, [this](std::span<const std::byte> file) -> Result<std::vector<FaceTemplate>> {
              ByteReader in(file);
              const std::uint64_t person = in.u64(), number = in.u64();
              const Encounter encounter = visit(person, number, kOther);
              return std::vector{std::get<FaceTemplate>(encounter.templates[1])};
            }};
  }

  // By the face alone.
  Result<Answer> ask(std::uint64_t person, const std::string& model = "") const {
    Query query;
    query.templates = {visit(person, 1, model).templates[1]};
    WHORL_TRY(auto answers, engine_->identify("main", {&query, 1}));
    return std::move(answers.front());
  }
  std::uint64_t best(std::uint64_t person, const std::string& model = "") const {
    const auto answer = ask(person, model);
    if (!answer) ADD_FAILURE() << describe(answer.error());
    return answer && !answer->candidates.empty() ? answer->candidates.front().subject.value() : 0;
  }
  std::string model_of(std::uint64_t subject) const {
    const GalleryId id = engine_->store().find_gallery("main")->id;
    const auto encounter = engine_->store().get_encounter(id, SubjectId{subject}, EncounterId{1});
    return std::get<FaceTemplate>(encounter->templates[1]).model;
  }
};

TEST_P(FaceGallery, FindsItsPeopleAfterRestartsDeletionsAndErasures) {
  create(GetParam(), false);
  enrol_people(60, false);
  for (const std::uint64_t p : {0U, 30U, 59U}) EXPECT_EQ(best(p), p + 1);
  ASSERT_TRUE(engine_->save_snapshot());
  reopen();
  EXPECT_TRUE(engine_->loaded_from_snapshot());
  EXPECT_EQ(engine_->status().front().settings.face_index, GetParam());
  EXPECT_EQ(best(30), 31U);
  ASSERT_TRUE(engine_->delete_subject("main", SubjectId{31}));
  EXPECT_NE(best(30), 31U);
  ASSERT_TRUE(engine_->erase_subject("main", SubjectId{1}));
  EXPECT_NE(best(0), 1U);
  EXPECT_EQ(best(59), 60U);
  reopen();
  EXPECT_NE(best(30), 31U);
  EXPECT_NE(best(0), 1U);
  EXPECT_EQ(best(59), 60U);
  ASSERT_EQ(enrol(30, false), Outcome::enrolled);
  EXPECT_EQ(best(30), 31U);
}

INSTANTIATE_TEST_SUITE_P(Kinds, FaceGallery,
                         ::testing::Values(FaceIndexKind::exact, FaceIndexKind::ivf,
                                           FaceIndexKind::hnsw, FaceIndexKind::pq),
                         [](const auto& kind) { return std::string(name_of(kind.param)); });

using ReEmbed = FaceGallery;

TEST_F(ReEmbed, MovesEveryFaceAndLeavesFingersPicturesAndNumbers) {
  create(FaceIndexKind::hnsw, true);
  enrol_people(40, true);
  ASSERT_TRUE(engine_->save_snapshot());
  const auto moved = engine_->re_embed("main", played());
  ASSERT_TRUE(moved) << describe(moved.error());
  EXPECT_EQ(moved->encounters, 40);
  EXPECT_EQ(moved->faces, 40);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(best(17, kOther), 18U);
    EXPECT_EQ(ask(17).error().fault, Fault::wrong_model);
    EXPECT_EQ(model_of(18), kOther);
    Query fingers;
    fingers.templates = {visit(17, 1).templates[0]};
    EXPECT_EQ(engine_->identify("main", {&fingers, 1})->front().candidates.front().subject,
              SubjectId{18});
    reopen();
  }
  // What the other model gives is what enrolling with it would have.
  EXPECT_EQ(engine_->re_embed("main", played())->encounters, 0);
  ReEmbedding back = played();
  back.model = std::get<FaceTemplate>(visit(0, 0).templates[1]).model;
  back.embed = [this](std::span<const std::byte> file) -> Result<std::vector<FaceTemplate>> {
    return std::vector{std::get<FaceTemplate>(visit(ByteReader(file).u64(), 0).templates[1])};
  };
  EXPECT_EQ(engine_->re_embed("main", back)->encounters, 40) << "the pictures are still there";
  EXPECT_EQ(best(17), 18U);
}

TEST_F(ReEmbed, NamesThoseWithoutAPictureAndChangesNothing) {
  create(FaceIndexKind::exact, true);
  enrol_people(6, true);
  ASSERT_EQ(enrol(20, false), Outcome::enrolled);
  ASSERT_EQ(enrol(22, false), Outcome::enrolled);
  const Revision before = engine_->store().revision();
  const auto refused = engine_->re_embed("main", played());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::no_kept_picture);
  EXPECT_EQ(refused.error().where, "subjects 21, 23");
  EXPECT_EQ(engine_->store().revision(), before);
  EXPECT_EQ(best(3), 4U);
  EXPECT_EQ(best(20), 21U);
}

using Faces = std::vector<FaceTemplate>;
struct Spoilt {
  const char* what;
  Fault fault;
  Result<Faces> (*instead)(Faces);
};
const Spoilt kSpoilt[] = {
    {"no face", Fault::no_face, [](Faces) -> Result<Faces> { return fail(Fault::no_face); }},
    {"none", Fault::no_kept_picture, [](Faces) -> Result<Faces> { return Faces(); }},
    {"two", Fault::no_kept_picture,
     [](Faces f) -> Result<Faces> {
       return Faces{f.front(), f.front()};
     }},
    {"of another model", Fault::wrong_model,
     [](Faces f) -> Result<Faces> {
       f.front().model = "a-third";
       return f;
     }},
    {"of another length", Fault::wrong_dimension,
     [](Faces f) -> Result<Faces> {
       f.front().vector.pop_back();
       return f;
     }},
    {"of no direction", Fault::zero_vector,
     [](Faces f) -> Result<Faces> {
       std::ranges::fill(f.front().vector, 0.0F);
       return f;
     }},
};

TEST_F(ReEmbed, IsRefusedWhereAPictureShowsNoFaceOrAnother) {
  create(FaceIndexKind::exact, true);
  enrol_people(6, true);
  for (const Spoilt& row : kSpoilt) {
    ReEmbedding how = played();
    how.embed = [&row, good = how.embed](std::span<const std::byte> file) -> Result<Faces> {
      WHORL_TRY(Faces faces, good(file));
      if (ByteReader(file).u64() != 3) return faces;
      return row.instead(std::move(faces));
    };
    const auto refused = engine_->re_embed("main", how);
    ASSERT_FALSE(refused) << row.what;
    EXPECT_EQ(refused.error().fault, row.fault) << row.what;
    if (refused.error().fault != Fault::wrong_dimension) {
      EXPECT_EQ(refused.error().where, "subject 4") << row.what;
    }
    EXPECT_EQ(best(3), 4U) << row.what;
    EXPECT_EQ(model_of(4), model_of(1)) << row.what;
  }
  EXPECT_TRUE(engine_->re_embed("main", played()));
}

// Half of it is written by hand, as a process that was killed in between leaves it.
TEST_F(ReEmbed, HalfWayThereNoFaceIsAnsweredAndTheSameCallFinishes) {
  create(FaceIndexKind::exact, true);
  enrol_people(10, true);
  ASSERT_TRUE(engine_->save_snapshot());
  const GalleryId id = engine_->store().find_gallery("main")->id;
  ASSERT_TRUE(engine_->store().delete_side(gallery::kIndexSnapshotKey));
  ASSERT_TRUE(engine_->store().change_settings(id, {FaceIndexKind::exact, true, kOther}));
  gallery::Batch half;
  for (std::uint64_t p = 0; p < 5; ++p) {
    half.update_templates(id, SubjectId{p + 1}, EncounterId{1}, visit(p, 0, kOther));
  }
  ASSERT_TRUE(engine_->store().commit(half));
  for (int round = 0; round < 2; ++round) {
    reopen();
    EXPECT_EQ(ask(3, kOther).error().fault, Fault::gallery_moving);
    EXPECT_EQ(ask(7).error().fault, Fault::gallery_moving);
    const auto receipt = engine_->enrol("main", {SubjectId{50}, visit(50, 0)});
    EXPECT_EQ(receipt->error->fault, Fault::gallery_moving);
    Query fingers;
    fingers.templates = {visit(7, 1).templates[0]};
    EXPECT_EQ(engine_->identify("main", {&fingers, 1})->front().candidates.front().subject,
              SubjectId{8});
    ASSERT_TRUE(engine_->save_snapshot());  // must not make a gallery without faces of it
  }
  ReEmbedding third = played();
  third.model = "a-third";
  EXPECT_EQ(engine_->re_embed("main", third).error().fault, Fault::gallery_moving);
  const auto finished = engine_->re_embed("main", played());
  ASSERT_TRUE(finished) << describe(finished.error());
  EXPECT_EQ(finished->encounters, 5);
  for (int round = 0; round < 2; ++round) {
    for (const std::uint64_t p : {0U, 3U, 7U, 9U}) EXPECT_EQ(best(p, kOther), p + 1);
    reopen();
  }
}

TEST_F(ReEmbed, SearchesSeeTheOldVectorsOrTheNewOnesNeverBoth) {
  create(FaceIndexKind::exact, true);
  enrol_people(300, true);
  std::atomic<bool> done = false;
  std::atomic<int> old_ones = 0;
  std::jthread searcher([&] {
    while (!done) {
      const auto before = ask(17), after = ask(17, kOther);
      if (before && !before->candidates.empty()) {
        ++old_ones;
        EXPECT_EQ(before->effort.searched, 300);
      }
      if (after && !after->candidates.empty()) { EXPECT_EQ(after->effort.searched, 300); }
      if (!before) { EXPECT_EQ(before.error().fault, Fault::wrong_model); }
      if (!after) { EXPECT_EQ(after.error().fault, Fault::wrong_model); }
    }
  });
  while (old_ones == 0) std::this_thread::yield();
  EXPECT_TRUE(engine_->re_embed("main", played()));
  done = true;
}

TEST_F(ReEmbed, NothingIsKeptWhereTheGalleryKeepsNoPictures) {
  create(FaceIndexKind::exact, false);
  enrol_people(3, true);
  ASSERT_TRUE(engine_->update("main", SubjectId{1}, EncounterId{1}, visit(0, 2), nullptr,
                              {{1, 1, file_of(0, 2)}}));
  const GalleryId id = engine_->store().find_gallery("main")->id;
  for (std::uint64_t s = 1; s <= 3; ++s) {
    EXPECT_TRUE(engine_->store().get_pictures(id, SubjectId{s}, EncounterId{1})->empty());
  }
  EXPECT_EQ(engine_->re_embed("main", played()).error().fault, Fault::no_kept_picture);
  EXPECT_EQ(engine_->re_embed("none", played()).error().fault, Fault::not_found);
}

}  // namespace
}  // namespace whorl::search
