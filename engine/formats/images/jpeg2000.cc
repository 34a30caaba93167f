// JPEG 2000 (ISO/IEC 15444-1) through OpenJPEG, which no other file includes.

#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "engine/formats/images/codecs.h"
#include "engine/formats/images/jpeg2000_outline.h"
#include "engine/formats/images/raster.h"

namespace whorl::formats {
namespace {

struct Source {
  std::span<const std::byte> bytes;
  std::size_t position = 0;
};

OPJ_SIZE_T read_bytes(void* target, OPJ_SIZE_T wanted, void* user) {
  auto& source = *static_cast<Source*>(user);
  const std::size_t count = std::min(wanted, source.bytes.size() - source.position);
  if (count == 0) return static_cast<OPJ_SIZE_T>(-1);  // the end, as OpenJPEG wants it told
  std::memcpy(target, source.bytes.data() + source.position, count);
  source.position += count;
  return count;
}
OPJ_BOOL seek_to(OPJ_OFF_T offset, void* user) {
  auto& source = *static_cast<Source*>(user);
  if (offset < 0 || static_cast<std::uint64_t>(offset) > source.bytes.size()) return OPJ_FALSE;
  source.position = static_cast<std::size_t>(offset);
  return OPJ_TRUE;
}
OPJ_OFF_T skip_bytes(OPJ_OFF_T count, void* user) {
  const auto& source = *static_cast<const Source*>(user);
  const auto target = static_cast<OPJ_OFF_T>(source.position) + count;
  return seek_to(target, user) == OPJ_TRUE ? count : -1;
}

void say_nothing(const char* /*text*/, void* /*user*/) {}

struct StreamCloser {
  void operator()(opj_stream_t* stream) const { opj_stream_destroy(stream); }
};
struct CodecCloser {
  void operator()(opj_codec_t* codec) const { opj_destroy_codec(codec); }
};
struct PictureCloser {
  void operator()(opj_image_t* picture) const { opj_image_destroy(picture); }
};
using Stream = std::unique_ptr<opj_stream_t, StreamCloser>;
using Codec = std::unique_ptr<opj_codec_t, CodecCloser>;
using Picture = std::unique_ptr<opj_image_t, PictureCloser>;

Stream open(Source& source) {
  Stream stream(opj_stream_create(OPJ_J2K_STREAM_CHUNK_SIZE, OPJ_TRUE));
  if (stream == nullptr) return stream;
  opj_stream_set_user_data(stream.get(), &source, nullptr);
  opj_stream_set_user_data_length(stream.get(), source.bytes.size());
  opj_stream_set_read_function(stream.get(), read_bytes);
  opj_stream_set_skip_function(stream.get(), skip_bytes);
  opj_stream_set_seek_function(stream.get(), seek_to);
  return stream;
}

Result<Picture> decode(std::span<const std::byte> bytes, bool boxed) {
  Source source{bytes};
  const Stream stream = open(source);
  const Codec codec(opj_create_decompress(boxed ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K));
  if (stream == nullptr || codec == nullptr) return fail(Fault::out_of_memory);
  opj_set_info_handler(codec.get(), say_nothing, nullptr);
  opj_set_warning_handler(codec.get(), say_nothing, nullptr);
  opj_set_error_handler(codec.get(), say_nothing, nullptr);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  opj_image_t* header = nullptr;
  // Strict: a codestream whose packets end early is an error, not a picture with less detail.
  const bool begun = opj_setup_decoder(codec.get(), &parameters) == OPJ_TRUE &&
                     opj_decoder_set_strict_mode(codec.get(), OPJ_TRUE) == OPJ_TRUE &&
                     opj_read_header(stream.get(), codec.get(), &header) == OPJ_TRUE;
  Picture picture(header);
  if (!begun || opj_decode(codec.get(), stream.get(), picture.get()) != OPJ_TRUE ||
      opj_end_decompress(codec.get(), stream.get()) != OPJ_TRUE) {
    return fail(Fault::damaged_file, source.position);
  }
  return picture;
}

std::uint8_t sample_at(const opj_image_comp_t& component, std::size_t index) {
  const std::int64_t max = (std::int64_t{1} << component.prec) - 1;
  const std::int64_t middle = component.sgnd != 0 ? (max + 1) / 2 : 0;
  const std::int64_t value = std::clamp<std::int64_t>(component.data[index] + middle, 0, max);
  return to_eight_bits(static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(max));
}

struct Channels {
  std::vector<const opj_image_comp_t*> colours;
  const opj_image_comp_t* alpha = nullptr;
  bool is_premultiplied = false;
};

// The colours and the alpha that are painted; palettes are looked up already.
Result<Channels> choose_channels(const opj_image_t& picture) {
  constexpr int kOpacity = 1, kPremultiplied = 2;
  Channels channels;
  for (const auto& component : std::span(picture.comps, picture.numcomps)) {
    if (component.data == nullptr || component.w != picture.comps[0].w ||
        component.h != picture.comps[0].h || component.prec == 0 || component.prec > 16) {
      return fail(Fault::unsupported);
    }
    if (component.alpha == kOpacity || component.alpha == kPremultiplied) {
      channels.alpha = &component;
      channels.is_premultiplied = component.alpha == kPremultiplied;
    } else {
      channels.colours.push_back(&component);
    }
  }
  const bool known_space =
      picture.color_space != OPJ_CLRSPC_CMYK && picture.color_space != OPJ_CLRSPC_EYCC;
  if ((channels.colours.size() != 1 && channels.colours.size() != 3) || !known_space) {
    return fail(Fault::unsupported);
  }
  return channels;
}

Rgb colour_at(const Channels& channels, bool luma_and_chroma, std::size_t index) {
  Rgb colour{};
  for (std::size_t c = 0; c < channels.colours.size(); ++c) {
    colour[c] = sample_at(*channels.colours[c], index);
  }
  return luma_and_chroma ? rgb_of_ycc(colour[0], colour[1], colour[2]) : colour;
}

Image paint(const opj_image_t& picture, const Channels& channels) {
  const auto& first = picture.comps[0];
  const std::size_t colours = channels.colours.size();
  Image image =
      blank_image(static_cast<int>(first.w), static_cast<int>(first.h), static_cast<int>(colours));
  const bool luma_and_chroma = picture.color_space == OPJ_CLRSPC_SYCC && colours == 3;
  for (std::size_t i = 0; i * colours < image.samples.size(); ++i) {
    const Rgb colour = colour_at(channels, luma_and_chroma, i);
    const std::uint8_t alpha = channels.alpha != nullptr ? sample_at(*channels.alpha, i) : 255;
    for (std::size_t c = 0; c < colours; ++c) {
      image.samples[i * colours + c] = channels.is_premultiplied
                                           ? premultiplied_over_white(colour[c], alpha)
                                           : over_white(colour[c], alpha);
    }
  }
  return image;
}

}  // namespace

Result<Image> decode_jpeg2000(std::span<const std::byte> bytes) {
  WHORL_TRY(const Jpeg2000Outline outline, read_jpeg2000_outline(bytes));
  WHORL_TRY(const Picture picture, decode(bytes.first(outline.end), outline.boxed));
  WHORL_TRY(const Channels channels, choose_channels(*picture));
  // The outline judged the codestream's size; a picture of another would be a bug of the library.
  WHORL_TRY_VOID(check_image_size(picture->comps[0].w, picture->comps[0].h, 0));
  Image image = paint(*picture, channels);
  image.ppi = outline.ppi;
  return image;
}

}  // namespace whorl::formats
