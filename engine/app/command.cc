#include "engine/app/command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/version.h"

namespace whorl::app {
namespace {

constexpr const char* kDescription =
    "Whorl answers, for registers of tens of millions of people: has this person been enrolled "
    "before, under any name?";
constexpr const char* kFooter =
    "Start here:\n"
    "  whorl keygen master.key\n"
    "  whorl simulate --people 200 --seed 1 --out people\n"
    "  whorl enroll --store store --gallery main --create --key-file master.key \\\n"
    "    --manifest people/manifest.csv\n"
    "  whorl identify --store store --gallery main --key-file master.key people/0/1_2_2.whorl\n"
    "\n"
    "`whorl VERB --help` teaches a verb, with an example. Exit codes: 0 done or match, 1 no match "
    "or not found,\n"
    "2 bad usage, 3 bad input, 4 machine trouble. docs/command.md has it all.";

Error usage_error(const std::string& message) { return {Fault::bad_argument, 0, message}; }

// CLI11 prints help by throwing; what it would have printed goes out as the answer.
int show_help(const CLI::App& root, Console& console) {
  const std::string text = root.help();  // of the verb, where one was named
  console.answer(Json{{"help", text}}, text);
  return static_cast<int>(Exit::ok);
}

bool is_help(const CLI::ParseError& error) {
  return dynamic_cast<const CLI::CallForHelp*>(&error) != nullptr;
}

}  // namespace

int run_command(int count, const char* const* words, Console& console) {
  CLI::App root(kDescription, "whorl");
  root.footer(kFooter);
  root.require_subcommand(1);
  root.set_version_flag("--version", std::string(kEngineVersion));
  std::vector<Run> runs;
  std::vector<CLI::App*> parsers;
  for (const Verb& verb : verbs()) {
    CLI::App* options = root.add_subcommand(std::string(verb.name), std::string(verb.summary));
    options->footer(std::string(verb.teaching));
    options->add_flag("--json", console.json, "Answer with one JSON object, errors included");
    options->add_flag("--quiet", console.quiet, "No progress on standard error");
    runs.push_back(verb.declare(*options));
    parsers.push_back(options);
  }
  try {
    root.parse(count, words);
  } catch (const CLI::ParseError& error) {
    // Parsing stopped part-way: the flag may not have been reached yet.
    const std::span all(words, static_cast<std::size_t>(count));
    console.json = std::ranges::find(all, std::string_view("--json")) != all.end();
    if (is_help(error)) return show_help(root, console);
    if (dynamic_cast<const CLI::CallForVersion*>(&error) != nullptr) {
      console.answer(Json{{"version", error.what()}}, error.what());
      return static_cast<int>(Exit::ok);
    }
    console.fail(usage_error(error.what()));
    return static_cast<int>(Exit::bad_usage);
  }
  const auto chosen = std::ranges::find_if(parsers, [](CLI::App* p) { return p->parsed(); });
  const Result<Exit> done = runs.at(static_cast<std::size_t>(chosen - parsers.begin()))(console);
  if (done) return static_cast<int>(*done);
  console.fail(done.error());
  return static_cast<int>(exit_for(done.error()));
}

}  // namespace whorl::app
