// Records that were changed behind the store's back: told by name, never answered around.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "engine/gallery/records.h"
#include "tests/gallery/gallery_samples.h"
#include "tests/gallery/raw_store.h"

namespace whorl::gallery {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr SubjectPlace kFirst{GalleryId{1}, SubjectId{17}}, kSecond{GalleryId{1}, SubjectId{18}};
constexpr EncounterPlace kVictim{kFirst, EncounterId{1}};

Bytes text_key(std::string_view text) {
  const auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

void flip_last(RawStore& raw, Space space, const Bytes& key) {
  Bytes value = *raw.get(space, key);
  value.back() ^= std::byte{1};
  raw.put(space, key, value);
}

// The same body under another key with a sum that fits: what a clever hand would do.
void move_record(RawStore& raw, Space space, const Bytes& from, const Bytes& to) {
  const Bytes value = *raw.get(space, from);
  raw.put(space, to, frame(to, *unframe(from, value)));
}

struct DamageCase {
  const char* name;
  Fault fault;
  const char* where;
  std::function<void(RawStore&)> damage;
};

void PrintTo(const DamageCase& c, std::ostream* os) { *os << c.name; }

const DamageCase kDamaged[] = {
    {"EncounterBitFlipped", Fault::bad_checksum, "gallery 1, subject 17, encounter 1",
     [](RawStore& raw) { flip_last(raw, Space::encounters, key_of(kVictim)); }},
    {"EncounterMissing", Fault::store_corrupt, "gallery 1, subject 17: 1 of 2 encounters",
     [](RawStore& raw) { raw.remove(Space::encounters, key_of(kVictim)); }},
    {"EncounterEmpty", Fault::store_corrupt, "gallery 1, subject 17, encounter 1",
     [](RawStore& raw) { raw.put(Space::encounters, key_of(kVictim), {}); }},
    {"EncounterOfAnotherSubject", Fault::seal_broken, "gallery 1, subject 17, encounter 1",
     [](RawStore& raw) {
       move_record(raw, Space::encounters, key_of(EncounterPlace{kSecond, EncounterId{1}}),
                   key_of(kVictim));
     }},
    {"EncountersSwapped", Fault::seal_broken, "gallery 1, subject 17, encounter 1",
     [](RawStore& raw) {
       move_record(raw, Space::encounters, key_of(EncounterPlace{kFirst, EncounterId{2}}),
                   key_of(kVictim));
     }},
    {"EncounterCopiedAsAThird", Fault::seal_broken, "gallery 1, subject 17, encounter 3",
     [](RawStore& raw) {
       move_record(raw, Space::encounters, key_of(kVictim),
                   key_of(EncounterPlace{kFirst, EncounterId{3}}));
     }},
    {"EncounterOfALaterVersion", Fault::store_version, "gallery 1, subject 17, encounter 1",
     [](RawStore& raw) {
       Bytes value = *raw.get(Space::encounters, key_of(kVictim));
       value.front() = std::byte{9};
       raw.put(Space::encounters, key_of(kVictim), value);
     }},
    {"KeyBitFlipped", Fault::bad_checksum, "gallery 1, subject 17",
     [](RawStore& raw) { flip_last(raw, Space::subjects, key_of(kFirst)); }},
    {"KeyOfAnotherSubject", Fault::seal_broken, "gallery 1, subject 17",
     [](RawStore& raw) { move_record(raw, Space::subjects, key_of(kSecond), key_of(kFirst)); }},
    {"SubjectMissing", Fault::store_corrupt,
     "gallery 1, subject 17, encounter 1: its subject is missing",
     [](RawStore& raw) { raw.remove(Space::subjects, key_of(kFirst)); }},
};

class DamagedRecord : public StoreTest, public ::testing::WithParamInterface<DamageCase> {
 protected:
  void damage() {
    for (const std::uint64_t subject : {17U, 17U, 18U, 19U}) ASSERT_TRUE(enrol(subject, subject));
    store_.reset();
    {
      RawStore raw(folder_ / "store");
      GetParam().damage(raw);
    }
    reopen();
  }
  void expect_named(const Error& error) {
    EXPECT_EQ(error.fault, GetParam().fault) << describe(error);
    EXPECT_EQ(error.where, GetParam().where);
  }
};

TEST_P(DamagedRecord, IsNamedByTheWalkAndTheScrubAndHarmsNoOneElse) {
  ASSERT_NO_FATAL_FAILURE(damage());
  const auto walked =
      store_->for_each_encounter({}, [](const StoredEncounter&) -> Result<> { return {}; });
  ASSERT_FALSE(walked);
  expect_named(walked.error());

  const auto scrub = store_->verify();
  ASSERT_TRUE(scrub);
  ASSERT_FALSE(scrub->damage.empty());
  expect_named(scrub->damage.front());

  EXPECT_EQ(store_->get_subject(gallery_, SubjectId{19})->front().content, sample_encounter(19));
  const auto victim = store_->get_subject(gallery_, SubjectId{17});
  ASSERT_FALSE(victim);
  if (std::string_view(GetParam().name) != "SubjectMissing") expect_named(victim.error());
}

INSTANTIATE_TEST_SUITE_P(All, DamagedRecord, ::testing::ValuesIn(kDamaged),
                         [](const auto& row) { return std::string(row.param.name); });

using DamagedStore = StoreTest;

TEST_F(DamagedStore, AnErasureGoesThroughAndTheCountersAreRightAfterIt) {
  for (const std::uint64_t subject : {17U, 17U, 18U}) ASSERT_TRUE(enrol(subject, subject));
  store_.reset();
  {
    RawStore raw(folder_ / "store");
    flip_last(raw, Space::encounters, key_of(kVictim));
  }
  reopen();
  Batch batch;
  batch.delete_subject(gallery_, SubjectId{17});
  EXPECT_EQ(store_->commit(batch).error().fault, Fault::bad_checksum);
  const auto erased = store_->erase_subject(gallery_, SubjectId{17});
  ASSERT_TRUE(erased) << describe(erased.error());
  expect_sound();
}

TEST_F(DamagedStore, TheScrubSeesWrongCountersAndALostChange) {
  ASSERT_TRUE(enrol(17, 1));
  ASSERT_TRUE(enrol(18, 2));
  store_.reset();
  {
    RawStore raw(folder_ / "store");
    const Bytes key = meta_key(kGalleryPrefix, key_of(GalleryId{1}));
    const Bytes value = *raw.get(Space::meta, key);
    GalleryRecord record = *decode_gallery(*unframe(key, value));
    ++record.templates.faces;
    raw.put(Space::meta, key, frame(key, encode(record)));
  }
  reopen();
  auto scrub = store_->verify();
  ASSERT_EQ(scrub->damaged, 1);
  EXPECT_THAT(scrub->damage.front().where, HasSubstr("gallery 1: counters"));
  store_.reset();
  RawStore(folder_ / "store").remove(Space::changes, key_of(Revision{2}));
  reopen();
  scrub = store_->verify();
  ASSERT_GE(scrub->damaged, 1);
  EXPECT_THAT(scrub->damage.front().where, StartsWith("change 2"));
  EXPECT_EQ(store_->changes_since(Revision{0}).error().fault, Fault::store_corrupt);
}

TEST_F(DamagedStore, ASideValueUnderAnotherNameDoesNotOpen) {
  ASSERT_TRUE(store_->put_side("first", as_bytes("secret")));
  store_.reset();
  {
    RawStore raw(folder_ / "store");
    move_record(raw, Space::meta, text_key("side/first"), text_key("side/second"));
  }
  reopen();
  EXPECT_EQ(store_->get_side("second").error().fault, Fault::seal_broken);
  EXPECT_TRUE(store_->get_side("first"));
}

}  // namespace
}  // namespace whorl::gallery
