// How often a page or a picture says something.
#pragma once

#include <string_view>

namespace whorl::app {

inline int count_of(std::string_view text, std::string_view part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

}  // namespace whorl::app
