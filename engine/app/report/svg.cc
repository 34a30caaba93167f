#include "engine/app/report/svg.h"

#include <cmath>

#include "engine/app/words.h"

namespace whorl::app {

// Blue and orange stay apart for every common kind of colour blindness (Okabe and Ito, 2008). Plain
// values, no CSS variables: viewers of SVG files outside browsers do not know them. What is drawn
// on a picture (plate, ink-) keeps its colours on a dark screen, for the picture stays light.
const std::string_view kPictureStyle = R"(
svg { background: #ffffff; font-family: system-ui, sans-serif; }
svg .frame, svg .rule { fill: none; stroke: #dadce0; stroke-width: 1; }
svg .first { fill: none; stroke: #0072b2; stroke-width: 1.4; }
svg .second { fill: none; stroke: #d55e00; stroke-width: 1.4; }
svg .first-fill { fill: #0072b2; }
svg .second-fill { fill: #d55e00; }
svg .lone { fill: none; stroke: #80868b; stroke-width: 1; }
svg .print { opacity: 0.55; }
svg .mate { fill: none; stroke-width: 1.5; stroke-linecap: round; }
svg .says-0 { stroke: #80868b; } svg .says-1 { stroke: #9fd99c; } svg .says-2 { stroke: #4db67c; }
svg .says-3 { stroke: #00875a; } svg .says-4 { stroke: #00513d; }
svg .threshold { fill: none; stroke: #1c1e21; stroke-width: 1; stroke-dasharray: 4 3; }
svg .head { fill: #1c1e21; font-size: 14px; font-weight: 600; }
svg .note { fill: #1c1e21; font-size: 12px; }
svg .tick { fill: #6b7177; font-size: 11px; }
svg .small { fill: #1c1e21; font-size: 8px; }
svg .fine { fill: none; stroke: #dadce0; stroke-width: 0.5; }
svg .curve-all { fill: none; stroke: #1c1e21; stroke-width: 2.6; stroke-linejoin: round; }
svg .curve-1 { fill: none; stroke: #0072b2; stroke-width: 1.6; }
svg .curve-2 { fill: none; stroke: #d55e00; stroke-width: 1.6; }
svg .curve-3 { fill: none; stroke: #009e73; stroke-width: 1.6; }
svg .curve-4 { fill: none; stroke: #aa4499; stroke-width: 1.6; }
svg .curve-5 { fill: none; stroke: #8c6d1f; stroke-width: 1.6; }
svg .curve-6 { fill: none; stroke: #3b8fc4; stroke-width: 1.6; }
svg .plate { fill: #ffffff; }
svg .faded { opacity: 0.35; }
svg .cells { image-rendering: pixelated; }
svg .ink-blue { fill: none; stroke: #0072b2; stroke-width: 1.6; }
svg .ink-orange { fill: none; stroke: #d55e00; stroke-width: 1.6; }
svg .dashed { stroke-dasharray: 6 3; }
@media (prefers-color-scheme: dark) {
  svg { background: #17191c; }
  svg .frame, svg .rule, svg .fine { stroke: #3c4043; } svg .curve-all { stroke: #e6e8ea; }
  svg .curve-1 { stroke: #56b4e9; } svg .curve-2 { stroke: #f0a04b; }
  svg .curve-3 { stroke: #2fd6a3; } svg .curve-4 { stroke: #e08fc7; }
  svg .curve-5 { stroke: #d9c46a; } svg .curve-6 { stroke: #9fd0f5; }
  svg .first { stroke: #56b4e9; } svg .first-fill { fill: #56b4e9; }
  svg .second { stroke: #e69f00; } svg .second-fill { fill: #e69f00; }
  svg .lone { stroke: #80868b; } svg .threshold { stroke: #e6e8ea; }
  svg .says-1 { stroke: #1f5c4a; } svg .says-2 { stroke: #1f8f6c; } svg .says-3 { stroke: #2fd6a3; }
  svg .says-4 { stroke: #a8ffe3; }
  svg .head, svg .note, svg .small { fill: #e6e8ea; } svg .tick { fill: #9aa0a6; } }
)";

std::string escaped(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string shortest(double value) {
  std::string text = rounded(value, 2);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

namespace {

std::string number(std::string_view name, double value) {
  return " " + std::string(name) + "=\"" + shortest(value) + "\"";
}

std::string look_of(const Mark& mark) {
  std::string look = " class=\"" + std::string(mark.shape_class) + "\"";
  if (mark.opacity < 1) look += number("opacity", mark.opacity);
  // A style, because a class outranks an attribute.
  if (mark.width_px > 0) look += " style=\"stroke-width:" + shortest(mark.width_px) + "\"";
  return look;
}

}  // namespace

Svg::Svg(double width_px, double height_px, std::string_view title)
    : width_px_(width_px), height_px_(height_px), title_(escaped(title)) {}

void Svg::line(At from, At to, const Mark& mark) {
  body_ += "<line" + number("x1", from.x) + number("y1", from.y) + number("x2", to.x) +
           number("y2", to.y) + look_of(mark) + "/>\n";
}

void Svg::circle(At centre, double radius_px, const Mark& mark) {
  body_ += "<circle" + number("cx", centre.x) + number("cy", centre.y) + number("r", radius_px) +
           look_of(mark) + "/>\n";
}

void Svg::square(At centre, double half_px, const Mark& mark) {
  rectangle({centre.x - half_px, centre.y - half_px}, 2 * half_px, 2 * half_px, mark);
}

void Svg::rectangle(At corner, double width_px, double height_px, const Mark& mark) {
  body_ += "<rect" + number("x", corner.x) + number("y", corner.y) + number("width", width_px) +
           number("height", height_px) + look_of(mark) + "/>\n";
}

void Svg::path(const std::vector<At>& points, const Mark& mark) {
  std::string steps;
  for (const At& p : points) {
    steps += (steps.empty() ? "M" : "L") + shortest(p.x) + " " + shortest(p.y);
  }
  body_ += "<path d=\"" + steps + "\"" + look_of(mark) + "/>\n";
}

void Svg::text(At at, Anchor anchor, std::string_view words, std::string_view text_class) {
  const std::string_view where = anchor == Anchor::start    ? "start"
                                 : anchor == Anchor::middle ? "middle"
                                                            : "end";
  body_ += "<text" + number("x", at.x) + number("y", at.y) + " text-anchor=\"" +
           std::string(where) + "\" class=\"" + std::string(text_class) + "\">" + escaped(words) +
           "</text>\n";
}

void Svg::text_upwards(At middle, std::string_view words, std::string_view text_class) {
  body_ += "<text transform=\"translate(" + shortest(middle.x) + " " + shortest(middle.y) +
           ") rotate(-90)\" text-anchor=\"middle\" class=\"" + std::string(text_class) + "\">" +
           escaped(words) + "</text>\n";
}

void Svg::define_image(std::string_view id, double width_px, double height_px,
                       std::string_view data_uri) {
  body_ += "<defs><image id=\"" + escaped(id) + "\"" + number("width", width_px) +
           number("height", height_px) + " preserveAspectRatio=\"none\" href=\"" +
           escaped(data_uri) + "\"/></defs>\n";
}

void Svg::draw_image(std::string_view id, At corner, double scale, std::string_view image_class) {
  body_ += "<use href=\"#" + escaped(id) + "\" class=\"" + std::string(image_class) +
           "\" transform=\"translate(" + shortest(corner.x) + " " + shortest(corner.y) +
           ") scale(" + rounded(scale, 5) + ")\"/>\n";
}

std::string Svg::opening(std::string_view attributes) const {
  const std::string width = shortest(width_px_), height = shortest(height_px_);
  return "<svg" + std::string(attributes) + " viewBox=\"0 0 " + width + " " + height +
         "\" width=\"" + width + "\" height=\"" + height + "\" role=\"img\">\n<title>" + title_ +
         "</title>\n";
}

std::string Svg::inline_picture() const { return opening("") + body_ + "</svg>\n"; }

std::string Svg::document() const {
  return opening(" xmlns=\"http://www.w3.org/2000/svg\"") + "<style>" + std::string(kPictureStyle) +
         "</style>\n" + body_ + "</svg>\n";
}

}  // namespace whorl::app
