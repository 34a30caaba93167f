#pragma once
// The options that name the master key which is to follow another.

#include "engine/base/master_key.h"

namespace CLI {
class App;
}

namespace whorl::app {

// --new-key-file or --new-key-command, one of them. Never the environment's: that is the old one.
void add_new_key_options(CLI::App& app, KeySource& key);

}  // namespace whorl::app
