// Enrols for ever, from two threads, and says what was acknowledged; it ends by being killed.
//   enrol_stream FOLDER FIRST_SUBJECT SEED

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "tests/fault/kill_subject.h"
#include "tests/gallery/gallery_samples.h"

namespace whorl::gallery {
namespace {

// Short writes to a pipe arrive whole or not at all, so a line is never cut by the kill.
void say(char what, std::uint64_t subject) {
  const std::string line = what + std::to_string(subject) + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::_Exit(3);
}

template <class T>
void must(const Result<T>& result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", describe(result.error()).c_str());
  std::_Exit(2);
}

void stream(Store& store, GalleryId gallery, std::uint64_t next, SeededRandom random) {
  while (true) {
    Batch batch;
    const std::uint64_t first = next;
    for (std::int64_t i = 1 + random.below(40); i > 0; --i, ++next) {
      for (int e = 0; e < kEncountersPerSubject; ++e) {
        batch.enrol(gallery, SubjectId{next}, sample_encounter(seed_of(next, e)));
      }
    }
    must(store.commit(batch));
    for (std::uint64_t s = first; s < next; ++s) say(kEnrolled, s);
    if (random.chance(0.05)) must(store.compact());
    if (random.chance(0.05)) {
      say(kErasing, first);
      must(store.erase_subject(gallery, SubjectId{first}));
      say(kErased, first);
    }
  }
}

void run(const std::string& folder, std::uint64_t first, std::uint64_t seed) {
  auto opened = open_store(folder);
  must(opened);
  Store& store = **opened;
  if (store.list_galleries().empty()) must(store.create_gallery("civil"));
  const GalleryId gallery = store.list_galleries().front().id;
  std::thread other(stream, std::ref(store), gallery, first + 1'000'000,
                    SeededRandom::stream(seed, 1));
  stream(store, gallery, first, SeededRandom::stream(seed, 2));
}

}  // namespace
}  // namespace whorl::gallery

int main(int count, char** arguments) {
  if (count != 4) return 1;
  whorl::gallery::run(arguments[1], std::stoull(arguments[2]), std::stoull(arguments[3]));
}
