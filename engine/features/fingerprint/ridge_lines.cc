#include "engine/features/fingerprint/ridge_lines.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "engine/features/fingerprint/ridge_image.h"

namespace whorl::features {
namespace {

// Lengths in pixels: a ridge period is 9.
constexpr int kSpur = 9, kBridge = 10, kPiece = 14, kLake = 14;
const float kOffFlow = std::cos(2 * 40.0F * 3.14159265F / 180);  // 40 degrees, as a double angle

bool is_set(const Bitmap& skeleton, Pixel at, int neighbour) {
  const Pixel& step = kAround[static_cast<std::size_t>(neighbour & 7)];
  return skeleton.at(at.x + step.x, at.y + step.y) != 0;
}

std::vector<Pixel> where_crossing(const Bitmap& skeleton, bool endings) {
  std::vector<Pixel> all;
  for (int y = 1; y + 1 < skeleton.height(); ++y) {
    for (int x = 1; x + 1 < skeleton.width(); ++x) {
      if (skeleton.at(x, y) == 0) continue;
      const int n = crossing_number(skeleton, {x, y});
      if (endings ? n == 1 : n >= 3) all.push_back({x, y});
    }
  }
  return all;
}

void erase(Bitmap& skeleton, const std::vector<Pixel>& path, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) skeleton.at(path[i].x, path[i].y) = 0;
}

void erase_short_ends(Bitmap& skeleton) {
  for (const Pixel& end : where_crossing(skeleton, true)) {
    if (skeleton.at(end.x, end.y) == 0) continue;
    const std::vector<Pixel> first = branches(skeleton, end);
    if (first.size() != 1) continue;
    const std::vector<Pixel> path = walk(skeleton, end, first[0], kPiece);
    if (path.empty()) continue;
    const int last = crossing_number(skeleton, path.back());
    const auto length = static_cast<int>(path.size());
    const bool spur = last >= 3 && length < kSpur, piece = last <= 1 && length < kPiece;
    if (!spur && !piece) continue;
    skeleton.at(end.x, end.y) = 0;
    erase(skeleton, path, piece ? path.size() : path.size() - 1);
  }
}

bool off_flow(const Flow& flow, Pixel a, Pixel b) {
  const auto dx = static_cast<float>(b.x - a.x), dy = static_cast<float>(b.y - a.y);
  const float length = dx * dx + dy * dy;
  const int x = (a.x + b.x) / 2 / kCellPx, y = (a.y + b.y) / 2 / kCellPx;
  const float c = flow.cosine.at(x, y), s = flow.sine.at(x, y);
  const float along = (c * (dx * dx - dy * dy) + s * 2 * dx * dy);
  return along < kOffFlow * length * std::sqrt(c * c + s * s);
}

void erase_bridges_and_lakes(Bitmap& skeleton, const Flow& flow) {
  for (const Pixel& fork : where_crossing(skeleton, false)) {
    std::vector<std::vector<Pixel>> short_ones;
    for (const Pixel& next : branches(skeleton, fork)) {
      std::vector<Pixel> path = walk(skeleton, fork, next, kLake);
      if (path.size() < 2 || crossing_number(skeleton, path.back()) < 3) continue;
      if (static_cast<int>(path.size()) < kBridge && off_flow(flow, fork, path.back())) {
        erase(skeleton, path, path.size() - 1);
      } else if (static_cast<int>(path.size()) < kLake) {
        short_ones.push_back(std::move(path));
      }
    }
    if (short_ones.size() < 2) continue;
    const Pixel &a = short_ones[0].back(), &b = short_ones[1].back();
    if (std::abs(a.x - b.x) <= 2 && std::abs(a.y - b.y) <= 2) {
      erase(skeleton, short_ones[1], short_ones[1].size() - 1);
    }
  }
}

}  // namespace

int crossing_number(const Bitmap& skeleton, Pixel at) {
  int changes = 0;
  for (int i = 0; i < 8; ++i) {
    changes += is_set(skeleton, at, i) != is_set(skeleton, at, i + 1) ? 1 : 0;
  }
  return changes / 2;
}

std::vector<Pixel> branches(const Bitmap& skeleton, Pixel at) {
  std::vector<Pixel> all;
  for (int i = 0; i < 8; ++i) {
    if (!is_set(skeleton, at, i) || is_set(skeleton, at, i + 7)) continue;
    // A run of neighbours is one branch; its straight member, if it has one, is nearest.
    const int straight = i % 2 == 1 && is_set(skeleton, at, i + 1) ? i + 1 : i;
    const Pixel& step = kAround[static_cast<std::size_t>(straight & 7)];
    all.push_back({at.x + step.x, at.y + step.y});
  }
  return all;
}

std::vector<Pixel> walk(const Bitmap& skeleton, Pixel from, Pixel next, int longest) {
  std::vector<Pixel> path;
  const auto near = [](Pixel a, Pixel b) {
    return std::abs(a.x - b.x) <= 1 && std::abs(a.y - b.y) <= 1;
  };
  Pixel before = from, at = next;
  while (static_cast<int>(path.size()) < longest) {
    path.push_back(at);
    if (at.x < 1 || at.y < 1 || at.x + 1 >= skeleton.width() || at.y + 1 >= skeleton.height())
      break;
    if (crossing_number(skeleton, at) != 2) break;
    Pixel ahead = at;
    for (const Pixel& branch : branches(skeleton, at)) {
      if (branch != before && !(near(branch, before) && ahead != at)) ahead = branch;
    }
    if (ahead == at || ahead == from) break;
    before = at, at = ahead;
  }
  return path;
}

void tidy(Bitmap& skeleton, const Flow& flow) {
  erase_short_ends(skeleton);
  erase_bridges_and_lakes(skeleton, flow);
  erase_short_ends(skeleton);
}

}  // namespace whorl::features
