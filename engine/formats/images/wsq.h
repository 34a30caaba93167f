#pragma once
// Wavelet scalar quantisation, the FBI's compression of fingerprints: WSQ Gray-Scale Fingerprint
// Image Compression Specification, IAFIS-IC-0110 (V3.1, 2010). docs/formats/wsq.md.

#include <cstddef>
#include <span>

#include "engine/base/byte_writer.h"
#include "engine/base/image.h"
#include "engine/base/result.h"

namespace whorl::formats {

// Faults: those of read_image.
Result<Image> decode_wsq(std::span<const std::byte> bytes);

struct WsqOptions {
  // Of the whole file; a raw picture has 8. The usual 0.75 is only an estimate in the standard's
  // encoder, whose files have 0.38 to 0.74: ours are larger and nearer to the picture.
  double bits_per_pixel = 0.75;
};

// Grey images alone; the resolution travels in an NIST comment where the image has one. Faults:
// unsupported (a colour image), out_of_range (a rate of 0 or less, or over 8), limit_exceeded.
Result<Bytes> encode_wsq(const Image& image, const WsqOptions& options = {});

}  // namespace whorl::formats
