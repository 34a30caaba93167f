#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "engine/app/console.h"
#include "engine/base/result.h"

namespace CLI {
class App;
}

namespace whorl::app {

// What a verb does once its options are read.
using Run = std::function<Result<Exit>(Console&)>;

// One sub-command. `declare` names its options and gives back what to run with their values.
struct Verb {
  std::string_view name;
  std::string_view summary;   // one line, in `whorl --help`
  std::string_view teaching;  // under the options in `whorl VERB --help`: how, with an example
  Run (*declare)(CLI::App& options);
};

// All of them, in the order of `whorl --help`.
std::span<const Verb> verbs();

// Reads the command line, runs its verb, says what came of it; the process's exit code. The only
// place where CLI11's exceptions are caught: they are bad usage.
int run_command(int count, const char* const* words, Console& console);

}  // namespace whorl::app
