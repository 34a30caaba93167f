#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "engine/base/units.h"
#include "engine/features/fingerprint/extract.h"

namespace whorl::features {

// Whether the bytes are a picture, or a record or transaction that carries pictures.
bool is_picture(std::span<const std::byte> bytes);

// Extracts every finger that a file's pictures show, in the file's order and those of a slap from
// left to right, each with its position where the record says it or the hand tells (slap.h). `ppi`
// overrides what the file says of its resolution; `traces`, where given, receives one for each
// finger, and a file of several pictures is bad_argument then: a trace takes 100 MB. Faults: those
// of read_finger_images and extract_print; `where` tells which picture of several, counted from 1.
// One finger's fault is the whole file's: half a card enrolled unnoticed is a missed hit later.
Result<std::vector<Extraction>> extract_fingers(std::span<const std::byte> bytes,
                                                std::optional<PixelsPerInch> ppi = std::nullopt,
                                                const ExtractionOptions& options = {},
                                                std::vector<ExtractionTrace>* traces = nullptr);

// Whether a print was made of a finger at all: of a cloth, an empty platen or a face there are
// minutiae too.
bool shows_a_finger(const Extraction& extraction);

// Everything a file's bytes say of people, as templates without codes: minutiae records and the
// engine's own container as formats::read_templates gives them, pictures by extract_fingers. These
// templates are enrolled and searched, so a picture of nothing gives none. Faults: those of both,
// and no_finger.
Result<std::vector<Template>> read_capture(std::span<const std::byte> bytes,
                                           std::optional<PixelsPerInch> ppi = std::nullopt,
                                           const ExtractionOptions& options = {});

}  // namespace whorl::features
