#include "engine/app/demo/population.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "engine/app/files.h"
#include "engine/app/pair_scores.h"
#include "engine/base/random.h"
#include "scanners/replay/capture_file.h"
#include "scanners/simulated/people.h"

namespace whorl::app {
namespace {

namespace fs = std::filesystem;

constexpr FingerPosition kFinger = FingerPosition::right_index;
constexpr std::uint64_t kEnrolledImpressions = 4;
// Of each database's ten fingers (101 .. 110) these come for the first time in the stream.
constexpr std::uint64_t kFirstNewFinger = 109;
constexpr std::uint64_t kSimulatedPersons = 1'000'000;  // numbers above are simulated people

std::optional<PixelsPerInch> true_resolution(const PrintDatabase& database) {
  if (database.folder.filename().string().starts_with("DB2")) return PixelsPerInch{569};
  return std::nullopt;
}

Result<> add_database(const PrintDatabase& database, std::uint64_t number,
                      DemoPopulation& population) {
  for (const fs::path& file : database.files) {
    const scanners::NumberedName name = *scanners::numbered_name(file);
    WHORL_TRY(std::vector<FingerTemplate> prints, read_prints(file, true_resolution(database)));
    prints.front().position = kFinger;
    DemoCapture capture{number * 1000 + name.number, true, std::move(prints.front())};
    if (name.impression > kEnrolledImpressions) {
      population.stream.push_back(std::move(capture));
    } else if (name.number < kFirstNewFinger) {
      population.known.push_back(std::move(capture));
    }
  }
  return {};
}

Result<> add_real(const fs::path& data, DemoPopulation& population) {
  const fs::path folder = data / "fingerprints" / "fvc2002";
  std::error_code missing;  // then the demo says that it has none
  if (data.empty() || !fs::is_directory(folder, missing)) return {};
  WHORL_TRY(const std::vector<PrintDatabase> databases, find_databases(folder));
  std::uint64_t number = 0;
  for (const PrintDatabase& database : databases) {
    WHORL_TRY_VOID(add_database(database, ++number, population));
  }
  return {};
}

void add_simulated(const DemoPlan& plan, DemoPopulation& population) {
  const scanners::Population people(plan.seed);
  const auto count = static_cast<std::uint64_t>(plan.people);
  const auto streamed = static_cast<std::uint64_t>(std::min<double>(
      kMostStreamed / 2.0, std::ceil(kStreamedShare * static_cast<double>(count))));
  const auto capture = [&](std::uint64_t person, std::uint64_t number) {
    return DemoCapture{kSimulatedPersons + person, false,
                       people.person(person).capture(kFinger, number)};
  };
  for (std::uint64_t p = 0; p < count; ++p) population.known.push_back(capture(p, 1));
  for (std::uint64_t p = 0; p < std::min(streamed, count); ++p) {
    population.stream.push_back(capture(p, 2));
  }
  for (std::uint64_t p = 0; p < streamed; ++p) {
    population.stream.push_back(capture(count + p, 1));
  }
}

void shuffle(std::vector<DemoCapture>& captures, std::uint64_t seed) {
  SeededRandom random(seed);
  for (std::size_t i = captures.size(); i > 1; --i) {
    std::swap(captures[i - 1],
              captures[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(i)))]);
  }
}

}  // namespace

Result<DemoPopulation> demo_population(const DemoPlan& plan) {
  DemoPopulation population;
  WHORL_TRY_VOID(add_real(plan.data, population));
  add_simulated(plan, population);
  shuffle(population.stream, plan.seed);
  return population;
}

fs::path default_data_folder() {
  const char* named = std::getenv("WHORL_DATA");
  return named != nullptr && *named != '\0' ? fs::path(named) : fs::path("../shared/data");
}

}  // namespace whorl::app
