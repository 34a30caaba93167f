#include "engine/app/visits.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "engine/app/files.h"
#include "engine/base/names.h"

namespace whorl::app {
namespace {

// Puts rows together to visits.
class Gatherer {
 public:
  void add(scanners::ManifestRow row) {
    const Part part{row.file.modality.value_or(Modality::finger), row.file.position};
    const bool named = part.first == Modality::face || part.second != FingerPosition::unknown;
    const bool again = row.visit == 0 && named && parts_.contains(part);
    if (!visits_.empty() && visits_.back().subject == row.subject && row.visit == number_ &&
        !again) {
      visits_.back().files.push_back(std::move(row.file));
    } else {
      parts_.clear();
      number_ = row.visit;
      visits_.push_back(
          {row.subject, {std::move(row.file)}, row.demographics, std::move(row.source)});
    }
    parts_.insert(part);
  }
  std::vector<Visit> take() { return std::move(visits_); }

 private:
  using Part = std::pair<Modality, FingerPosition>;
  std::vector<Visit> visits_;
  std::uint32_t number_ = 0;  // of the last visit
  std::set<Part> parts_;      // that it has
};

}  // namespace

Result<Encounter> read_visit(const Visit& visit, const Clock& clock,
                             std::vector<CaptureNote>* notes,
                             std::vector<gallery::Picture>* pictures) {
  Encounter encounter;
  encounter.captured_at = clock.now();
  encounter.source = visit.source;
  encounter.demographics = visit.demographics;
  for (const scanners::CaptureFile& file : visit.files) {
    std::vector<features::Flaws> flaws;
    Bytes bytes;
    WHORL_TRY(std::vector<Template> templates, read_ready(file, &flaws, &bytes));
    if (pictures != nullptr && features::are_pictures_of_faces(bytes, templates)) {
      pictures->push_back({static_cast<std::uint8_t>(encounter.templates.size()),
                           static_cast<std::uint8_t>(templates.size()), std::move(bytes)});
    }
    if (notes != nullptr) std::ranges::move(notes_of(templates, flaws), std::back_inserter(*notes));
    std::ranges::move(templates, std::back_inserter(encounter.templates));
  }
  return encounter;
}

void add_visit_options(CLI::App& app, FileVisit& o, FilesAre needed) {
  auto* files = app.add_option("FILE", o.files, "Templates or pictures of one visit of one person");
  if (needed == FilesAre::required) files->required();
  app.add_option("--position", o.position,
                 "Finger, where the records do not say: right-thumb .. left-little, or 1 .. 10");
  app.add_option("--ppi", o.ppi, "True resolution, where the records have it wrong");
  app.add_option("--modality", o.modality,
                 "What the files show; left out: a finger where one is to be seen, else a face")
      ->check(CLI::IsMember({"finger", "face"}));
  app.add_option("--model", o.model, "Of pictures of faces: a model's id, or FILE.toml")
      ->capture_default_str();
}

Result<Visit> visit_of(const FileVisit& o, SubjectId subject) {
  Visit visit{subject, {}, {}, {}};
  auto position = FingerPosition::unknown;
  if (!o.position.empty()) {
    const auto named = finger_from_name(o.position);
    if (!named) return fail(Fault::bad_argument, 0, "--position " + o.position);
    position = *named;
  }
  const auto ppi = o.ppi ? std::optional(PixelsPerInch{*o.ppi}) : std::nullopt;
  scanners::CaptureFile like;
  like.position = position;
  like.ppi = ppi;
  if (!o.modality.empty()) like.modality = o.modality == "face" ? Modality::face : Modality::finger;
  like.face.model = o.model;
  for (const std::string& file : o.files) {
    visit.files.push_back(like);
    visit.files.back().path = file;
  }
  return visit;
}

Result<Demographics> demographics_of(const std::string& sex, std::optional<int> birth_year) {
  constexpr int kEarliest = 1850, kLatest = 2200;
  Demographics person;
  if (!sex.empty()) {
    const auto known = sex_from_name(sex);
    if (!known) return fail(Fault::bad_argument, 0, "sex, one of female, male, other");
    person.sex = *known;
  }
  if (birth_year) {
    if (*birth_year < kEarliest || *birth_year > kLatest) {
      return fail(Fault::bad_argument, 0, "birth year, 1850 .. 2200");
    }
    person.birth_year = static_cast<std::uint16_t>(*birth_year);
  }
  return person;
}

std::vector<Visit> visits_of(std::vector<scanners::ManifestRow> rows, std::string_view face_model) {
  Gatherer gatherer;
  for (scanners::ManifestRow& row : rows) {
    row.file.face.model = face_model;
    gatherer.add(std::move(row));
  }
  return gatherer.take();
}

}  // namespace whorl::app
