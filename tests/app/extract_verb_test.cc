// `whorl extract`: templates of pictures, and the page that shows how one came about.
#include <nlohmann/json.hpp>

#include "engine/app/names.h"
#include "engine/app/report/embedded_image.h"
#include "engine/app/report/raster_picture.h"
#include "engine/features/fingerprint/extract.h"
#include "engine/formats/finger_templates.h"
#include "engine/formats/template_container.h"
#include "tests/app/command_line.h"
#include "tests/app/count_of.h"
#include "tests/app/picture_files.h"
#include "tests/support/finger_image_files.h"

namespace whorl::app {
namespace {

using Words = std::vector<std::string>;
using test::picture_of, test::png_of;

std::span<const std::byte> samples_of(const Image& image) {
  return std::as_bytes(std::span(image.samples));
}

// A transaction with one picture for each of the positions, uncompressed, at 500 ppi.
Bytes card_of(const std::vector<int>& positions) {
  std::vector<test::NistRecord> records;
  for (const int position : positions) {
    const Image image = picture_of(static_cast<std::uint64_t>(position), 1);
    records.push_back(test::tagged_record(
        14, test::type14_fields(position, image.width_px, image.height_px, "NONE"),
        test::TagWidth::three_digits, samples_of(image)));
  }
  return test::transaction(records);
}

class ExtractVerbTest : public CommandTest {
 protected:
  bool exists(const std::string& name) const { return std::filesystem::exists(path(name)); }
  Bytes bytes_of(const std::string& name) const {
    const std::string text = read(name);
    const auto bytes = as_bytes(text);
    return {bytes.begin(), bytes.end()};
  }
};

TEST_F(ExtractVerbTest, WritesRecordsWhoseFrameIsThePictures) {
  const Image picture = picture_of(1, 1);
  write("a.png", png_of(picture));
  for (const formats::MinutiaeFormat format : formats::kMinutiaeFormats) {
    const std::string name(name_of(format));
    const Ran ran = run_json({"extract", "a.png", "--out", "t", "--format", name});
    ASSERT_EQ(ran.exit_code, 0) << name << ran.out;
    const std::string file = formats::is_ansi(format) ? "t/a.ansi" : "t/a.iso";
    const auto record = formats::decode_minutiae_record(bytes_of(file));
    ASSERT_TRUE(record) << name << describe(record.error());
    EXPECT_EQ(record->format, format) << name;
    ASSERT_EQ(record->views.size(), 1U) << name;
    EXPECT_EQ(record->views[0].width_px, picture.width_px) << name;
    EXPECT_EQ(record->views[0].height_px, picture.height_px) << name;
    EXPECT_EQ(record->views[0].minutiae.size(), ran.json()["images"][0]["prints"][0]["minutiae"])
        << name;
  }
}

// The first extension of its kind of a view; nothing else of that kind may be there.
template <class Kind>
std::optional<Kind> only(const formats::FingerView& view) {
  std::optional<Kind> found;
  for (const formats::Extension& extension : view.extensions) {
    const auto* kind = std::get_if<Kind>(&extension);
    if (kind == nullptr) continue;
    EXPECT_FALSE(found);
    found = *kind;
  }
  return found;
}

// So many entries for each minutia, in the minutiae's order, numbered from 1; 0 is nobody.
void expect_counted(const formats::FingerView& view, formats::RidgeCountMethod method,
                    std::size_t sectors) {
  const auto counts = only<formats::RidgeCounts>(view);
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->method, method);
  ASSERT_EQ(counts->counts.size(), view.minutiae.size() * sectors);
  std::size_t met = 0;
  for (std::size_t i = 0; i < counts->counts.size(); ++i) {
    const formats::RidgeCount& count = counts->counts[i];
    EXPECT_EQ(count.from, i / sectors + 1);
    EXPECT_LE(count.to, view.minutiae.size());
    EXPECT_NE(count.to, count.from);
    EXPECT_TRUE(count.to != 0 || count.count == 0);
    met += count.to != 0 ? 1 : 0;
  }
  EXPECT_GT(met, counts->counts.size() / 2);
}

TEST_F(ExtractVerbTest, WritesRidgeCountsOfEveryMinutiaWhereTheyAreAskedFor) {
  write("card.an2", card_of({2, 7}));
  const auto written = [&](formats::MinutiaeFormat format, const char* asked) {
    const Ran ran =
        run({"extract", "card.an2", "--out", "t", "--format", std::string(name_of(format)),
             "--ridge-counts", asked, "--extraction", "fast"});
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    return formats::decode_minutiae_record(
               bytes_of(formats::is_ansi(format) ? "t/card.ansi" : "t/card.iso"))
        .value();
  };
  for (const formats::MinutiaeFormat format : formats::kMinutiaeFormats) {
    SCOPED_TRACE(name_of(format));
    const auto plain = written(format, "none"), quadrants = written(format, "quadrant"),
               octants = written(format, "octant");
    for (std::size_t view = 0; view < 2; ++view) {
      EXPECT_FALSE(only<formats::RidgeCounts>(plain.views.at(view)));
      expect_counted(quadrants.views.at(view), formats::RidgeCountMethod::quadrants, 4);
      expect_counted(octants.views.at(view), formats::RidgeCountMethod::octants, 8);
      EXPECT_EQ(octants.views[view].minutiae, plain.views[view].minutiae);
    }
  }
}

TEST_F(ExtractVerbTest, WritesTheCoresAndDeltasThatItTellsOf) {
  int points = 0;
  for (std::uint64_t person = 1; person <= 4; ++person) {
    write("a.png", png_of(person, 1));
    for (const formats::MinutiaeFormat format : formats::kMinutiaeFormats) {
      const std::string name(name_of(format));
      const Ran ran = run_json({"extract", "a.png", "--out", "t", "--format", name,
                                "--ridge-counts", "octant", "--extraction", "fast"});
      ASSERT_EQ(ran.exit_code, 0) << name << ran.out;
      const auto print = ran.json()["images"][0]["prints"][0];
      const auto record = formats::decode_minutiae_record(
          bytes_of(formats::is_ansi(format) ? "t/a.ansi" : "t/a.iso"));
      ASSERT_TRUE(record) << name << describe(record.error());
      const auto written =
          only<formats::CoresAndDeltas>(record->views.front()).value_or(formats::CoresAndDeltas());
      EXPECT_EQ(written.cores.size(), print["cores"]) << name;
      EXPECT_EQ(written.deltas.size(), print["deltas"]) << name;
      for (const formats::Core& core : written.cores) {
        EXPECT_TRUE(core.x_px < print["width_px"] && core.y_px < print["height_px"]) << name;
      }
      points += static_cast<int>(written.cores.size() + written.deltas.size());
    }
  }
  EXPECT_GT(points, 0) << "four people with arches alone: take others";
}

TEST_F(ExtractVerbTest, WritesContainersThatVerifyReads) {
  const Image picture = picture_of(1, 1);
  write("a.png", png_of(picture)), write("b.png", png_of(1, 2));
  const Ran ran = run_json({"extract", "a.png", "b.png", "--out", "t"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out;
  const auto images = ran.json()["images"];
  ASSERT_EQ(images.size(), 2U);
  EXPECT_EQ(images[0]["image"], "a.png");
  EXPECT_EQ(images[0]["files"], nlohmann::json::array({"t/a.whorl"}));
  const auto print = images[0]["prints"][0];
  EXPECT_EQ(print["position"], "unknown");
  EXPECT_EQ(print["width_px"], picture.width_px);
  EXPECT_EQ(print["height_px"], picture.height_px);
  EXPECT_GE(print["minutiae"], 12);
  EXPECT_TRUE(ran.json()["refused"].empty());
  EXPECT_EQ(run({"verify", "t/a.whorl", "t/b.whorl"}).exit_code, 0);
}

TEST_F(ExtractVerbTest, RefusesWhatShowsNoFingerAndDoesTheRest) {
  Image blank = picture_of(1, 1);
  std::fill(blank.samples.begin(), blank.samples.end(), std::uint8_t{200});
  write("a.png", png_of(1, 1)), write("blank.png", png_of(blank)), write("text.png", "no picture");
  const Words words{"extract", "blank.png", "a.png", "text.png", "none.png", "--out", "t"};
  const Ran ran = run_json(words);
  EXPECT_EQ(ran.exit_code, 3);
  const auto facts = ran.json();
  ASSERT_EQ(facts["images"].size(), 1U) << ran.out;
  EXPECT_EQ(facts["images"][0]["image"], "a.png");
  std::map<std::string, int> faults;
  for (const auto& refused : facts["refused"]) {
    faults[refused["image"]] = refused["error"]["code"].get<int>();
  }
  EXPECT_EQ(faults,
            (std::map<std::string, int>{{"blank.png", 9}, {"none.png", 22}, {"text.png", 2}}));
  EXPECT_TRUE(exists("t/a.whorl"));
  EXPECT_FALSE(exists("t/blank.whorl") || exists("t/text.whorl"));
  EXPECT_NE(run(words).err.find("blank.png: E9"), std::string::npos);
}

TEST_F(ExtractVerbTest, WarnsOfAPictureWithoutAFingerAndExtractsIt) {
  write("grain.png", png_of(test::grain()));
  const Ran ran = run_json({"extract", "grain.png", "--out", "t"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out;
  const auto print = ran.json()["images"][0]["prints"][0];
  EXPECT_EQ(print["flaws"], nlohmann::json::array({"not-a-fingerprint"}));
  EXPECT_TRUE(exists("t/grain.whorl"));
}

TEST_F(ExtractVerbTest, ThreadsDoNotChangeWhatIsWritten) {
  Words words{"extract", "--extraction", "fast", "--out"};
  const Words images{"a.png", "b.png", "c.png", "d.png", "e.png"};
  for (std::size_t i = 0; i < images.size(); ++i) write(images[i], png_of(i + 1, 1));
  std::map<std::string, std::string> first;
  for (const std::string threads : {"1", "2", "0", "1000"}) {
    Words all = words;
    all.insert(all.end(), {"t" + threads, "--threads", threads});
    all.insert(all.end(), images.begin(), images.end());
    ASSERT_EQ(run(all).exit_code, 0) << threads;
    for (const std::string& image : images) {
      const std::string written = read("t" + threads + "/" + image.substr(0, 1) + ".whorl");
      EXPECT_EQ(first.emplace(image, written).first->second, written) << threads << " " << image;
    }
  }
}

TEST_F(ExtractVerbTest, AsksForTheResolutionThatIsMissing) {
  Image picture = picture_of(1, 1);
  picture.ppi.reset();
  write("a.png", png_of(picture));
  const auto refused = run_json({"extract", "a.png", "--out", "t"}).json()["refused"];
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0]["error"]["code"], 10);
  const std::string said = run({"extract", "a.png", "--out", "t"}).err;
  EXPECT_NE(said.find("--ppi"), std::string::npos) << said;
  EXPECT_FALSE(exists("t/a.whorl"));
  const auto half = run_json({"extract", "a.png", "--out", "t", "--ppi", "1000"}).json();
  EXPECT_NEAR(half["images"][0]["prints"][0]["width_px"], picture.width_px / 2, 1);
  EXPECT_EQ(run_json({"extract", "a.png", "--out", "t", "--ppi", "98"})
                .json()["refused"][0]["error"]["code"],
            10);
}

TEST_F(ExtractVerbTest, RefusesTwoImagesOfOneNameAndWordsItDoesNotKnow) {
  write("a.png", png_of(1, 1)), write("more/a.bmp", png_of(2, 1));
  write("a_1_right-thumb.png",
        png_of(3, 1));  // what the first finger of a card "a" would be called
  for (const Words& words : {Words{"extract", "a.png", "more/a.bmp", "--out", "t"},
                             Words{"extract", "a_1_right-thumb.png", "a.png", "--out", "t"},
                             Words{"extract", "a.png", "--out", "t", "--extraction", "careful"},
                             Words{"extract", "a.png", "--out", "t", "--format", "pdf"},
                             Words{"extract", "a.png", "--out", "t", "--ridge-counts", "octant"},
                             Words{"extract", "a.png", "--out", "t", "--format", "ansi378-2004",
                                   "--ridge-counts", "sextant"}}) {
    const Ran ran = run_json(words);
    EXPECT_EQ(ran.exit_code, 2) << ran.out;
    EXPECT_EQ(ran.fault(), 29) << ran.out;
  }
  EXPECT_FALSE(exists("t"));
}

TEST_F(ExtractVerbTest, GivesEachFingerOfACardItsOwnContainer) {
  write("card.an2", card_of({2, 7}));
  const Ran ran = run_json({"extract", "card.an2", "--out", "t"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out;
  const auto image = ran.json()["images"][0];
  EXPECT_EQ(image["files"],
            nlohmann::json::array({"t/card_1_right-index.whorl", "t/card_2_left-index.whorl"}));
  const auto second = formats::decode_template(bytes_of("t/card_2_left-index.whorl"));
  ASSERT_TRUE(second) << describe(second.error());
  EXPECT_EQ(std::get<FingerTemplate>(*second).position, FingerPosition::left_index);
}

// The page's pictures, by name.
Words pictures_of(std::string_view page) {
  constexpr std::string_view kBefore = "<image id=\"";
  Words names;
  for (std::size_t at = page.find(kBefore); at != std::string_view::npos;
       at = page.find(kBefore, at)) {
    at += kBefore.size();
    names.emplace_back(page.substr(at, page.find('"', at) - at));
  }
  return names;
}

TEST_F(ExtractVerbTest, TracesEveryStepOnOnePage) {
  const Image picture = picture_of(1, 1);
  write("someones_name.png", png_of(picture));
  const Ran ran = run_json(
      {"extract", "someones_name.png", "--out", "t", "--ppi", "500", "--trace", "steps.html"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_TRUE(exists("t/someones_name.whorl"));
  const std::string page = read("steps.html");
  EXPECT_EQ(pictures_of(page), (Words{"grey", "normal", "period", "confidence", "period-scale",
                                      "share-scale", "filtered-1", "belief-1", "filtered-2",
                                      "belief-2", "filtered", "belief", "skeleton"}));
  Image bare = picture;
  bare.ppi.reset();
  EXPECT_EQ(count_of(page, embed_raster(bare)->data_uri), 1) << "the picture as it was extracted";
  for (const char* said : {"loose mask", "strict mask", "mean ridge period", "dropped as noise",
                           "first way", "Second way", "500 ppi", "mm²"}) {
    EXPECT_NE(page.find(said), std::string::npos) << said;
  }
  for (const char* outside : {"someones", "http:", "https:", "src=", "<script", "@import", "=\"nan",
                              "=\"-nan", "inf\""}) {
    EXPECT_EQ(count_of(page, outside), 0) << outside;
  }
}

TEST_F(ExtractVerbTest, DrawsEachMinutiaOfTheTemplateAndEachFoundOnASkeleton) {
  const Image picture = picture_of(1, 1);
  write("a.png", png_of(picture));
  features::ExtractionTrace trace;
  const auto extraction = features::extract_print(picture, PixelsPerInch{500}, {}, &trace).value();
  ASSERT_EQ(run({"extract", "a.png", "--out", "t", "--ppi", "500", "--trace", "s.html"}).exit_code,
            0);
  const std::string page = read("s.html");
  const std::string first = page.substr(0, page.find("</svg>"));
  const auto tails = [](std::string_view svg) { return count_of(svg, "<line"); };
  EXPECT_EQ(tails(first), std::ssize(extraction.print.minutiae) + 2);  // and the legend
  const std::size_t at = page.find("<title>The ridges&#39; middle lines");
  ASSERT_NE(at, std::string::npos);
  const std::string last = page.substr(at, page.find("</svg>", at) - at);
  const auto& path = trace;
  ASSERT_GT(path.found.size(), path.kept.size()) << "nothing to drop: take another picture";
  EXPECT_EQ(tails(last), std::ssize(path.found) + 4);
  EXPECT_EQ(count_of(last, "\"ink-orange\""), 2 * (std::ssize(path.kept) + 2));
}

TEST_F(ExtractVerbTest, TracesTheOneWayOfFastExtractionAndRidgesThatAreLight) {
  Image negative = picture_of(1, 1);
  for (std::uint8_t& sample : negative.samples) sample = static_cast<std::uint8_t>(255 - sample);
  write("a.png", png_of(negative));
  ASSERT_EQ(run({"extract", "a.png", "--out", "t", "--extraction", "fast", "--trace", "s.html"})
                .exit_code,
            0);
  const std::string page = read("s.html");
  EXPECT_EQ(pictures_of(page).size(), 9U);
  EXPECT_EQ(count_of(page, "Second way"), 0);
  EXPECT_EQ(count_of(page, "light, turned round"), 1);
}

TEST_F(ExtractVerbTest, TracesOneFingerOfARecordAndRefusesMore) {
  write("one.an2", card_of({2})), write("two.an2", card_of({2, 7}));
  write("a.png", png_of(1, 1)), write("b.png", png_of(2, 1));
  const struct {
    const char* what;
    Words words;
    const char* said;
  } cases[] = {
      {"two images", {"a.png", "b.png", "--trace", "s.html"}, "one image"},
      {"two fingers", {"two.an2", "--trace", "s.html"}, "one finger, and the image holds 2"},
      {"a picture file", {"a.png", "--trace", "s.svg"}, "FILE.html"},
      {"no ending", {"a.png", "--trace", "s"}, "FILE.html"},
  };
  for (const auto& c : cases) {
    Words words{"extract", "--out", "t"};
    words.insert(words.end(), c.words.begin(), c.words.end());
    const Ran ran = run_json(words);
    EXPECT_EQ(ran.exit_code, 2) << c.what;
    EXPECT_EQ(ran.fault(), 29) << c.what;
    EXPECT_NE(ran.out.find(c.said), std::string::npos) << c.what << ran.out;
    EXPECT_FALSE(exists("s.html") || exists("s.svg") || exists("s")) << c.what;
    EXPECT_TRUE(!exists("t") || std::filesystem::is_empty(path("t"))) << c.what;
  }
  EXPECT_EQ(run({"extract", "one.an2", "--out", "t", "--trace", "s.html"}).exit_code, 0);
  EXPECT_TRUE(exists("s.html"));
  write("text.png", "no picture");
  EXPECT_EQ(run_json({"extract", "text.png", "--out", "t", "--trace", "u.html"}).fault(), 2);
  EXPECT_FALSE(exists("u.html"));
}

}  // namespace
}  // namespace whorl::app
