#include "engine/app/console.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace whorl::app {

Exit exit_for(const Error& error) { return static_cast<Exit>(text_of(error.fault).blame); }
static_assert(static_cast<int>(Exit::no_match) == static_cast<int>(Blame::not_found));
static_assert(static_cast<int>(Exit::bad_usage) == static_cast<int>(Blame::usage));
static_assert(static_cast<int>(Exit::bad_input) == static_cast<int>(Blame::input));
static_assert(static_cast<int>(Exit::machine_trouble) == static_cast<int>(Blame::machine));

Json as_json(const Error& error) {
  const FaultText& text = text_of(error.fault);
  return {{"code", static_cast<int>(error.fault)},
          {"name", text.name},
          {"message", text.what},
          {"remedy", text.remedy},
          {"where", error.where},
          {"offset", error.offset}};
}

void Console::answer(const Json& facts, std::string_view text) {
  if (json) {
    // Bytes of a path that are no UTF-8 are replaced rather than thrown about.
    streams_.out << facts.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  } else {
    streams_.out << text;
    if (!text.ends_with('\n')) streams_.out << '\n';
  }
  streams_.out << std::flush;
}

void Console::part(std::string_view text) { streams_.out << text; }

Result<> Console::parts_sent() {
  streams_.out << std::flush;
  return streams_.out.good() ? Result<>{} : Result<>{whorl::fail(Fault::io_error, 0, "output")};
}

void Console::note(std::string_view what) {
  if (!json && !quiet) streams_.err << "whorl: " << what << '\n' << std::flush;
}

void Console::warn(std::string_view what) {
  streams_.err << "whorl: warning: " << what << '\n' << std::flush;
}

void Console::fail(const Error& error) {
  if (json) {
    answer(Json{{"error", as_json(error)}}, "");
  } else {
    streams_.err << "whorl: " << describe(error) << '\n' << std::flush;
  }
}

Progress Console::progress(std::string label, std::string unit, std::int64_t total) {
  const ProgressStyle style = json || quiet              ? ProgressStyle::silent
                              : streams_.err_is_terminal ? ProgressStyle::bar
                                                         : ProgressStyle::lines;
  return {streams_.err, style, clock_, std::move(label), std::move(unit), total};
}

}  // namespace whorl::app
