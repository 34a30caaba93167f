#pragma once
// The options of a search, which a verb on a store and one of the client spell alike.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/search/query.h"

namespace CLI {
class App;
}

namespace whorl::app {

struct SearchOptions {
  int top = 10, rotation = 45;
  std::optional<double> max_loss = {};  // nothing: the default of who searches
  bool any_finger = false;
  std::vector<std::string> exclude = {};
  std::string sex = {}, birth_years = {};  // of those to look among
};
enum class LooksAmong : bool { all, some };  // some: --sex and --birth-year as well
void add_search_options(CLI::App& app, SearchOptions& options, LooksAmong among);

// All of the query but what it looks for, and what is a hit. Fault: bad_argument.
Result<search::Query> query_of(const SearchOptions& options);

}  // namespace whorl::app
