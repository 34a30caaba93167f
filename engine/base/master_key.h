#pragma once
// Where a store's master key comes from: docs/operations.md.

#include <string>

#include "engine/base/crypto.h"
#include "engine/base/result.h"

namespace whorl {

// At most one is named; with none, the environment variable WHORL_MASTER_KEY has the digits.
struct KeySource {
  std::string file;
  // For /bin/sh -c, as it is: nothing is put into it. It prints the key and exits with 0; its
  // standard input and error are this process's, so that it may ask for a password and say what is
  // wrong. It is waited for as long as it takes.
  std::string command;
};

// 64 hexadecimal digits, white space around them ignored. What was read is wiped, and in no error.
// Faults: no_key, with where it was looked for, or how the command ended; bad_argument for two.
Result<Key> load_master_key(const KeySource& source);

}  // namespace whorl
