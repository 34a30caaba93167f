#pragma once

#include <string>

#include "engine/app/store_access.h"

namespace whorl::app {

// What `whorl serve` was told, on the command line or in its file.
struct ServeOptions {
  std::string config;
  StoreOptions store;
  bool create = false, dev = false;
  std::string listen, certificate, private_key, authority, policy, audit, operations, log;
  std::string dev_folder = "whorl-dev";
  std::string address_file;
  int drain_seconds = 30;
};

// Declares the options on `app`.
void add_serve_options(CLI::App& app, ServeOptions& options);
// Takes from the TOML file `--config` names what the command line left out; an entry is named as
// its option, without the dashes. Then says what is still missing. Faults: io_error, bad_argument.
Result<> complete_serve_options(CLI::App& app, ServeOptions& options);

}  // namespace whorl::app
