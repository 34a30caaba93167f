#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace whorl::app {

struct At {
  double x = 0, y = 0;  // px of the picture, y downwards
};

// What a picture is drawn with: a class of kPictureStyle, so that light and dark screens choose
// the colours, and what differs from mark to mark.
struct Mark {
  std::string_view shape_class;
  double opacity = 1;
  double width_px = 0;  // of the stroke; 0: as the class has it
};

// Writes one SVG picture, mark by mark, in the order they lie over each other. Text is escaped;
// nothing is ever fetched from outside.
class Svg {
 public:
  // `title` is read out by screen readers.
  Svg(double width_px, double height_px, std::string_view title);

  void line(At from, At to, const Mark& mark);
  void circle(At centre, double radius_px, const Mark& mark);
  void square(At centre, double half_px, const Mark& mark);
  void rectangle(At corner, double width_px, double height_px, const Mark& mark);
  void path(const std::vector<At>& points, const Mark& mark);  // open
  enum class Anchor { start, middle, end };
  void text(At at, Anchor anchor, std::string_view words, std::string_view text_class = "note");
  // Read from below, for an axis on the left.
  void text_upwards(At middle, std::string_view words, std::string_view text_class = "note");

  // An image that may be drawn several times, its bytes only once in the file: in this picture and,
  // on a page, in those behind it. `id` is unique on the page, `data_uri` as of embedded_image.h.
  void define_image(std::string_view id, double width_px, double height_px,
                    std::string_view data_uri);
  void draw_image(std::string_view id, At corner, double scale,
                  std::string_view image_class = "print");

  std::string inline_picture() const;  // for a page that carries kPictureStyle
  std::string document() const;        // a file of its own

 private:
  std::string opening(std::string_view attributes) const;

  double width_px_, height_px_;
  std::string title_, body_;
};

// Colours and strokes of all pictures, for light and dark screens.
extern const std::string_view kPictureStyle;

std::string escaped(std::string_view text);  // for XML and HTML
std::string shortest(double value);          // at most two digits after the point

}  // namespace whorl::app
