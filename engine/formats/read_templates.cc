#include "engine/formats/read_templates.h"

#include <iterator>

#include "engine/formats/finger_templates.h"
#include "engine/formats/minutiae_record.h"
#include "engine/formats/template_container.h"
#include "engine/formats/tidy_minutiae.h"

namespace whorl::formats {
namespace {

// Codes describe a minutia by its neighbours: where one of them goes, they are made again.
void tidy(FingerTemplate& print) {
  if (tidy_minutiae(print.minutiae) == TidyLosses{}) return;
  print.codes.clear();
  print.code_version = 0;
}

}  // namespace

Result<std::vector<Template>> read_templates(std::span<const std::byte> bytes,
                                             std::optional<PixelsPerInch> ppi) {
  std::vector<Template> templates;
  if (is_template_container(bytes)) {
    auto value = decode_template(bytes);
    if (!value) {
      // In the store a wrong checksum means the disk's fault; in a file somebody brought, the
      // file's.
      if (value.error().fault == Fault::bad_checksum) value.error().fault = Fault::damaged_file;
      return tl::unexpected<Error>(std::move(value).error());
    }
    if (auto* print = std::get_if<FingerTemplate>(&*value)) tidy(*print);
    templates.push_back(std::move(*value));
    return templates;
  }
  WHORL_TRY(const MinutiaeRecord record, decode_minutiae_record(bytes));
  WHORL_TRY(ConvertedRecord converted, to_finger_templates(record, ppi));
  templates.assign(std::move_iterator(converted.templates.begin()),
                   std::move_iterator(converted.templates.end()));
  return templates;
}

}  // namespace whorl::formats
