#include "engine/formats/images/wsq_encoder.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "engine/formats/images/raster.h"
#include "engine/formats/images/wsq_bands.h"
#include "engine/formats/images/wsq_blocks.h"
#include "engine/formats/images/wsq_quantiser.h"
#include "engine/formats/images/wsq_wavelet.h"

namespace whorl::formats {
namespace {

using namespace wsq;  // NOLINT: the parts of this very codec

constexpr double kMaxBitsPerPixel = 8;
constexpr double kHalfRange = 128;  // samples are brought to -128 .. 128
// The standard's estimate is far off: sample files asked for 0.75 bits a pixel have 0.38 .. 0.74. A
// search ends this near below the rate.
constexpr double kRateTolerance = 0.005;
constexpr int kMaxTrials = 12;
// All but blocks and their tables: the filters, the bins, the frame and NIST's comment.
constexpr double kHeaderBits = 8 * 610;
// What the search asks of the estimate: from one bit in a thousand pixels to far beyond 8 a pixel,
// where the narrowest bin is reached.
constexpr double kLeastAsked = -4, kMostAsked = 16;

Frame frame_of(const Image& image) {
  const auto [least, most] = std::minmax_element(image.samples.begin(), image.samples.end());
  const double mean = std::accumulate(image.samples.begin(), image.samples.end(), 0.0) /
                      static_cast<double>(image.samples.size());
  Frame frame;
  frame.width_px = image.width_px;
  frame.height_px = image.height_px;
  frame.middle = as_stored(mean);
  const double scale = std::max(mean - *least, *most - mean) / kHalfRange;
  frame.scale = scale > 0 ? as_stored(scale) : 1.0F;
  return frame;
}

// From here on plane 0 holds the samples.
void load(const Image& image, const Frame& frame, Planes& planes) {
  const std::uint8_t* sample = image.samples.data();
  for (int y = 0; y < image.height_px; ++y) {
    float* const row = planes.row(0, y);
    for (int x = 0; x < image.width_px; ++x) row[x] = (*sample++ - frame.middle) / frame.scale;
  }
}

class RateSearch {
 public:
  RateSearch(const BandTree& tree, const Planes& planes, int restart_interval)
      : tree_(tree),
        planes_(planes),
        restart_interval_(restart_interval),
        variances_(band_variances(tree, planes)) {}

  // Fills `quantisers` and `blocks` so that the file has the most bits that do not exceed `rate`;
  // the fewest that can be where all do. Secants, held between what was too little and too much.
  // Where headers would take more than half, so would tables of the rest: there the estimate stays.
  void run(double rate, double pixels) {
    const double wanted = rate * pixels - kHeaderBits;
    if (wanted < kHeaderBits) {
      try_rate(rate);
      return;
    }
    double too_little = kLeastAsked, too_much = kMostAsked;
    double asked = rate;
    double slope = 1;  // of bits a pixel per bit a pixel asked
    double last_asked = 0, last_bits = -1;
    for (int trial = 0; trial < kMaxTrials; ++trial) {
      const double bits = try_rate(asked);
      if (bits > wanted) {
        too_much = asked;
      } else {
        too_little = asked;
        if (bits >= wanted * (1 - kRateTolerance)) return;
      }
      if (last_bits >= 0 && bits != last_bits && asked != last_asked) {
        slope = std::clamp((bits - last_bits) / (asked - last_asked) / pixels, 0.05, 2.0);
      }
      last_asked = asked;
      last_bits = bits;
      const double aim = wanted * (1 - kRateTolerance / 2);
      asked += (aim - bits) / pixels / slope;
      if (asked <= too_little || asked >= too_much) asked = (too_little + too_much) / 2;
    }
    try_rate(too_little);
  }

  const Quantisers& quantisers() const { return quantisers_; }
  const Blocks& blocks() const { return blocks_; }

 private:
  double try_rate(double asked) {
    quantisers_ = choose_quantisers(variances_, asked);
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      blocks_[i].clear();
      quantise(tree_, planes_, quantisers_, kBlockBands[i], kBlockBands[i + 1], blocks_[i]);
    }
    return static_cast<double>(BlockCoder(blocks_, restart_interval_).bits());
  }

  const BandTree& tree_;
  const Planes& planes_;
  int restart_interval_;
  Variances variances_;
  Quantisers quantisers_;
  Blocks blocks_;
};

// As NIST's encoder says it, so that its readers find the resolution.
void write_nist_comment(ByteWriter& out, const Image& image, PixelsPerInch ppi, double rate) {
  const std::string text = "NIST_COM 9\nPIX_WIDTH " + std::to_string(image.width_px) +
                           "\nPIX_HEIGHT " + std::to_string(image.height_px) +
                           "\nPIX_DEPTH 8\nPPI " + std::to_string(std::lround(ppi.value())) +
                           "\nLOSSY 1\nCOLORSPACE GRAY\nCOMPRESSION WSQ\nWSQ_BITRATE " +
                           std::to_string(rate);
  write_comment(out, text);
}

}  // namespace

Result<Bytes> wsq::encode_stream(const Image& image, const WsqOptions& options,
                                 const StreamOptions& stream) {
  if (image.channels != 1) return fail(Fault::unsupported);
  WHORL_TRY_VOID(check_writable(image));
  const double rate = options.bits_per_pixel;
  if (!(rate > 0 && rate <= kMaxBitsPerPixel)) return fail(Fault::out_of_range);

  const Frame frame = frame_of(image);
  const BandTree tree = band_tree(image.width_px, image.height_px);
  Planes planes(image.width_px, image.height_px);
  load(image, frame, planes);
  analyse(tree, stream.bank, planes);
  RateSearch search(tree, planes, stream.restart_interval);
  const auto pixels = static_cast<double>(image.samples.size());
  search.run(rate, pixels);

  ByteWriter out;
  write_marker(out, Marker::start_of_image);
  if (image.ppi) write_nist_comment(out, image, *image.ppi, rate);
  write_bank(out, stream.bank);
  write_quantisers(out, search.quantisers());
  write_frame(out, frame);
  if (stream.restart_interval != 0) write_restart_interval(out, stream.restart_interval);
  BlockCoder(search.blocks(), stream.restart_interval).write(out);
  write_marker(out, Marker::end_of_image);
  return out.take();
}

Result<Bytes> encode_wsq(const Image& image, const WsqOptions& options) {
  return encode_stream(image, options, {});
}

}  // namespace whorl::formats
