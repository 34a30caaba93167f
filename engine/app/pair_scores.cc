#include "engine/app/pair_scores.h"

#include <algorithm>
#include <system_error>
#include <tuple>

#include "engine/app/names.h"

namespace whorl::app {
namespace {

namespace fs = std::filesystem;

auto order_of(const fs::path& file) {
  return std::tuple(print_name(file), file.filename().string());
}

Result<PrintDatabase> read_database(const fs::path& folder, PrintSource source) {
  const auto has_ending =
      source == PrintSource::images ? scanners::has_image_ending : scanners::has_template_ending;
  PrintDatabase database{
      folder.parent_path().filename().string() + "_" + folder.filename().string(), folder, {}};
  std::error_code trouble;
  for (fs::directory_iterator entry(folder, trouble), end; !trouble && entry != end;
       entry.increment(trouble)) {
    const fs::path& file = entry->path();
    if (has_ending(file) && print_name(file)) { database.files.push_back(file); }
  }
  if (trouble) return fail(Fault::io_error, 0, folder.string() + " (" + trouble.message() + ")");
  std::ranges::sort(database.files, {}, order_of);
  return database;
}

}  // namespace

std::optional<scanners::NumberedName> print_name(const fs::path& file) {
  const std::string stem = file.stem().string();
  const std::size_t gap = stem.find('_');
  if (gap == std::string::npos || stem.find('_', gap + 1) == std::string::npos) {
    return scanners::numbered_name(file);
  }
  constexpr std::uint64_t kFingersAPerson = 100;
  constexpr std::uint64_t kPersonForm = std::uint64_t{1} << 48U;  // 1_2_3 is not finger 102
  const auto person = whole_number(std::string_view(stem).substr(0, gap));
  auto name = scanners::numbered_name(fs::path(stem.substr(gap + 1) + ".x"));
  if (!person || !name || name->number >= kFingersAPerson || *person > UINT32_MAX) return {};
  name->number += kPersonForm + *person * kFingersAPerson;
  return name;
}

Result<std::vector<PrintDatabase>> find_databases(const fs::path& folder, PrintSource source) {
  std::error_code trouble;
  const fs::path root = fs::canonical(folder, trouble);
  if (trouble) return fail(Fault::io_error, 0, folder.string() + " (" + trouble.message() + ")");
  std::vector<fs::path> folders{root};
  for (fs::directory_iterator entry(root, trouble), end; !trouble && entry != end;
       entry.increment(trouble)) {
    std::error_code unreadable;  // an entry that vanished is no folder
    if (entry->is_directory(unreadable)) folders.push_back(entry->path());
  }
  if (trouble) return fail(Fault::io_error, 0, folder.string() + " (" + trouble.message() + ")");
  std::vector<PrintDatabase> databases;
  for (const fs::path& f : folders) {
    WHORL_TRY(PrintDatabase database, read_database(f, source));
    if (!database.files.empty()) databases.push_back(std::move(database));
  }
  if (databases.empty()) {
    return fail(Fault::not_found, 0,
                folder.string() + (source == PrintSource::images
                                       ? ", no FINGER_IMPRESSION images"
                                       : ", no FINGER_IMPRESSION template files"));
  }
  std::ranges::sort(databases, {}, &PrintDatabase::name);
  return databases;
}

BestPair best_pair(matchers::FingerMatcher& matcher, const std::vector<FingerTemplate>& probe,
                   const std::vector<FingerTemplate>& reference) {
  BestPair best;
  for (std::size_t p = 0; p < probe.size(); ++p) {
    for (std::size_t r = 0; r < reference.size(); ++r) {
      const Similarity similarity =
          matcher.compare(probe[p], reference[r], matchers::Rotation::any);
      if (similarity > best.similarity) best = {p, r, similarity};
    }
  }
  return best;
}

std::vector<PairScore> all_pairs(std::size_t files) {
  std::vector<PairScore> pairs;
  for (std::size_t probe = 0; probe < files; ++probe) {
    for (std::size_t reference = probe + 1; reference < files; ++reference) {
      pairs.push_back({probe, reference, kNotCompared});
    }
  }
  return pairs;
}

}  // namespace whorl::app
