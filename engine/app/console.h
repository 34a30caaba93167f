#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <ostream>
#include <string>
#include <string_view>

#include "engine/app/progress.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace whorl::app {

using Json = nlohmann::ordered_json;  // keys in the order they are written

enum class Exit : int { ok = 0, no_match = 1, bad_usage = 2, bad_input = 3, machine_trouble = 4 };
Exit exit_for(const Error& error);

// Where a verb speaks. Answers go to standard output: text for people, or with --json one JSON
// object and nothing else, errors included. Progress and warnings go to standard error, so that
// they never spoil a pipe; --quiet and --json silence progress.
class Console {
 public:
  struct Streams {
    std::ostream& out;
    std::ostream& err;
    bool err_is_terminal = false;
  };
  Console(Streams streams, const Clock& clock) : streams_(streams), clock_(clock) {}

  bool json = false;
  bool quiet = false;

  void answer(const Json& facts, std::string_view text);
  // A piece of an answer that is too long to be held; the caller sees to it that the pieces make
  // one JSON object where that is asked for.
  void part(std::string_view text);
  Result<> parts_sent();  // io_error where a piece did not get out: a full disk, a closed pipe
  // How the work goes, for a person; silenced by --quiet and --json.
  void note(std::string_view what);
  // A person should know, and the work goes on.
  void warn(std::string_view what);
  void warn(const Error& error) { warn(describe(error)); }
  // {"error": {"code": 4, "name": "out-of-range", "message", "remedy", "where", "offset"}}
  void fail(const Error& error);

  Progress progress(std::string label, std::string unit, std::int64_t total);
  const Clock& clock() const { return clock_; }

 private:
  Streams streams_;
  const Clock& clock_;
};

Json as_json(const Error& error);

}  // namespace whorl::app
