#include "engine/app/new_key.h"

#include <CLI/CLI.hpp>

namespace whorl::app {

void add_new_key_options(CLI::App& app, KeySource& key) {
  CLI::App* group = app.add_option_group("The new key", "One of:");
  group->require_option(1);
  group->add_option("--new-key-file", key.file, "File with the new master key");
  group->add_option("--new-key-command", key.command,
                    "Command line for /bin/sh that prints the new one's digits");
}

}  // namespace whorl::app
