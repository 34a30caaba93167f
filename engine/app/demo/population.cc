#include "engine/app/demo/population.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <system_error>
#include <utility>

#include "engine/app/files.h"
#include "engine/app/pair_scores.h"
#include "engine/app/workers.h"
#include "engine/base/random.h"
#include "engine/features/fingerprint/extract.h"
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

PixelsPerInch true_resolution(const PrintDatabase& database) {
  return PixelsPerInch{database.folder.filename().string().starts_with("DB2") ? 569.0 : 500.0};
}

// A capture that is still to be made a template; many are made side by side.
struct Pending {
  std::uint64_t person = 0;
  bool real = false, streamed = false;
  std::function<Result<FingerTemplate>()> make;
};

void add_database(const PrintDatabase& database, std::uint64_t number,
                  std::vector<Pending>& pending) {
  const PixelsPerInch ppi = true_resolution(database);
  for (const fs::path& file : database.files) {
    const scanners::NumberedName name = *print_name(file);
    const bool streamed = name.impression > kEnrolledImpressions;
    if (!streamed && name.number >= kFirstNewFinger) continue;
    const auto make = [file, ppi]() -> Result<FingerTemplate> {
      WHORL_TRY(std::vector<FingerTemplate> prints, read_prints(file, ppi));
      prints.front().position = kFinger;
      return std::move(prints.front());
    };
    pending.push_back({number * 1000 + name.number, true, streamed, make});
  }
}

Result<> add_real(const fs::path& data, std::vector<Pending>& pending) {
  const fs::path folder = data / "fingerprints" / "fvc2002";
  std::error_code missing;  // then the demo says that it has none
  if (data.empty() || !fs::is_directory(folder, missing)) return {};
  WHORL_TRY(const std::vector<PrintDatabase> databases,
            find_databases(folder, PrintSource::images));
  std::uint64_t number = 0;
  for (const PrintDatabase& database : databases) add_database(database, ++number, pending);
  return {};
}

// The picture of a capture, extracted. A finger that leaves no readable print is pressed again.
Result<FingerTemplate> from_picture(const scanners::Person& person, std::uint64_t number) {
  constexpr std::uint64_t kNextTry = 1000;
  for (int tries = 0;; ++tries, number += kNextTry) {
    auto extraction = features::extract_print(person.capture_image(kFinger, number));
    if (!extraction && tries < 2) continue;
    WHORL_TRY(features::Extraction read, std::move(extraction));
    read.print.position = kFinger;
    return std::move(read.print);
  }
}

void add_simulated(const DemoPlan& plan, std::vector<Pending>& pending) {
  const scanners::Population people(plan.seed);
  const auto count = static_cast<std::uint64_t>(plan.people);
  const auto streamed = static_cast<std::uint64_t>(std::min<double>(
      kMostStreamed / 2.0, std::ceil(kStreamedShare * static_cast<double>(count))));
  const auto add = [&](std::uint64_t index, std::uint64_t number, bool is_streamed) {
    const scanners::Person person = people.person(index);
    const bool pictured = is_streamed || index < streamed;
    pending.push_back({kSimulatedPersons + index, false, is_streamed,
                       [person, number, pictured]() -> Result<FingerTemplate> {
                         if (pictured) return from_picture(person, number);
                         return person.capture(kFinger, number);
                       }});
  };
  for (std::uint64_t p = 0; p < count; ++p) add(p, 1, false);
  for (std::uint64_t p = 0; p < std::min(streamed, count); ++p) add(p, 2, true);
  for (std::uint64_t p = 0; p < streamed; ++p) add(count + p, 1, true);
}

void shuffle(std::vector<DemoCapture>& captures, std::uint64_t seed) {
  SeededRandom random(seed);
  for (std::size_t i = captures.size(); i > 1; --i) {
    std::swap(captures[i - 1],
              captures[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(i)))]);
  }
}

}  // namespace

Result<DemoPopulation> demo_population(const DemoPlan& plan, Console& console) {
  std::vector<Pending> pending;
  WHORL_TRY_VOID(add_real(plan.data, pending));
  add_simulated(plan, pending);
  std::vector<Result<FingerTemplate>> made(pending.size());
  Progress progress = console.progress("capture", "prints", std::ssize(pending));
  share_out(std::ssize(pending), progress, [&] {
    return [&](std::int64_t i) {
      const auto capture = static_cast<std::size_t>(i);
      made[capture] = pending[capture].make();
    };
  });
  DemoPopulation population;
  for (std::size_t i = 0; i < pending.size(); ++i) {
    WHORL_TRY(FingerTemplate print, std::move(made[i]));
    auto& captures = pending[i].streamed ? population.stream : population.known;
    captures.push_back({pending[i].person, pending[i].real, std::move(print)});
  }
  shuffle(population.stream, plan.seed);
  return population;
}

fs::path default_data_folder() {
  const char* named = std::getenv("WHORL_DATA");
  return named != nullptr && *named != '\0' ? fs::path(named) : fs::path("../shared/data");
}

}  // namespace whorl::app
