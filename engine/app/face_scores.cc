#include "engine/app/face_scores.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "engine/app/face_pictures.h"
#include "engine/app/words.h"
#include "engine/features/face/extract_face.h"

namespace whorl::app {
namespace {

namespace fs = std::filesystem;

constexpr double kRefused = -1;  // no cosine of two pictures is as low

std::string name_of(const FacePicture& picture) {
  const std::string stem = picture.file.stem().string();
  return stem.starts_with(picture.person + "_") ? stem : picture.person + "_" + stem;
}

std::string database_name(const fs::path& folder) {
  const fs::path plain = folder.lexically_normal();
  return (plain.has_filename() ? plain : plain.parent_path()).filename().string();
}

}  // namespace

Result<FaceScores> score_faces(const std::string& folder, const std::string& model,
                               Console& console) {
  WHORL_TRY(const auto extractor, features::shared_face_extractor(model));
  WHORL_TRY(const std::vector<FacePicture> pictures, find_face_pictures(folder));
  if (pictures.size() > kMaxFacesScored) return fail(Fault::limit_exceeded, 0, folder);
  Progress extraction = console.progress("extract", "pictures", std::ssize(pictures));
  const auto faces = describe_faces(pictures, *extractor, extraction);
  FaceScores all;
  all.scores.name = database_name(folder);
  all.files = std::ssize(pictures);
  for (const Result<DescribedFace>& face : faces) {
    if (face) continue;
    console.warn("scored -1: " + describe(face.error()));
    ++all.unreadable;
  }
  all.pairs = all.files * (all.files - 1) / 2;
  Progress comparison = console.progress("compare", "pictures", all.files);
  for (std::size_t probe = 0; probe < faces.size(); ++probe) {
    const std::string head = all.scores.name + "," + name_of(pictures[probe]) + ",";
    for (std::size_t other = probe + 1; other < faces.size(); ++other) {
      const bool compared = faces[probe] && faces[other];
      const double score = compared ? cosine(*faces[probe], *faces[other]) : kRefused;
      const bool mated = pictures[probe].person == pictures[other].person;
      (mated ? all.scores.genuine : all.scores.impostor).push_back(score);
      all.csv +=
          head + name_of(pictures[other]) + "," + (compared ? rounded(score, 4) : "-1") + "\n";
    }
    comparison.at(static_cast<std::int64_t>(probe + 1));
  }
  comparison.finish();
  return all;
}

}  // namespace whorl::app
