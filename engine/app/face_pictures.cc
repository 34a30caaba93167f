#include "engine/app/face_pictures.h"

#include <algorithm>
#include <system_error>
#include <tuple>

#include "engine/app/workers.h"
#include "engine/formats/file_io.h"
#include "engine/formats/images/read_image.h"
#include "engine/matchers/face_matcher.h"
#include "kernels/backend.h"
#include "scanners/replay/capture_file.h"

namespace whorl::app {
namespace {

namespace fs = std::filesystem;

Result<std::vector<fs::path>> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code trouble;
  for (fs::directory_iterator entry(folder, trouble), end; !trouble && entry != end;
       entry.increment(trouble)) {
    entries.push_back(entry->path());
  }
  if (trouble) return fail(Fault::io_error, 0, folder.string() + " (" + trouble.message() + ")");
  return entries;
}

// PERSON_IMPRESSION; nothing for other names.
std::string person_of(const fs::path& file) {
  const std::string stem = file.stem().string();
  const std::size_t gap = stem.rfind('_');
  return gap == std::string::npos ? std::string() : stem.substr(0, gap);
}

Result<DescribedFace> describe_face(const fs::path& file,
                                    const features::FaceExtractor& extractor) {
  WHORL_TRY(const Bytes bytes, formats::read_file(file, kMaxImageFileBytes));
  WHORL_TRY(const Image picture, formats::read_image(bytes));
  WHORL_TRY(const auto extraction, extractor.extract(picture, features::Rivals::ignore));
  WHORL_TRY(std::vector<float> row, matchers::unit_vector(extraction.face));
  return DescribedFace{std::move(row), extraction.face.quality};
}

}  // namespace

Result<std::vector<FacePicture>> find_face_pictures(const fs::path& folder) {
  WHORL_TRY(const std::vector<fs::path> entries, entries_of(folder));
  std::vector<FacePicture> in_folders, here;
  for (const fs::path& entry : entries) {
    std::error_code unreadable;  // an entry that vanished is no folder
    if (fs::is_directory(entry, unreadable)) {
      WHORL_TRY(const std::vector<fs::path> files, entries_of(entry));
      for (const fs::path& file : files) {
        if (scanners::has_image_ending(file)) {
          in_folders.push_back({entry.filename().string(), file});
        }
      }
    } else if (scanners::has_image_ending(entry) && !person_of(entry).empty()) {
      here.push_back({person_of(entry), entry});
    }
  }
  std::vector<FacePicture> pictures = std::move(in_folders.empty() ? here : in_folders);
  if (pictures.empty()) {
    return fail(
        Fault::not_found, 0,
        folder.string() + ", no pictures in a folder for each person, or PERSON_IMPRESSION");
  }
  std::ranges::sort(pictures, {}, [](const FacePicture& p) {
    return std::tuple(p.person, p.file.filename().string());
  });
  return pictures;
}

std::vector<Result<DescribedFace>> describe_faces(const std::vector<FacePicture>& pictures,
                                                  const features::FaceExtractor& extractor,
                                                  Progress& progress) {
  std::vector<Result<DescribedFace>> faces(pictures.size());
  share_out(std::ssize(pictures), progress, [&] {
    return [&](std::int64_t i) {
      const auto picture = static_cast<std::size_t>(i);
      const fs::path& file = pictures[picture].file;
      Result<DescribedFace> face = describe_face(file, extractor);
      faces[picture] = std::move(face);
      if (!faces[picture]) faces[picture] = at(faces[picture].error(), file.string());
    };
  });
  return faces;
}

double cosine(const DescribedFace& probe, const DescribedFace& reference) {
  static const kernels::FaceDot kDot = kernels::face_dot(kernels::best_backend());
  float dot = 0;
  kDot(probe.row.data(), {reference.row.data(), 1, std::ssize(reference.row)}, &dot);
  return dot;
}

}  // namespace whorl::app
