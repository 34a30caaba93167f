#pragma once
// The encoder with what the standard leaves open: encode_wsq (wsq.h) has its usual choice.

#include "engine/formats/images/wsq.h"
#include "engine/formats/images/wsq_segments.h"

namespace whorl::formats::wsq {

struct StreamOptions {
  FilterBank bank = standard_bank();
  int restart_interval = 0;  // coefficients from one restart to the next; 0 for no restarts
};

Result<Bytes> encode_stream(const Image& image, const WsqOptions& options,
                            const StreamOptions& stream);

}  // namespace whorl::formats::wsq
