#include "engine/service/samples.h"

#include <cmath>
#include <iterator>
#include <string>
#include <utility>

#include "engine/base/limits.h"
#include "engine/features/read_capture.h"

namespace whorl::service {
namespace {

std::unique_ptr<wire::SampleReportT> report_of(const Template& t, std::uint32_t sample) {
  auto report = std::make_unique<wire::SampleReportT>();
  report->sample = sample;
  if (const auto* finger = std::get_if<FingerTemplate>(&t)) {
    report->modality = wire::Modality::finger;
    report->position = static_cast<std::uint8_t>(finger->position);
    report->quality = finger->quality.value;
    report->minutiae = static_cast<std::uint32_t>(finger->minutiae.size());
  } else {
    report->modality = wire::Modality::face;
    report->quality = std::get<FaceTemplate>(t).quality.value;
  }
  return report;
}

Result<features::CaptureOptions> options_of(const wire::Sample& sample, const HowToRead& how) {
  features::CaptureOptions options;
  options.face.model = how.face_model;
  if (sample.ppi() != 0) {
    if (!(sample.ppi() >= kMinPixelsPerInch && sample.ppi() <= kMaxPixelsPerInch)) {
      return fail(Fault::bad_resolution, 0, "ppi");
    }
    options.ppi = PixelsPerInch{sample.ppi()};
  }
  switch (sample.modality()) {
    case wire::Modality::unknown:
      break;
    case wire::Modality::finger:
      options.modality = Modality::finger;
      break;
    case wire::Modality::face:
      options.modality = Modality::face;
      break;
    default:
      return fail(Fault::bad_request, 0, "modality");
  }
  return options;
}

// A bare picture does not say whose finger it shows; a record's own word counts more.
Result<> place(std::vector<Template>& templates, int position) {
  if (position == 0) return {};
  if (position >= kFingerPositions) return fail(Fault::bad_request, 0, "position");
  if (templates.size() != 1) return {};
  auto* finger = std::get_if<FingerTemplate>(&templates.front());
  if (finger != nullptr && finger->position == FingerPosition::unknown) {
    finger->position = static_cast<FingerPosition>(position);
  }
  return {};
}

Result<Captured> read(const wire::Sample& sample, std::uint32_t number, const HowToRead& how) {
  const auto* bytes = sample.bytes();
  if (bytes == nullptr || bytes->size() == 0) return fail(Fault::empty_input);
  WHORL_TRY(const features::CaptureOptions options, options_of(sample, how));
  Captured captured;
  std::vector<features::Flaws> flaws;
  const auto file = std::as_bytes(std::span(bytes->data(), bytes->size()));
  WHORL_TRY(captured.templates, features::read_capture(file, options, &flaws));
  if (how.keep_pictures && features::are_pictures_of_faces(file, captured.templates)) {
    if (file.size() > kMaxKeptPictureBytes) return fail(Fault::limit_exceeded, 0, "kept picture");
    captured.pictures.push_back(
        {0, static_cast<std::uint8_t>(captured.templates.size()), Bytes(file.begin(), file.end())});
  }
  WHORL_TRY_VOID(place(captured.templates, sample.position()));
  for (std::size_t i = 0; i < captured.templates.size(); ++i) {
    captured.reports.push_back(report_of(captured.templates[i], number));
    for (const features::Flaw& flaw : flaws.at(i)) {
      captured.reports.back()->flaws.emplace_back(flaw.text);
    }
  }
  return captured;
}

}  // namespace

void add(Captured more, Captured& all) {
  for (gallery::Picture& picture : more.pictures) {
    picture.first_template += static_cast<std::uint8_t>(all.templates.size());
    all.pictures.push_back(std::move(picture));
  }
  std::move(more.templates.begin(), more.templates.end(), std::back_inserter(all.templates));
  std::move(more.reports.begin(), more.reports.end(), std::back_inserter(all.reports));
}

Result<Captured> read_sample(const wire::Sample& sample, std::uint32_t number,
                             const HowToRead& how) {
  auto captured = read(sample, number, how);
  if (captured) return captured;
  Error error = std::move(captured).error();
  error.where =
      "sample " + std::to_string(number + 1) + (error.where.empty() ? "" : ", ") + error.where;
  return tl::unexpected<Error>(std::move(error));
}

Result<Captured> read_samples(const WireSamples* samples, const HowToRead& how,
                              const Patience& patience) {
  if (samples == nullptr || samples->size() == 0) return fail(Fault::bad_request, 0, "samples");
  if (samples->size() > static_cast<std::size_t>(kMaxTemplatesPerEncounter)) {
    return fail(Fault::limit_exceeded, 0, "samples");
  }
  Captured all;
  for (std::uint32_t i = 0; i < samples->size(); ++i) {
    WHORL_TRY_VOID(patience.check());
    WHORL_TRY(Captured one, read_sample(*samples->Get(i), i, how));
    if (std::ssize(all.templates) + std::ssize(one.templates) > kMaxTemplatesPerEncounter) {
      return fail(Fault::limit_exceeded, 0, "samples");
    }
    add(std::move(one), all);
  }
  return all;
}

SampleReports reports_of(const std::vector<Template>& templates) {
  SampleReports reports;
  for (std::size_t i = 0; i < templates.size(); ++i) {
    reports.push_back(report_of(templates[i], static_cast<std::uint32_t>(i)));
  }
  return reports;
}

}  // namespace whorl::service
