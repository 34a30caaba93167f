// Another master key for a store: docs/decisions/key-rotation.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/gallery/records.h"
#include "engine/gallery/store_body.h"
#include "tests/gallery/gallery_samples.h"
#include "tests/gallery/raw_store.h"

namespace whorl::gallery {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

constexpr std::uint64_t kSubjects = 40;

class Rotation : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    for (std::uint64_t s = 1; s <= kSubjects; ++s) ASSERT_TRUE(enrol(s, s));
    ASSERT_TRUE(enrol(1, 1'000));
    ASSERT_TRUE(store_->put_side("side", as_bytes("a side value")));
    ASSERT_TRUE(store_->put_note({"note", bytes_of("a note")}));
    store_.reset();
  }

  static Bytes bytes_of(std::string_view text) {
    const auto view = as_bytes(text);
    return {view.begin(), view.end()};
  }
  std::string path() const { return folder_ / "store"; }

  Result<> rotate(const Key& old_master, const Key& new_master) {
    return Store::rotate_master_key(path(), old_master, new_master, {});
  }
  // Up to the moment from which the new key counts, and no further.
  void begin() {
    const auto body = open_body(path(), old_, {});
    ASSERT_TRUE(body) << describe(body.error());
    const auto begun = (*body)->begin_rotation(old_, new_);
    ASSERT_TRUE(begun) << describe(begun.error());
  }

  Fault refusal(const Key& key) { return Store::open(path(), key, {}).error().fault; }
  void open(const Key& key) {
    store_.reset();
    auto opened = Store::open(path(), key, {});
    ASSERT_TRUE(opened) << describe(opened.error());
    store_ = std::move(*opened);
  }
  void expect_all_there(const Key& key) {
    open(key);
    for (std::uint64_t s = 1; s <= kSubjects; ++s) {
      const auto found = store_->get_encounter(gallery_, SubjectId{s}, EncounterId{1});
      ASSERT_TRUE(found) << describe(found.error());
      EXPECT_EQ(*found, sample_encounter(s));
    }
    EXPECT_EQ(*store_->get_side("side"), bytes_of("a side value"));
    EXPECT_EQ((*store_->get_note("note"))->content, bytes_of("a note"));
    expect_sound();
    store_.reset();
  }

  // All that the store's master key sealed, as it lies in the records.
  std::vector<Bytes> sealed_forms() const {
    const RawStore raw(path());
    std::vector<Bytes> forms;
    for (std::uint64_t s = 1; s <= kSubjects; ++s) forms.push_back(wrapped_key(raw, s));
    for (const auto& key : {meta_key(kSidePrefix, as_bytes("side")),
                            meta_key(kNotePrefix, as_bytes("note")), meta_key(kHeaderKey, {})}) {
      const Bytes value = *raw.get(Space::meta, key);
      forms.emplace_back(value.end() - 40, value.end());  // of the header, its check
    }
    return forms;
  }
  Bytes wrapped_key(const RawStore& raw, std::uint64_t subject) const {
    const Bytes key = key_of(SubjectPlace{gallery_, SubjectId{subject}});
    return decode_subject(*unframe(key, *raw.get(Space::subjects, key)))->wrapped_key;
  }
  void expect_in_no_file(const std::vector<Bytes>& forms) const {
    for (std::size_t i = 0; i < forms.size(); ++i) EXPECT_EQ(files_with(path(), forms[i]), 0) << i;
  }
  // Changes a byte of the subject's record, behind the store's back.
  void spoil(std::uint64_t subject) {
    const Bytes key = key_of(SubjectPlace{gallery_, SubjectId{subject}});
    RawStore raw(path());
    Bytes value = *raw.get(Space::subjects, key);
    value.back() ^= std::byte{1};
    raw.put(Space::subjects, key, value);
  }

  const Key old_ = sample_key(), new_ = sample_key(9), third_ = sample_key(11);
};

TEST_F(Rotation, LeavesTheStoreAsItWasUnderTheNewKeyAlone) {
  const Bytes encounter = key_of(EncounterPlace{{gallery_, SubjectId{7}}, EncounterId{1}});
  const Bytes before = *RawStore(path()).get(Space::encounters, encounter);
  const auto done = rotate(old_, new_);
  ASSERT_TRUE(done) << describe(done.error());
  EXPECT_EQ(refusal(old_), Fault::wrong_key);
  expect_all_there(new_);
  EXPECT_EQ(*RawStore(path()).get(Space::encounters, encounter), before) << "records stay";
  ASSERT_TRUE(rotate(new_, third_));
  EXPECT_EQ(refusal(new_), Fault::wrong_key);
  expect_all_there(third_);
}

TEST_F(Rotation, DestroysWhatTheOldKeyOpensInAllFiles) {
  open(old_);
  ASSERT_TRUE(store_->compact());  // in tables, and below, in the log
  ASSERT_TRUE(enrol(1, 2'000));
  store_.reset();
  const auto forms = sealed_forms();
  for (const Bytes& form : forms) ASSERT_GE(files_with(path(), form), 1);
  ASSERT_TRUE(rotate(old_, new_));
  expect_in_no_file(forms);
  EXPECT_FALSE(RawStore(path()).get(Space::meta, as_bytes(kRotationKey)));
}

TEST_F(Rotation, TellsHowFarItIs) {
  std::int64_t last = 0;
  const auto progress = [&](std::int64_t done, std::int64_t of) {
    EXPECT_GT(done, last);
    EXPECT_EQ(of, static_cast<std::int64_t>(kSubjects));
    last = done;
  };
  ASSERT_TRUE(Store::rotate_master_key(path(), old_, new_, {}, progress));
  EXPECT_EQ(last, static_cast<std::int64_t>(kSubjects));
}

TEST_F(Rotation, BegunIsFinishedByTheNextOpeningUnderTheNewKey) {
  const auto forms = sealed_forms();
  begin();
  EXPECT_EQ(refusal(old_), Fault::wrong_key);
  expect_all_there(new_);
  expect_in_no_file(forms);
  EXPECT_FALSE(RawStore(path()).get(Space::meta, as_bytes(kRotationKey)));
}

TEST_F(Rotation, HalfDoneIsFinishedByTheSameCallAgain) {
  const auto forms = sealed_forms();
  begin();
  fs::copy(path(), folder_ / "finished", fs::copy_options::recursive);
  ASSERT_TRUE(Store::open(folder_ / "finished", new_, {}));
  {
    const RawStore finished(folder_ / "finished");
    RawStore half(path());
    for (std::uint64_t s = 1; s <= kSubjects; s += 2) {
      const Bytes key = key_of(SubjectPlace{gallery_, SubjectId{s}});
      half.put(Space::subjects, key, *finished.get(Space::subjects, key));
    }
  }
  ASSERT_TRUE(rotate(old_, new_));
  expect_in_no_file(forms);
  expect_all_there(new_);
  EXPECT_TRUE(rotate(old_, new_)) << "and once more, for who is not sure";
  expect_all_there(new_);
}

TEST_F(Rotation, OfADamagedStoreIsRefusedBeforeAnythingChanges) {
  spoil(17);
  EXPECT_EQ(rotate(old_, new_).error(), (Error{Fault::bad_checksum, 0, "gallery 1, subject 17"}));
  EXPECT_EQ(refusal(new_), Fault::wrong_key);
  open(old_);
  EXPECT_EQ(store_->get_encounter(gallery_, SubjectId{18}, EncounterId{1}), sample_encounter(18));
}

// Damage that comes while the store goes over keeps neither the store shut nor the old key hidden.
TEST_F(Rotation, ThatCannotBeFinishedLeavesAStoreThatWorksAndSaysSo) {
  const auto forms = sealed_forms();
  begin();
  spoil(17);
  EXPECT_EQ(rotate(old_, new_).error().fault, Fault::bad_checksum);
  EXPECT_EQ(refusal(old_), Fault::wrong_key);
  open(new_);
  for (const std::uint64_t s : {1U, 16U, 18U, 40U}) {
    EXPECT_EQ(store_->get_encounter(gallery_, SubjectId{s}, EncounterId{1}), sample_encounter(s));
  }
  ASSERT_TRUE(enrol(18, 3'000));
  ASSERT_TRUE(enrol(100, 100));
  EXPECT_EQ(*store_->get_side("side"), bytes_of("a side value"));
  const Scrub scrub = *store_->verify();
  EXPECT_EQ(scrub.damaged, 2);
  EXPECT_EQ(scrub.damage.back().where, "the change of master key: gallery 1, subject 17");
  ASSERT_TRUE(store_->backup(folder_ / "backup"));
  ASSERT_TRUE(store_->erase_subject(gallery_, SubjectId{17}));
  open(new_);
  expect_sound();
  expect_in_no_file(forms);
  EXPECT_EQ(store_->get_subject(gallery_, SubjectId{18})->size(), 2U);
  EXPECT_EQ(store_->get_subject(gallery_, SubjectId{100})->size(), 1U);
  ASSERT_TRUE(Store::restore(folder_ / "backup", folder_ / "restored"));
  EXPECT_EQ(Store::open(folder_ / "restored", old_, {}).error().fault, Fault::wrong_key);
  const auto restored = Store::open(folder_ / "restored", new_, {});
  ASSERT_TRUE(restored) << describe(restored.error());
  EXPECT_EQ((*restored)->get_subject(gallery_, SubjectId{16})->size(), 1U);
}

TEST_F(Rotation, KeysThatAreNotTheStoresAreRefused) {
  EXPECT_EQ(rotate(third_, new_).error().fault, Fault::wrong_key);
  EXPECT_EQ(rotate(old_, old_).error().fault, Fault::bad_argument);
  begin();
  EXPECT_EQ(rotate(old_, third_).error().fault, Fault::wrong_key) << "begun with another";
  expect_all_there(new_);
}

TEST_F(Rotation, ARecordOfTheOldKeyThatIsDamagedKeepsTheStoreShut) {
  begin();
  {
    RawStore raw(path());
    raw.put(Space::meta, as_bytes(kRotationKey),
            frame(as_bytes(kRotationKey), as_bytes("not sealed with the new key at all")));
  }
  EXPECT_EQ(Store::open(path(), new_, {}).error(),
            (Error{Fault::seal_broken, 0, "rotation record"}));
}

TEST_F(Rotation, MakesNoStoreWhereThereIsNone) {
  StoreOptions options;
  options.create = true;
  EXPECT_EQ(Store::rotate_master_key(folder_ / "nothing", old_, new_, options).error().fault,
            Fault::no_store);
  EXPECT_FALSE(fs::exists(folder_ / "nothing"));
}

TEST_F(Rotation, ABackupMadeBeforeStaysUnderTheOldKey) {
  open(old_);
  ASSERT_TRUE(store_->backup(folder_ / "backup"));
  store_.reset();
  ASSERT_TRUE(rotate(old_, new_));
  ASSERT_TRUE(Store::restore(folder_ / "backup", folder_ / "restored"));
  EXPECT_TRUE(Store::open(folder_ / "restored", old_, {}));
  open(new_);  // and the next one into the same folder replaces it
  ASSERT_TRUE(store_->backup(folder_ / "backup"));
  store_.reset();
  ASSERT_TRUE(Store::restore(folder_ / "backup", folder_ / "again"));
  EXPECT_TRUE(Store::open(folder_ / "again", new_, {}));
}

}  // namespace
}  // namespace whorl::gallery
