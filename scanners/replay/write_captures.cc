#include "scanners/replay/write_captures.h"

#include "scanners/replay/capture_folder.h"

namespace whorl::scanners {

Result<Written> write_captures(Driver& driver, const std::filesystem::path& folder,
                               const WriteOptions& options) {
  WHORL_TRY(CaptureFolder out, CaptureFolder::create(folder, options.format));
  Written written;
  for (;;) {
    WHORL_TRY(const std::optional<Capture> capture, driver.next(options.stop));
    if (!capture) break;
    if (!capture->claimed) return fail(Fault::bad_argument, 0, "a capture that nobody claims");
    const CaptureOwner owner{*capture->claimed, capture->visit, capture->demographics,
                             capture->source};
    for (const Template& value : capture->templates) WHORL_TRY_VOID(out.add(owner, value));
    ++written.captures;
    if (options.progress) options.progress(written.captures);
  }
  WHORL_TRY(written.manifest, out.finish());
  return written;
}

}  // namespace whorl::scanners
