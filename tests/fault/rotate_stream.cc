// Puts a store under one master key after another for ever, and says which it came to; it ends by
// being killed.
//   rotate_stream FOLDER FIRST_KEY

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/gallery/gallery_samples.h"

namespace whorl::gallery {
namespace {

void run(const std::string& folder, unsigned key) {
  for (;; ++key) {
    const auto done = Store::rotate_master_key(folder, sample_key(key), sample_key(key + 1), {});
    if (!done) {
      std::fprintf(stderr, "%s\n", describe(done.error()).c_str());
      std::_Exit(2);
    }
    const std::string line = std::to_string(key + 1) + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::_Exit(3);
  }
}

}  // namespace
}  // namespace whorl::gallery

int main(int count, char** arguments) {
  if (count != 3) return 1;
  whorl::gallery::run(arguments[1], static_cast<unsigned>(std::stoul(arguments[2])));
}
