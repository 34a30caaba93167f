#pragma once

#include <string>

#include "engine/base/result.h"

namespace whorl::gallery {

// Folders, with the file system's refusals as faults: disk_full, io_error.
bool exists(const std::string& path);
bool is_absent_or_empty(const std::string& folder);
Result<> make_folder(const std::string& folder);    // with its parents; an existing one is no fault
Result<> remove_folder(const std::string& folder);  // with all in it; a missing one is no fault
Result<> rename_durably(const std::string& from, const std::string& to);

// Whether a file of so many bytes can be written and synced in the folder just now.
Result<> probe_room(const std::string& folder, std::size_t bytes);

}  // namespace whorl::gallery
