#pragma once
// Folders of pictures of faces whose names say whom they show, and the vectors of those pictures.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/app/progress.h"
#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "engine/features/face/extract_face.h"

namespace whorl::app {

struct FacePicture {
  std::string person;  // one folder, or what stands before the last _ of a file's name
  std::filesystem::path file;
};

// The pictures of a folder of folders, one a person, as LFW is laid out; where it has none, the
// pictures PERSON_IMPRESSION in the folder itself. By person, then by file name, so that the first
// of a person is their first impression where numbers have leading zeros. Faults: io_error,
// not_found where there is no picture.
Result<std::vector<FacePicture>> find_face_pictures(const std::filesystem::path& folder);

struct DescribedFace {
  std::vector<float> row;  // of unit length, padded as kernels/face_dot.h takes it
  Quality quality;
};

// Each picture's main face, others beside it ignored, on as many threads as search::limit_threads
// leaves. Faults of a picture name its file: those of reading a picture and FaceExtractor::extract.
std::vector<Result<DescribedFace>> describe_faces(const std::vector<FacePicture>& pictures,
                                                  const features::FaceExtractor& extractor,
                                                  Progress& progress);

// The cosine of two described faces of one model: the same bits as FaceMatcher's.
double cosine(const DescribedFace& probe, const DescribedFace& reference);

}  // namespace whorl::app
