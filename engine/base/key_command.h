#pragma once
// The master key from a command, so that it need not lie on a disk: docs/operations.md.

#include <string>

#include "engine/base/crypto.h"
#include "engine/base/result.h"

namespace whorl {

// Runs `command` by /bin/sh -c as it is: nothing is put into it. It prints 64 hexadecimal digits,
// white space around them ignored, and exits with 0; its standard input and error are this
// process's, so that it may ask for a password and say what is wrong. It is waited for as long as
// it takes. What it printed is wiped, and in no error; nor is the command, which may hold a secret.
// Fault::no_key, with how it ended.
Result<Key> key_from_command(const std::string& command);

// From the command where one is named, else as load_master_key(key_file) in crypto.h.
// Fault::bad_argument where a file is named as well.
Result<Key> load_master_key(const std::string& key_file, const std::string& command);

}  // namespace whorl
