#include "engine/service/policy.h"

namespace whorl::service {

const GalleryPolicy& Policy::gallery(std::string_view name) const {
  const auto named = galleries.find(name);
  return named == galleries.end() ? other_galleries : named->second;
}

}  // namespace whorl::service
