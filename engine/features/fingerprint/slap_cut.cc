#include "engine/features/fingerprint/slap_cut.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace whorl::features {
namespace {

constexpr int kPaperStep = 7;         // pixels passed over for each that is asked
constexpr double kPaperShare = 0.75;  // of pixels darker than paper

std::uint8_t paper_of(const Image& image) {
  std::array<std::int64_t, 256> counts{};
  std::int64_t all = 0;
  for (std::size_t i = 0; i < image.samples.size(); i += kPaperStep, ++all) {
    ++counts[image.samples[i]];
  }
  std::int64_t below = 0;
  for (std::size_t level = 0; level < counts.size(); ++level) {
    below += counts[level];
    if (static_cast<double>(below) > kPaperShare * static_cast<double>(all)) {
      return static_cast<std::uint8_t>(level);
    }
  }
  return 255;
}

class Reader {
 public:
  explicit Reader(const Image& image) : image_(image), paper_(paper_of(image)) {}
  // Between four pixels, of which those outside are paper.
  std::uint8_t at(double x, double y, int channel) const {
    const int left = static_cast<int>(std::floor(x)), top = static_cast<int>(std::floor(y));
    const double dx = x - left, dy = y - top;
    const double above = pixel(left, top, channel) * (1 - dx) + pixel(left + 1, top, channel) * dx;
    const double below =
        pixel(left, top + 1, channel) * (1 - dx) + pixel(left + 1, top + 1, channel) * dx;
    return static_cast<std::uint8_t>(above * (1 - dy) + below * dy + 0.5);
  }

 private:
  double pixel(int x, int y, int channel) const {
    if (x < 0 || y < 0 || x >= image_.width_px || y >= image_.height_px) return paper_;
    const auto place = static_cast<std::size_t>(y) * static_cast<std::size_t>(image_.width_px) +
                       static_cast<std::size_t>(x);
    return image_.samples[place * static_cast<std::size_t>(image_.channels) +
                          static_cast<std::size_t>(channel)];
  }

  const Image& image_;
  std::uint8_t paper_;
};

}  // namespace

Image cut_out(const Image& slap, const LeaningBox& box) {
  Image out;
  out.width_px = std::max(1, static_cast<int>(std::lround(box.width_px)));
  out.height_px = std::max(1, static_cast<int>(std::lround(box.height_px)));
  out.channels = slap.channels;
  out.ppi = slap.ppi;
  out.samples.reserve(static_cast<std::size_t>(out.width_px) *
                      static_cast<std::size_t>(out.height_px) *
                      static_cast<std::size_t>(out.channels));
  const double lean = static_cast<double>(box.lean_degrees) * std::numbers::pi / 180;
  const double cosine = std::cos(lean), sine = std::sin(lean);
  const bool upright = box.lean_degrees == 0;
  // Of the corner pixel's middle; for an upright box a whole pixel.
  const double right = -0.5 * (out.width_px - 1), down = -0.5 * (out.height_px - 1);
  double x0 = static_cast<double>(box.centre_x_px) - 0.5 + cosine * right - sine * down;
  double y0 = static_cast<double>(box.centre_y_px) - 0.5 + sine * right + cosine * down;
  if (upright) x0 = std::round(x0), y0 = std::round(y0);
  const Reader reader(slap);
  for (int y = 0; y < out.height_px; ++y) {
    for (int x = 0; x < out.width_px; ++x) {
      for (int c = 0; c < out.channels; ++c) {
        out.samples.push_back(reader.at(x0 + cosine * x - sine * y, y0 + sine * x + cosine * y, c));
      }
    }
  }
  return out;
}

}  // namespace whorl::features
