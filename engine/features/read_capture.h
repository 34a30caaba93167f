#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "engine/base/units.h"
#include "engine/features/face/extract_face.h"
#include "engine/features/fingerprint/extract.h"
#include "engine/formats/images/face_images.h"

namespace whorl::features {

// Whether the bytes are a picture, or a record or transaction that carries pictures.
bool is_picture(std::span<const std::byte> bytes);
// Whether they are a record that can carry nothing but faces.
bool is_face_record(std::span<const std::byte> bytes);

// Whether a file holds pictures of faces and nothing else, as the templates read of it tell. A
// transaction is none: it may hold fingers and text, too.
bool are_pictures_of_faces(std::span<const std::byte> bytes,
                           const std::vector<Template>& templates);

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

// How pictures of faces are read.
struct FaceOptions {
  std::string model{kDefaultFaceModel};  // as find_face_model takes it
  Rivals rivals = Rivals::refuse;
};

// The main face of every picture of faces that the bytes hold (formats::read_face_images). Faults:
// those of that, of shared_face_extractor and of FaceExtractor::extract; `where` tells which
// picture of several, counted from 1.
Result<std::vector<FaceExtraction>> extract_faces(std::span<const std::byte> bytes,
                                                  const FaceOptions& options = {});

struct CaptureOptions {
  std::optional<PixelsPerInch> ppi = std::nullopt;  // of fingers; overrides what the file says
  // What is wanted of a picture or transaction. Nothing: of a bare picture a finger where one is to
  // be seen, else a face, and telling costs a picture of a face what extracting a finger would
  // have; of a transaction all fingers and faces.
  std::optional<Modality> modality = std::nullopt;
  ExtractionOptions print{};
  FaceOptions face{};
};

// What is wrong with a capture: a word for programs, and a sentence for the operator that says what
// to do (print_quality.h, face_quality.h).
struct Flaw {
  std::string_view name, text;
};
using Flaws = std::vector<Flaw>;  // of one template, most serious first
Flaws flaws_of(const PrintQuality& quality);
Flaws flaws_of(const FaceQuality& quality);

// Everything a file's bytes say of people, as templates without codes: minutiae records and the
// engine's own container as formats::read_templates gives them, pictures by extract_fingers and
// extract_faces. These templates are enrolled and searched, so a picture of nothing gives none.
// `flaws`, where given, receives a list for each template; of one that came as such it is empty.
// Faults: those of all three, and no_finger; of a bare picture that shows neither, the finger's.
Result<std::vector<Template>> read_capture(std::span<const std::byte> bytes,
                                           const CaptureOptions& options = {},
                                           std::vector<Flaws>* flaws = nullptr);

}  // namespace whorl::features
