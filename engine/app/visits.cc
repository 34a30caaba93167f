#include "engine/app/visits.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>

#include "engine/app/files.h"
#include "engine/app/names.h"

namespace whorl::app {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 5> kEndings{".iso", ".fmr", ".ansi", ".whorl", ".bin"};

// The views of one file that the plan means, with the position it gives them.
Result<> choose_position(std::vector<Template>& templates, FingerPosition position,
                         const VisitFile& file) {
  const auto is_there = [position](const Template& t) {
    const auto* print = std::get_if<FingerTemplate>(&t);
    return print != nullptr && print->position == position;
  };
  if (std::ranges::any_of(templates, is_there)) {
    std::erase_if(templates, [&](const Template& t) { return !is_there(t); });
    return {};
  }
  if (templates.size() != 1) {
    return fail(Fault::bad_argument, 0,
                file.path.string() + ", none of its " + std::to_string(templates.size()) +
                    " views is the " + std::string(name_of(position)));
  }
  if (auto* print = std::get_if<FingerTemplate>(&templates.front())) print->position = position;
  return {};
}

Result<std::vector<Template>> read_visit_file(const VisitFile& file) {
  WHORL_TRY(std::vector<Template> templates, read_template_file(file.path, file.ppi));
  for (const Template& t : templates) {
    if (file.modality && modality_of(t) != *file.modality) {
      return fail(Fault::bad_manifest, 0,
                  file.path.string() + ", holds a " + std::string(name_of(modality_of(t))));
    }
  }
  if (file.position && *file.position != FingerPosition::unknown) {
    WHORL_TRY_VOID(choose_position(templates, *file.position, file));
  }
  return templates;
}

std::optional<SubjectId> subject_in(const fs::path& file) {
  const std::string stem = file.stem().string();
  const auto number = whole_number(std::string_view(stem).substr(0, stem.find('_')));
  if (!number || *number == 0) return std::nullopt;
  return SubjectId{*number};
}

}  // namespace

Result<Encounter> read_visit(const Visit& visit, const Clock& clock) {
  Encounter encounter;
  encounter.captured_at = clock.now();
  encounter.source = visit.source;
  encounter.demographics = visit.demographics;
  for (const VisitFile& file : visit.files) {
    WHORL_TRY(std::vector<Template> templates, read_visit_file(file));
    std::ranges::move(templates, std::back_inserter(encounter.templates));
  }
  return encounter;
}

void add_visit_options(CLI::App& app, FileVisit& o, FilesAre needed) {
  auto* files = app.add_option("FILE", o.files, "Template files of one visit of one person");
  if (needed == FilesAre::required) files->required();
  app.add_option("--position", o.position,
                 "Finger, where the records do not say: right-thumb .. left-little, or 1 .. 10");
  app.add_option("--ppi", o.ppi, "True resolution, where the records have it wrong");
}

Result<Visit> visit_of(const FileVisit& o, SubjectId subject) {
  Visit visit{subject, {}, {}, {}};
  std::optional<FingerPosition> position;
  if (!o.position.empty()) {
    position = finger_from_name(o.position);
    if (!position) return fail(Fault::bad_argument, 0, "--position " + o.position);
  }
  const auto ppi = o.ppi ? std::optional(PixelsPerInch{*o.ppi}) : std::nullopt;
  for (const std::string& file : o.files) {
    visit.files.push_back({file, std::nullopt, position, ppi});
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

Result<std::vector<Visit>> visits_in_folder(const fs::path& folder,
                                            std::optional<PixelsPerInch> ppi) {
  std::error_code trouble;
  std::vector<std::pair<SubjectId, fs::path>> files;
  for (fs::directory_iterator entry(folder, trouble), end; !trouble && entry != end;
       entry.increment(trouble)) {
    const fs::path& file = entry->path();
    if (std::ranges::find(kEndings, file.extension().string()) == kEndings.end()) continue;
    const auto subject = subject_in(file);
    if (!subject) return fail(Fault::bad_manifest, 0, file.string() + ", expected SUBJECT_...");
    files.emplace_back(*subject, file);
  }
  if (trouble) return fail(Fault::io_error, 0, folder.string() + " (" + trouble.message() + ")");
  if (files.empty()) return fail(Fault::not_found, 0, folder.string() + ", no template files");
  std::ranges::sort(files);
  std::vector<Visit> visits;
  for (auto& [subject, file] : files) {
    visits.push_back({subject, {{std::move(file), std::nullopt, std::nullopt, ppi}}, {}, {}});
  }
  return visits;
}

}  // namespace whorl::app
