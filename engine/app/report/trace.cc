#include "engine/app/report/trace.h"

#include "engine/app/files.h"
#include "engine/app/names.h"
#include "engine/app/report/minutiae_picture.h"
#include "engine/app/report/page.h"
#include "engine/matchers/finger_matcher.h"

namespace whorl::app {
namespace {

std::string head(const std::string& name, const FingerTemplate& print) {
  const std::string file = std::filesystem::path(name).filename().string();
  if (print.position == FingerPosition::unknown) return file;
  return file + ", " + std::string(name_of(print.position));
}

}  // namespace

Result<> check_trace_name(const std::filesystem::path& path) {
  const std::string ending = path.extension().string();
  if (ending == ".svg" || ending == ".html") return {};
  return fail(Fault::bad_argument, 0, "--trace, give FILE.html or FILE.svg");
}

Result<> write_trace(const std::filesystem::path& path, const Explained& c) {
  WHORL_TRY_VOID(check_trace_name(path));
  const auto* probe = std::get_if<FingerTemplate>(&c.probe);
  const auto* reference = std::get_if<FingerTemplate>(&c.reference);
  if (probe == nullptr || reference == nullptr) {
    return fail(Fault::bad_argument, 0, "--trace draws fingerprints, and this is a face");
  }
  matchers::FingerMatcher matcher;
  const std::string first = head(c.probe_name, *probe), second = head(c.reference_name, *reference);
  const Svg picture = minutiae_picture(*probe, *reference, matcher.explain(*probe, *reference),
                                       {first, second, c.value});
  if (path.extension() == ".svg") return write_file(path, picture.document());
  Page page("One comparison");
  page.figure(picture,
              "Left and middle: the two prints' minutiae, corresponding ones joined. Right: the "
              "left print laid on the middle one by the rigid motion that fits best; what bends "
              "away from it is skin.");
  return write_file(path, page.html());
}

}  // namespace whorl::app
