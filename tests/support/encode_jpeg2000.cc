#include <openjpeg.h>

#include <algorithm>

#include "kernels/core.h"
#include "tests/support/encode_images.h"
#include "tests/support/memory_file.h"

namespace whorl::test {
namespace {

void set_jpeg2000_samples(opj_image_t& picture, const Samples& samples, bool is_signed) {
  const int middle = is_signed ? 1 << (samples.bits - 1) : 0;
  for (int y = 0; y < samples.height_px; ++y) {
    for (int x = 0; x < samples.width_px; ++x) {
      for (int c = 0; c < samples.channels; ++c) {
        picture.comps[c].data[y * samples.width_px + x] = samples.at(x, y, c) - middle;
      }
    }
  }
}

// Puts boxes at the end of the 'jp2h' box, whose length grows with them.
Bytes with_boxes(const Bytes& file, const std::vector<Bytes>& boxes) {
  const auto type = as_bytes("jp2h");
  const auto found = std::search(file.begin(), file.end(), type.begin(), type.end());
  WHORL_CHECK(found != file.end());
  const auto length_at = static_cast<std::size_t>(found - file.begin()) - 4;
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    length = length << 8U | std::to_integer<std::size_t>(file[length_at + i]);
  }
  ByteWriter out;
  out.bytes(std::span(file).first(length_at + length));
  for (const Bytes& box : boxes) out.bytes(box);
  out.patch_u32(length_at, out.size() - length_at);
  out.bytes(std::span(file).subspan(length_at + length));
  return out.take();
}

}  // namespace

Bytes encode_jpeg2000(const Samples& samples, const Jpeg2000Options& options) {
  std::vector<opj_image_cmptparm_t> components(static_cast<std::size_t>(samples.channels));
  for (auto& component : components) {
    component = {};
    component.dx = component.dy = 1;
    component.w = static_cast<OPJ_UINT32>(samples.width_px);
    component.h = static_cast<OPJ_UINT32>(samples.height_px);
    component.prec = static_cast<OPJ_UINT32>(samples.bits);
    component.sgnd = options.is_signed ? 1 : 0;
  }
  const OPJ_COLOR_SPACE space = options.luma_and_chroma ? OPJ_CLRSPC_SYCC
                                : samples.channels >= 3 ? OPJ_CLRSPC_SRGB
                                                        : OPJ_CLRSPC_GRAY;
  opj_image_t* picture =
      opj_image_create(static_cast<OPJ_UINT32>(samples.channels), components.data(), space);
  picture->x1 = static_cast<OPJ_UINT32>(samples.width_px);
  picture->y1 = static_cast<OPJ_UINT32>(samples.height_px);
  if (options.alpha) picture->comps[samples.channels - 1].alpha = 1;
  set_jpeg2000_samples(*picture, samples, options.is_signed);

  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.tcp_numlayers = options.layers;
  for (int i = 0; i < options.layers; ++i) {
    parameters.tcp_rates[i] = static_cast<float>(options.layers - i - 1) * 10;  // 0: lossless
  }
  parameters.cp_disto_alloc = 1;
  int side_px = std::min(samples.width_px, samples.height_px);
  if (options.tile_px > 0) side_px = std::min(side_px, options.tile_px);
  for (parameters.numresolution = 1; parameters.numresolution < 6 && side_px > 1; side_px /= 2) {
    ++parameters.numresolution;
  }
  if (options.tile_px > 0) {
    parameters.tile_size_on = OPJ_TRUE;
    parameters.cp_tdx = parameters.cp_tdy = options.tile_px;
  }
  opj_codec_t* codec = opj_create_compress(options.boxed ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K);
  MemoryFile file;
  opj_stream_t* stream = opj_stream_create(OPJ_J2K_STREAM_CHUNK_SIZE, OPJ_FALSE);
  opj_stream_set_user_data(stream, &file, nullptr);
  opj_stream_set_write_function(
      stream, [](void* data, OPJ_SIZE_T n, void* f) { return file_of(f).write(data, n), n; });
  opj_stream_set_seek_function(stream, [](OPJ_OFF_T to, void* f) -> OPJ_BOOL {
    file_of(f).position = static_cast<std::size_t>(to);
    return OPJ_TRUE;
  });
  opj_stream_set_skip_function(stream, [](OPJ_OFF_T n, void* f) {
    file_of(f).position += static_cast<std::size_t>(n);
    return n;
  });
  WHORL_CHECK(opj_setup_encoder(codec, &parameters, picture) == OPJ_TRUE);
  WHORL_CHECK(opj_start_compress(codec, picture, stream) == OPJ_TRUE);
  WHORL_CHECK(opj_encode(codec, stream) == OPJ_TRUE);
  WHORL_CHECK(opj_end_compress(codec, stream) == OPJ_TRUE);
  opj_stream_destroy(stream);
  opj_destroy_codec(codec);
  opj_image_destroy(picture);
  return options.boxes.empty() ? file.take() : with_boxes(file.take(), options.boxes);
}

Bytes jpeg2000_box(std::string_view type, std::span<const std::byte> content) {
  ByteWriter out;
  out.u32(8 + content.size());
  out.text(type);
  out.bytes(content);
  return out.take();
}

Bytes jpeg2000_resolution(std::string_view kind, int x_per_metre, int y_per_metre) {
  ByteWriter out;
  out.u16(static_cast<unsigned>(y_per_metre));
  out.u16(1);
  out.u16(static_cast<unsigned>(x_per_metre));
  out.u16(1);
  out.u16(0);  // powers of ten
  return jpeg2000_box("res ", jpeg2000_box(kind, out.view()));
}

}  // namespace whorl::test
