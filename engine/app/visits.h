#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/app/capture_notes.h"
#include "engine/base/biometrics.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/gallery/batch.h"
#include "scanners/replay/manifest.h"

namespace CLI {
class App;
}

namespace whorl::app {

// Everything captured of one person at one time, not read yet: millions of them fit in memory.
struct Visit {
  SubjectId subject;
  std::vector<scanners::CaptureFile> files;
  Demographics demographics;
  std::string source;
};

// Reads a visit's files (scanners/replay/capture_file.h), faces scaled to unit length. `notes`,
// where given, receives what each template is worth, and `pictures` the files that its faces were
// made of, for galleries that keep them.
Result<Encounter> read_visit(const Visit& visit, const Clock& clock,
                             std::vector<CaptureNote>* notes = nullptr,
                             std::vector<gallery::Picture>* pictures = nullptr);

// The options FILE..., --position, --ppi, --modality and --model of the verbs that take one visit.
struct FileVisit {
  std::vector<std::string> files;
  std::string position, modality, model{features::kDefaultFaceModel};
  std::optional<double> ppi;
};
enum class FilesAre : bool { optional, required };
void add_visit_options(CLI::App& app, FileVisit& options, FilesAre needed = FilesAre::required);
Result<Visit> visit_of(const FileVisit& options, SubjectId subject);

// --sex and --birth-year of a person, bad_argument where malformed; both may be empty.
Result<Demographics> demographics_of(const std::string& sex, std::optional<int> birth_year);

// The visits of a manifest or folder (scanners/replay/manifest.h), in its order. Consecutive rows
// of one subject and one `encounter` are one visit; where no encounter is given, a finger or the
// face that comes again begins the next. Pictures of faces are read by `face_model`.
std::vector<Visit> visits_of(std::vector<scanners::ManifestRow> rows,
                             std::string_view face_model = features::kDefaultFaceModel);

}  // namespace whorl::app
