#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/base/units.h"
#include "scanners/driver.h"

namespace whorl::scanners {

// Plays template files as if they were captured now: those a manifest lists (a .csv file), or those
// of a folder; see manifest.h for both. `ppi` says the true resolution of a folder's records; a
// manifest says its own. One row is one capture, and is read when it is asked for.
//
// Opening faults are those of read_manifest and rows_of_folder; bad_argument for `ppi` beside a
// manifest. next() fails for one row with the faults of formats::read_file and read_templates, the
// path in `where`, or with bad_manifest where the file holds another modality than its row says, or
// several fingers of which none is the row's; then goes on with the next.
// `clock` outlives the driver.
Result<std::unique_ptr<Driver>> open_replay(const std::filesystem::path& source,
                                            std::optional<PixelsPerInch> ppi, const Clock& clock);

}  // namespace whorl::scanners
