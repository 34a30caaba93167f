// Streams simulated people into an engine for ever and says what was acknowledged; it ends by being
// killed. Saves index snapshots, deletes and erases now and then, so that kills land in those, too.
//   engine_stream FOLDER FIRST_PERSON SEED

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/fault/engine_people.h"

namespace whorl::search {
namespace {

void say(char what, SubjectId subject) {
  const std::string line = what + std::to_string(subject.value()) + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::_Exit(3);
}

template <class T>
void must(const Result<T>& result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", describe(result.error()).c_str());
  std::_Exit(2);
}

void run(const std::string& folder, std::uint64_t next, std::uint64_t seed) {
  auto opened = open_engine(folder);
  must(opened);
  Engine& engine = **opened;
  if (engine.status().empty()) must(engine.create_gallery(kStreamGallery));
  SeededRandom random(seed);
  while (true) {
    std::int64_t left = 1 + random.below(150);
    const std::uint64_t first = next;
    must(engine.enrol_stream(
        kStreamGallery,
        [&]() -> std::optional<Enrolment> {
          if (left-- == 0) return std::nullopt;
          return enrolment_of(next++);
        },
        [&](const Receipt& r) { say(kEnrolled, r.subject); }));
    if (random.chance(0.4)) must(engine.save_snapshot());
    if (random.chance(0.5)) {
      const SubjectId subject = subject_of(first);
      const gallery::Note note = note_of(kDeleted, subject);
      say(kDeleting, subject);
      must(random.chance(0.5) ? engine.delete_subject(kStreamGallery, subject, &note)
                              : engine.erase_subject(kStreamGallery, subject, &note));
      say(kDeleted, subject);
    }
  }
}

}  // namespace
}  // namespace whorl::search

int main(int count, char** arguments) {
  if (count != 4) return 1;
  whorl::search::run(arguments[1], std::stoull(arguments[2]), std::stoull(arguments[3]));
}
