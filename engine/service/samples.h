#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "engine/gallery/batch.h"
#include "engine/generated/whorl_generated.h"
#include "engine/service/admission.h"

namespace whorl::service {

using SampleReports = std::vector<std::unique_ptr<wire::SampleReportT>>;

// What a request's samples say of a person.
struct Captured {
  std::vector<Template> templates;         // without codes
  SampleReports reports;                   // one for each template
  std::vector<gallery::Picture> pictures;  // of faces, where they are kept
};
void add(Captured more, Captured& all);

// What a gallery wants of pictures of faces.
struct HowToRead {
  std::string face_model;      // an id
  bool keep_pictures = false;  // then one above kMaxKeptPictureBytes is limit_exceeded
};

using WireSamples = flatbuffers::Vector<flatbuffers::Offset<wire::Sample>>;

// Reads every sample: pictures are extracted, which takes tens of milliseconds each.
// Who gives up is heard between two samples. Faults: those of patience, bad_request (no sample, a
// position or modality that does not exist), limit_exceeded, and those of features::read_capture,
// with the sample's number, counted from 1, in `where`.
Result<Captured> read_samples(const WireSamples* samples, const HowToRead& how,
                              const Patience& patience);
// One of them, `number` (from 0) in its reports.
Result<Captured> read_sample(const wire::Sample& sample, std::uint32_t number,
                             const HowToRead& how);

// Of templates that are stored.
SampleReports reports_of(const std::vector<Template>& templates);

}  // namespace whorl::service
