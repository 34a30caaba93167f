#pragma once

#include <vector>

#include "engine/base/byte_writer.h"
#include "engine/base/result.h"
#include "engine/features/fingerprint/extract.h"
#include "engine/formats/minutiae_record.h"

namespace whorl::app {

// The minutiae record of one picture's prints, a view each, whose frame is the picture's own: where
// no minutia was found is said too. Each has its ridge counts, where they were asked for, and its
// cores and deltas, where it has any. Faults: those of to_minutiae_record and
// encode_minutiae_record.
Result<Bytes> record_of(const std::vector<features::Extraction>& prints,
                        formats::MinutiaeFormat format);

}  // namespace whorl::app
