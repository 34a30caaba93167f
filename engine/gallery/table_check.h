#pragma once

#include <string>

#include "engine/base/result.h"

namespace whorl::gallery {

// RocksDB parses one block of a table file before it looks at the block's checksum: its properties.
// A flipped bit there ends the process (an assertion that Debian's build keeps). So that block is
// summed here, before RocksDB sees the file. All other damage is left to RocksDB, which tells it;
// a file that was never finished passes. Three small reads a file.
// Layout: table/format.cc and block_based_table_builder.cc of RocksDB 7.8, format version 5.
// Fault::store_corrupt with the file's name.
Result<> check_table_properties(const std::string& database_folder);

}  // namespace whorl::gallery
