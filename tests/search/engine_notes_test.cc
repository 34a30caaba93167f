// Notes as the engine writes them: docs/decisions/store-layout.md.
#include <gtest/gtest.h>

#include "tests/search/people_gallery.h"
#include "tests/search/scratch_engine.h"

namespace whorl::search {
namespace {

gallery::Note note(const std::string& name, std::string_view text = "answer") {
  const auto bytes = as_bytes(text);
  return {name, {bytes.begin(), bytes.end()}};
}

class EngineNotes : public ScratchEngine {
 protected:
  void SetUp() override {
    ScratchEngine::SetUp();
    ASSERT_TRUE(engine_->create_gallery("main"));
  }
  Encounter visit(std::uint64_t person, std::uint64_t number) const {
    return visit_of(population_.person(person),
                    {FingerPosition::right_index, FingerPosition::left_thumb}, number);
  }
  // Person p is subject p + 1; the note says what the search found.
  Enrolment noted(std::uint64_t person, const std::string& name, std::uint64_t number = 0) const {
    Enrolment enrolment{SubjectId{person + 1}, visit(person, number)};
    enrolment.note = [name](const std::optional<Answer>& search) {
      return note(name, search ? name_of(search->decision) : "not searched");
    };
    return enrolment;
  }
  Receipt enrol(const Enrolment& enrolment, const Dedup* dedup = nullptr) {
    auto receipt = engine_->enrol("main", enrolment, dedup);
    EXPECT_TRUE(receipt) << describe(receipt.error());
    return *receipt;
  }
  std::optional<gallery::Noted> found(const std::string& name) const {
    const auto result = engine_->store().get_note(name);
    EXPECT_TRUE(result) << describe(result.error());
    return result ? *result : std::nullopt;
  }
  void expect_noted(const std::string& name, std::string_view text, const Receipt& receipt) const {
    const auto noted = found(name);
    ASSERT_TRUE(noted) << name;
    EXPECT_EQ(noted->content, note(name, text).content);
    EXPECT_EQ(noted->subject, receipt.subject);
    EXPECT_EQ(noted->encounter, receipt.encounter);
    EXPECT_EQ(noted->revision, receipt.revision);
  }
  std::int64_t encounters() const { return engine_->store().stats()->galleries.front().encounters; }
};

TEST_F(EngineNotes, SayWhatTheSearchBeforeTheEnrolmentFound) {
  const Dedup dedup;
  const Receipt first = enrol(noted(3, "r1"));
  expect_noted("r1", "not searched", first);
  EXPECT_EQ(first.revision, Revision{1});
  const Receipt second = enrol(noted(4, "r2"), &dedup);
  ASSERT_EQ(second.outcome, Outcome::enrolled);
  expect_noted("r2", "no-hit", second);
  EXPECT_EQ(second.revision, Revision{2});
  EXPECT_EQ(enrol(noted(4, "r3")).encounter, EncounterId{2});
  EXPECT_EQ(found("r3")->encounter, EncounterId{2});
}

TEST_F(EngineNotes, OfADuplicateAreKeptThoughNothingIsEnrolled) {
  const Dedup dedup;
  enrol(noted(3, "r1"));
  Enrolment same = noted(3, "r2", 1);
  same.subject = SubjectId{900};
  const Receipt known = enrol(same, &dedup);
  ASSERT_EQ(known.outcome, Outcome::duplicate);
  EXPECT_EQ(found("r2")->content, note("r2", "hit").content);
  EXPECT_EQ(found("r2")->subject, SubjectId{0});
  EXPECT_EQ(encounters(), 1);
  const Receipt again = enrol(same, &dedup);
  ASSERT_EQ(again.outcome, Outcome::refused);
  EXPECT_EQ(again.error->fault, Fault::duplicate_id);
}

TEST_F(EngineNotes, AnEnrolmentMayHaveNone) {
  Enrolment silent{SubjectId{1}, visit(1, 0)};
  silent.note = [](const std::optional<Answer>&) { return std::nullopt; };
  EXPECT_EQ(enrol(silent).outcome, Outcome::enrolled);
  EXPECT_EQ(engine_->store().verify()->notes, 0);
}

TEST_F(EngineNotes, ARequestThatComesAgainIsRefusedAndEnrolsNothing) {
  const Receipt first = enrol(noted(3, "r1"));
  for (const bool reopened : {false, true}) {
    if (reopened) reopen();
    const Receipt again = enrol(noted(3, "r1", 1));
    ASSERT_EQ(again.outcome, Outcome::refused);
    EXPECT_EQ(*again.error, (Error{Fault::duplicate_id, 0, "note r1"}));
    expect_noted("r1", "not searched", first);
    EXPECT_EQ(encounters(), 1);
  }
}

TEST_F(EngineNotes, AreAskedForOnceAndRefuseTheirOwnEnrolmentAlone) {
  enrol(noted(500, "taken"));
  std::uint64_t next = 0;
  int asked = 0;
  const auto source = [&]() -> std::optional<Enrolment> {
    if (next == 40) return std::nullopt;
    Enrolment item{SubjectId{next + 1}, visit(next, 0)};
    item.note = [&asked, n = next](const std::optional<Answer>&) {
      ++asked;
      return note(n == 7 ? "taken" : "r" + std::to_string(n));
    };
    ++next;
    return item;
  };
  std::vector<Receipt> receipts;
  ASSERT_TRUE(
      engine_->enrol_stream("main", source, [&](const Receipt& r) { receipts.push_back(r); }));
  ASSERT_EQ(receipts.size(), 40U);
  EXPECT_EQ(asked, 40);
  for (std::size_t i = 0; i < receipts.size(); ++i) {
    const bool bad = i == 7;
    ASSERT_EQ(receipts[i].outcome, bad ? Outcome::refused : Outcome::enrolled) << i;
    if (!bad) expect_noted("r" + std::to_string(i), "answer", receipts[i]);
  }
}

TEST_F(EngineNotes, AStreamTellsTheRevisionOfEachOfABatch) {
  std::uint64_t next = 0;
  const auto source = [&]() -> std::optional<Enrolment> {
    if (next == 20) return std::nullopt;
    ++next;
    return noted(next, "r" + std::to_string(next));
  };
  std::uint64_t revision = 0;
  const auto done = [&](const Receipt& r) {
    EXPECT_EQ(r.revision, Revision{++revision});
    expect_noted("r" + std::to_string(r.subject.value() - 1), "not searched", r);
  };
  ASSERT_TRUE(engine_->enrol_stream("main", source, done));
}

TEST_F(EngineNotes, AreStoredWithEveryOtherChange) {
  for (std::uint64_t p = 0; p < 4; ++p) enrol(noted(p, "enrol-" + std::to_string(p)));
  const auto n1 = note("u"), n2 = note("de"), n3 = note("ds"), n4 = note("es");
  EXPECT_EQ(engine_->update("main", SubjectId{1}, EncounterId{1}, visit(0, 1), &n1), Revision{5});
  EXPECT_EQ(engine_->delete_encounter("main", SubjectId{2}, EncounterId{1}, &n2), Revision{6});
  EXPECT_EQ(engine_->delete_subject("main", SubjectId{3}, &n3), Revision{7});
  EXPECT_EQ(engine_->erase_subject("main", SubjectId{4}, &n4), Revision{8});
  const auto changed_by = [&](const char* name) { return found(name)->revision.value(); };
  EXPECT_EQ(changed_by("u"), 5U);
  EXPECT_EQ(changed_by("de"), 6U);
  EXPECT_EQ(changed_by("ds"), 7U);
  EXPECT_EQ(changed_by("es"), 8U);
  EXPECT_TRUE(found("enrol-3")->content.empty()) << "it was about the erased subject";
  EXPECT_FALSE(found("enrol-2")->content.empty());
  // A second time nothing happens, whatever is there by now.
  enrol(noted(2, "again"));
  EXPECT_EQ(engine_->delete_subject("main", SubjectId{3}, &n3).error().fault, Fault::duplicate_id);
  EXPECT_EQ(engine_->erase_subject("main", SubjectId{3}, &n4).error().fault, Fault::duplicate_id);
  EXPECT_EQ(engine_->update("main", SubjectId{1}, EncounterId{1}, visit(0, 2), &n1).error().fault,
            Fault::duplicate_id);
  EXPECT_EQ(encounters(), 2);
}

}  // namespace
}  // namespace whorl::search
