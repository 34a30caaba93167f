#pragma once
// What the store's tests share: a folder that goes away, a key, and encounters to enrol.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "engine/base/random.h"
#include "engine/gallery/store.h"

namespace whorl::gallery {

class TempFolder {
 public:
  explicit TempFolder(std::string parent = std::filesystem::temp_directory_path()) {
    std::string pattern = parent + "/whorl-XXXXXX";
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;  // the folder is of no use to anyone either way
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline Key sample_key(unsigned fill = 7) {
  std::array<std::byte, Key::kBytes> bytes{};
  bytes.fill(static_cast<std::byte>(fill));
  return Key(bytes);
}

// A finger of 40 minutiae with codes: about 1.6 kB, as most are.
inline FingerTemplate sample_finger(SeededRandom& random, FingerPosition position) {
  FingerTemplate finger;
  finger.position = position;
  finger.quality.value = static_cast<std::uint8_t>(random.below(101));
  finger.code_version = 1;
  for (int i = 0; i < 40; ++i) {
    Minutia m;
    m.x_px = static_cast<std::int16_t>(random.below(500));
    m.y_px = static_cast<std::int16_t>(random.below(500));
    m.direction = Direction(static_cast<std::uint8_t>(random.below(256)));
    m.kind = random.chance(0.5) ? MinutiaKind::ending : MinutiaKind::bifurcation;
    finger.minutiae.push_back(m);
    MinutiaCode code{};
    for (auto& word : code) word = static_cast<std::uint16_t>(random.next());
    finger.codes.push_back(code);
  }
  return finger;
}

inline FaceTemplate sample_face(SeededRandom& random) {
  FaceTemplate face;
  face.model = "test-model-8";
  for (int i = 0; i < 8; ++i) face.vector.push_back(static_cast<float>(random.normal(0, 1)));
  return face;
}

// The same seed, the same encounter. Every third has a face beside its finger.
inline Encounter sample_encounter(std::uint64_t seed) {
  SeededRandom random(seed);
  Encounter encounter;
  encounter.captured_at = UnixMillis{1'700'000'000'000 + static_cast<std::int64_t>(seed)};
  encounter.source = "station-" + std::to_string(seed % 10);
  encounter.demographics = {Sex::female, static_cast<std::uint16_t>(1950 + seed % 50)};
  const auto position = static_cast<FingerPosition>(1 + seed % 10);
  encounter.templates.emplace_back(sample_finger(random, position));
  if (seed % 3 == 0) encounter.templates.emplace_back(sample_face(random));
  return encounter;
}

inline Result<std::unique_ptr<Store>> open_store(const std::string& folder,
                                                 const Key& key = sample_key()) {
  StoreOptions options;
  options.create = true;
  return Store::open(folder, key, options);
}

// A store with one gallery, for tests of what happens inside.
class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override { reopen(); }

  void reopen() {
    store_.reset();
    auto opened = open_store(folder_ / "store");
    ASSERT_TRUE(opened) << describe(opened.error());
    store_ = std::move(*opened);
    if (store_->list_galleries().empty()) {
      const auto made = store_->create_gallery("civil");
      ASSERT_TRUE(made) << describe(made.error());
    }
    gallery_ = store_->list_galleries().front().id;
  }

  Result<Commit> enrol(std::uint64_t subject, std::uint64_t seed) {
    Batch batch;
    batch.enrol(gallery_, SubjectId{subject}, sample_encounter(seed));
    return store_->commit(batch);
  }

  // Every encounter of the store as "subject/number", in the order of the walk.
  std::vector<std::string> contents() {
    std::vector<std::string> list;
    const auto walked = store_->for_each_encounter({}, [&](const StoredEncounter& e) -> Result<> {
      list.push_back(std::to_string(e.subject.value()) + "/" + std::to_string(e.id.value()));
      return {};
    });
    EXPECT_TRUE(walked) << describe(walked.error());
    return list;
  }

  void expect_sound() {
    const auto scrub = store_->verify();
    ASSERT_TRUE(scrub) << describe(scrub.error());
    EXPECT_EQ(scrub->damaged, 0);
    for (const Error& error : scrub->damage) ADD_FAILURE() << describe(error);
  }

  TempFolder folder_;
  std::unique_ptr<Store> store_;
  GalleryId gallery_;
};

}  // namespace whorl::gallery
