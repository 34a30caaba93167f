#include "engine/app/search_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "engine/app/names.h"
#include "engine/app/store_access.h"
#include "engine/app/visits.h"
#include "engine/base/limits.h"

namespace whorl::app {
namespace {

Result<> parse_birth_years(const std::string& text, index::Filter& filter) {
  if (text.empty()) return {};
  const std::size_t dash = text.find('-');
  const auto first = whole_number(text.substr(0, dash));
  const auto last = dash == std::string::npos ? first : whole_number(text.substr(dash + 1));
  if (!first || !last || *first > *last || *last > 9999 || *last == 0) {
    return fail(Fault::bad_argument, 0, "--birth-year, give 1980 or 1975-1985");
  }
  filter.birth_year_min = static_cast<std::uint16_t>(*first);
  filter.birth_year_max = static_cast<std::uint16_t>(*last);
  return {};
}

}  // namespace

void add_search_options(CLI::App& app, SearchOptions& o, LooksAmong among) {
  app.add_option("--top", o.top, "Candidates to show at most")
      ->check(CLI::Range(1, kMaxCandidates))
      ->capture_default_str();
  auto* loss =
      app.add_option("--max-loss", o.max_loss,
                     "Share of single prints' mates that may be lost before the full comparison");
  if (o.max_loss) loss->default_str(CLI::detail::to_string(*o.max_loss));
  app.add_option("--exclude", o.exclude, "Subjects to leave out: 12,99")->delimiter(',');
  if (among == LooksAmong::some) {
    app.add_option("--sex", o.sex, "Only people of this sex, and those where it is not recorded");
    app.add_option("--birth-year", o.birth_years, "Likewise: 1980, or 1975-1985");
  }
  app.add_flag("--any-finger", o.any_finger, "Compare unlike fingers too: finds swapped hands");
  app.add_option("--rotation", o.rotation, "Degrees a print may be turned: 45, or 180 for any")
      ->check(CLI::IsMember({45, 180}))
      ->capture_default_str();
}

Result<search::Query> query_of(const SearchOptions& o) {
  search::Query query;
  query.max_loss = o.max_loss.value_or(query.max_loss);
  if (!(query.max_loss > 0 && query.max_loss < 1)) {
    return fail(Fault::bad_argument, 0, "0 < --max-loss < 1");
  }
  query.max_candidates = o.top;
  query.any_finger = o.any_finger;
  query.any_rotation = o.rotation == 180;
  WHORL_TRY(const Demographics person, demographics_of(o.sex, std::nullopt));
  query.filter.sex = person.sex;
  WHORL_TRY_VOID(parse_birth_years(o.birth_years, query.filter));
  for (const std::string& id : o.exclude) {
    WHORL_TRY(const SubjectId subject, subject_from(id, "--exclude"));
    query.filter.excluded.push_back(subject);
  }
  std::ranges::sort(query.filter.excluded);
  return query;
}

}  // namespace whorl::app
