#include "engine/app/encode_as.h"

#include "engine/app/names.h"
#include "engine/formats/finger_templates.h"
#include "engine/formats/minutiae_record.h"
#include "engine/formats/template_container.h"

namespace whorl::app {
namespace {

Result<Bytes> as_record(const std::vector<Template>& templates, formats::MinutiaeFormat format) {
  std::vector<FingerTemplate> prints;
  for (const Template& t : templates) {
    const auto* print = std::get_if<FingerTemplate>(&t);
    if (print == nullptr) {
      return fail(Fault::unsupported, 0, "a face has no minutiae; use --format whorl");
    }
    prints.push_back(*print);
  }
  WHORL_TRY(const formats::MinutiaeRecord record, formats::to_minutiae_record(prints, format));
  return formats::encode_minutiae_record(record);
}

}  // namespace

Result<Bytes> encode_as(const std::vector<Template>& templates, const std::string& format) {
  if (format != kWhorlFormat) {
    const auto record_format = format_from_name(format);
    if (!record_format) return fail(Fault::bad_argument, 0, "--format, one of " + format_names());
    return as_record(templates, *record_format);
  }
  if (templates.size() != 1) {
    return fail(Fault::bad_argument, 0,
                "a Whorl template file holds one view, and these are " +
                    std::to_string(templates.size()) + "; choose one with --view");
  }
  return formats::encode_template(templates.front());
}

}  // namespace whorl::app
