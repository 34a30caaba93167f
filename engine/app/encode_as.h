#pragma once

#include <string>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/byte_writer.h"
#include "engine/base/result.h"

namespace whorl::app {

// Templates as the bytes of one file. `format` is one of format_names(). Faults: bad_argument
// (unknown format; several templates for the Whorl container, which holds one), unsupported (a
// face in a minutiae record), and those of the format's writer.
Result<Bytes> encode_as(const std::vector<Template>& templates, const std::string& format);

}  // namespace whorl::app
