#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "engine/gallery/records.h"
#include "tests/gallery/gallery_samples.h"
#include "tests/gallery/raw_store.h"

namespace whorl::gallery {
namespace {

Bytes content(std::string_view text) {
  const auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

class Notes : public StoreTest {
 protected:
  std::string path() const { return folder_ / "store"; }

  Result<Commit> enrol_noted(std::uint64_t subject, const std::string& note,
                             std::string_view text = "the answer") {
    Batch batch;
    batch.enrol(gallery_, SubjectId{subject}, sample_encounter(subject));
    batch.remember({note, content(text)});
    return store_->commit(batch);
  }

  std::optional<Noted> note(const std::string& name) {
    auto found = store_->get_note(name);
    EXPECT_TRUE(found) << describe(found.error());
    return found ? *found : std::nullopt;
  }

  // The same store with its clock at `now`.
  void reopen_at(std::int64_t now) {
    store_.reset();
    clock_.set(UnixMillis{now});
    StoreOptions options;
    options.clock = &clock_;
    auto opened = Store::open(path(), sample_key(), options);
    ASSERT_TRUE(opened) << describe(opened.error());
    store_ = std::move(*opened);
  }

  ManualClock clock_{UnixMillis{0}};
};

TEST_F(Notes, AreFoundWithWhatTheChangeWasGiven) {
  ASSERT_TRUE(enrol(17, 1));
  reopen_at(1'000);
  ASSERT_TRUE(enrol_noted(17, "request-1", "second visit"));
  for (const bool again : {false, true}) {
    if (again) reopen();
    const auto noted = note("request-1");
    ASSERT_TRUE(noted);
    EXPECT_EQ(noted->content, content("second visit"));
    EXPECT_EQ(noted->revision, Revision{2});
    EXPECT_EQ(noted->gallery, gallery_);
    EXPECT_EQ(noted->subject, SubjectId{17});
    EXPECT_EQ(noted->encounter, EncounterId{2});
    EXPECT_EQ(noted->noted_at, UnixMillis{1'000});
  }
  EXPECT_FALSE(note("request-2"));
  expect_sound();
  EXPECT_EQ(store_->verify()->notes, 1);
}

TEST_F(Notes, OfOneBatchBelongEachToItsChange) {
  Batch batch;
  for (const std::uint64_t s : {5U, 6U, 7U}) {
    batch.enrol(gallery_, SubjectId{s}, sample_encounter(s));
    if (s != 6) batch.remember({"of-" + std::to_string(s), content("a")});
  }
  batch.delete_subject(gallery_, SubjectId{6});
  batch.remember({"gone", content("b")});
  ASSERT_TRUE(store_->commit(batch));
  EXPECT_EQ(note("of-5")->revision, Revision{1});
  EXPECT_EQ(note("of-7")->revision, Revision{3});
  EXPECT_EQ(note("of-7")->subject, SubjectId{7});
  EXPECT_EQ(note("gone")->subject, SubjectId{6});
  EXPECT_EQ(note("gone")->encounter, EncounterId{0});
}

TEST_F(Notes, ATakenNameRefusesTheWholeBatch) {
  ASSERT_TRUE(enrol_noted(17, "request-1", "first"));
  Batch batch;
  batch.enrol(gallery_, SubjectId{18}, sample_encounter(2));
  batch.enrol(gallery_, SubjectId{17}, sample_encounter(3), Expect::new_subject);
  batch.remember({"request-1", content("second")});
  EXPECT_EQ(store_->commit(batch).error(), (Error{Fault::duplicate_id, 0, "note request-1"}));
  EXPECT_EQ(store_->contains(gallery_, SubjectId{18}), false);
  EXPECT_EQ(note("request-1")->content, content("first"));
  Batch twice;
  for (const std::uint64_t s : {30U, 31U}) {
    twice.enrol(gallery_, SubjectId{s}, sample_encounter(s));
    twice.remember({"twice", content("x")});
  }
  EXPECT_EQ(store_->commit(twice).error().fault, Fault::duplicate_id);
  EXPECT_FALSE(note("twice"));
  EXPECT_EQ(store_->erase_subject(gallery_, SubjectId{17}, nullptr), Revision{2});
  const Note taken{"request-1", content("third")};
  EXPECT_EQ(store_->erase_subject(gallery_, SubjectId{17}, &taken).error().fault,
            Fault::duplicate_id);
  EXPECT_EQ(store_->put_note(taken).error().fault, Fault::duplicate_id);
}

TEST_F(Notes, ARefusedChangeLeavesNone) {
  Batch batch;
  batch.delete_subject(gallery_, SubjectId{99});
  batch.remember({"request-1", content("x")});
  EXPECT_EQ(store_->commit(batch).error().fault, Fault::not_found);
  const Note with{"request-2", content("x")};
  EXPECT_EQ(store_->erase_subject(gallery_, SubjectId{99}, &with).error().fault, Fault::not_found);
  EXPECT_FALSE(note("request-1"));
  EXPECT_FALSE(note("request-2"));
}

TEST_F(Notes, ThatCannotBeKeptAreRefusedWithTheirChange) {
  ASSERT_TRUE(enrol(17, 1));
  const struct {
    Note note;
    Fault fault;
  } kRows[] = {
      {{"", content("x")}, Fault::bad_name},
      {{"Request", content("x")}, Fault::bad_name},
      {{"a/b", content("x")}, Fault::bad_name},
      {{std::string(65, 'a'), content("x")}, Fault::bad_name},
      {{"empty", {}}, Fault::empty_input},
      {{"large", Bytes(kMaxNoteBytes + 1)}, Fault::limit_exceeded},
  };
  for (const auto& [bad, fault] : kRows) {
    SCOPED_TRACE(bad.name);
    Batch batch;
    batch.enrol(gallery_, SubjectId{18}, sample_encounter(2));
    batch.remember(bad);
    EXPECT_EQ(store_->commit(batch).error().fault, fault);
    EXPECT_EQ(store_->put_note(bad).error().fault, fault);
    EXPECT_EQ(store_->erase_subject(gallery_, SubjectId{17}, &bad).error().fault, fault);
    EXPECT_EQ(store_->contains(gallery_, SubjectId{18}), false);
    EXPECT_EQ(store_->contains(gallery_, SubjectId{17}), true);
  }
  EXPECT_EQ(store_->get_note("Request").error().fault, Fault::bad_name);
  EXPECT_TRUE(store_->put_note({"largest", Bytes(kMaxNoteBytes)}));
}

TEST_F(Notes, OfWhatChangedNothingStayToo) {
  ASSERT_TRUE(enrol(17, 1));
  ASSERT_TRUE(store_->put_note({"search-1", content("no hit")}));
  ASSERT_TRUE(store_->put_note({"search-2", content("hit")}, Store::Sync::yes));
  reopen();
  EXPECT_EQ(store_->revision(), Revision{1});
  EXPECT_EQ(note("search-1")->content, content("no hit"));
  EXPECT_EQ(note("search-2")->revision, Revision{1});
  EXPECT_EQ(note("search-2")->subject, SubjectId{0});
  expect_sound();
}

TEST_F(Notes, AreDroppedByAgeAFewAtATime) {
  const std::int64_t many = Store::kNotesPerDrop + 100;
  reopen_at(-5);  // before 1970: still the oldest
  ASSERT_TRUE(store_->put_note({"oldest", content("x")}));
  clock_.set(UnixMillis{1'000});
  for (std::int64_t i = 0; i < many; ++i) {
    ASSERT_TRUE(store_->put_note({"old-" + std::to_string(i), content("x")}));
  }
  clock_.set(UnixMillis{2'000});
  ASSERT_TRUE(enrol_noted(17, "young"));
  EXPECT_EQ(store_->drop_notes_before(UnixMillis{-5}), 0);
  EXPECT_EQ(store_->drop_notes_before(UnixMillis{1'000}), 1);
  EXPECT_FALSE(note("oldest"));
  EXPECT_EQ(store_->drop_notes_before(UnixMillis{2'000}), Store::kNotesPerDrop);
  EXPECT_EQ(store_->drop_notes_before(UnixMillis{2'000}), 100);
  EXPECT_EQ(store_->drop_notes_before(UnixMillis{2'000}), 0);
  EXPECT_FALSE(note("old-0"));
  EXPECT_TRUE(note("young"));
  EXPECT_EQ(store_->verify()->notes, 1);
  expect_sound();
  ASSERT_TRUE(store_->put_note({"old-0", content("again")}));  // a dropped name is free
}

TEST_F(Notes, OfAnErasedSubjectLoseTheirContentInAllFilesAndKeepTheirNames) {
  ASSERT_TRUE(enrol_noted(17, "first", "names 17"));
  ASSERT_TRUE(enrol_noted(17, "second", "names 17 again"));
  ASSERT_TRUE(enrol_noted(18, "other", "names 18"));
  store_.reset();
  const auto sealed = [&](const char* name) {
    return *RawStore(path()).get(Space::meta, meta_key(kNotePrefix, as_bytes(name)));
  };
  const Bytes first = sealed("first"), second = sealed("second"), other = sealed("other");
  reopen();
  ASSERT_TRUE(store_->compact());
  ASSERT_GE(files_with(path(), first), 1);
  const Note with{"erasure", content("17 is erased")};
  ASSERT_EQ(store_->erase_subject(gallery_, SubjectId{17}, &with), Revision{4});
  EXPECT_EQ(files_with(path(), first), 0);
  EXPECT_EQ(files_with(path(), second), 0);
  EXPECT_GE(files_with(path(), other), 1);
  reopen();
  EXPECT_EQ(note("erasure")->content, content("17 is erased"));
  EXPECT_EQ(note("erasure")->revision, Revision{4});
  EXPECT_EQ(note("other")->content, content("names 18"));
  for (const char* name : {"first", "second"}) {
    ASSERT_TRUE(note(name));
    EXPECT_TRUE(note(name)->content.empty());
    EXPECT_EQ(enrol_noted(17, name).error().fault, Fault::duplicate_id) << "would come back";
  }
  EXPECT_EQ(note("second")->encounter, EncounterId{2});
  EXPECT_EQ(store_->verify()->notes, 4);
  expect_sound();
}

TEST_F(Notes, OfABegunErasureAreDestroyedByTheNextOpening) {
  ASSERT_TRUE(enrol_noted(17, "first", "names 17"));
  store_.reset();
  const Bytes key = meta_key(kNotePrefix, as_bytes("first"));
  Bytes sealed;
  {  // the process died once the note was emptied and the erasure noted down
    RawStore raw(path());
    sealed = *raw.get(Space::meta, key);
    raw.put(Space::meta, key, frame(key, as_bytes("emptied")));
    const Bytes begun = meta_key(kErasingPrefix, key_of(SubjectPlace{gallery_, SubjectId{17}}));
    raw.put(Space::meta, begun, frame(begun, as_bytes("\5first")));
  }
  ASSERT_GE(files_with(path(), sealed), 1);
  reopen();
  EXPECT_EQ(files_with(path(), sealed), 0);
}

TEST_F(Notes, ThatAreDamagedAreToldAndDoNotKeepAPersonFromErasure) {
  const Bytes key = meta_key(kNotePrefix, as_bytes("first"));
  const struct {
    const char* what;
    std::function<void(RawStore&, Bytes)> spoil;
    Fault fault;
  } kRows[] = {
      {"a byte changed",
       [&](RawStore& raw, Bytes v) { v.back() ^= std::byte{1}, raw.put(Space::meta, key, v); },
       Fault::bad_checksum},
      {"sealed for another name",
       [&](RawStore& raw, const Bytes&) {
         const Bytes of = meta_key(kNotePrefix, as_bytes("of-18"));
         const Bytes other = *raw.get(Space::meta, of);
         raw.put(Space::meta, key, frame(key, *unframe(of, other)));
       },
       Fault::seal_broken},
      {"its entry by time changed",
       [&](RawStore& raw, const Bytes&) {
         Bytes entry = meta_key(kNotedPrefix, key_of(Revision{1'000U | std::uint64_t{1} << 63U}));
         for (const char c : std::string("first")) entry.push_back(static_cast<std::byte>(c));
         Bytes value = *raw.get(Space::meta, entry);
         value.back() ^= std::byte{1};
         raw.put(Space::meta, entry, value);
       },
       Fault::bad_checksum},
      {"gone", [&](RawStore& raw, const Bytes&) { raw.remove(Space::meta, key); },
       Fault::store_corrupt},
  };
  std::uint64_t subject = 100;
  for (const auto& [what, spoil, fault] : kRows) {
    SCOPED_TRACE(what);
    store_.reset();
    std::filesystem::remove_all(path());
    reopen();
    reopen_at(1'000);
    ASSERT_TRUE(enrol_noted(++subject, "first"));
    ASSERT_TRUE(enrol_noted(18, "of-18"));
    store_.reset();
    {
      RawStore raw(path());
      spoil(raw, *raw.get(Space::meta, key));
    }
    reopen();
    const Scrub scrub = *store_->verify();
    ASSERT_GE(scrub.damaged, 1);
    EXPECT_EQ(scrub.damage.front(), (Error{fault, 0, "note first"}));
    ASSERT_TRUE(store_->erase_subject(gallery_, SubjectId{subject}));
    EXPECT_TRUE(note("first")->content.empty());
    EXPECT_FALSE(note("of-18")->content.empty());
    expect_sound();
  }
}

TEST_F(Notes, ComeBackFromABackup) {
  ASSERT_TRUE(enrol_noted(17, "kept"));
  ASSERT_TRUE(store_->backup(folder_ / "backup"));
  ASSERT_TRUE(enrol_noted(18, "later"));
  store_.reset();
  std::filesystem::remove_all(path());
  ASSERT_TRUE(Store::restore(folder_ / "backup", path()));
  reopen();
  EXPECT_EQ(note("kept")->content, content("the answer"));
  EXPECT_FALSE(note("later"));
  expect_sound();
}

TEST_F(Notes, AreNotReadableInTheFiles) {
  ASSERT_TRUE(enrol_noted(17, "secret", "an answer that is looked for"));
  ASSERT_TRUE(store_->compact());
  store_.reset();
  EXPECT_EQ(files_with(path(), as_bytes("an answer that is looked for")), 0);
}

}  // namespace
}  // namespace whorl::gallery
