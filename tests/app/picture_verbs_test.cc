// Wherever a verb takes a template file it takes a picture.
#include <nlohmann/json.hpp>

#include "engine/app/report/embedded_image.h"
#include "tests/app/command_line.h"
#include "tests/app/picture_files.h"
#include "tests/features/drawn_slap.h"
#include "tests/support/encode_images.h"
#include "tests/support/finger_image_files.h"

namespace whorl::app {
namespace {

using Words = std::vector<std::string>;
using test::picture_of, test::png_of;

class PictureVerbsTest : public CommandTest {
 protected:
  static Words of(const std::string& verb, const Words& more) {
    Words words{verb, "--store", "store", "--gallery", "main"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  // people/1_1.png .. 3_2.png: two pictures of each of three people.
  void write_people() {
    for (std::uint64_t person = 1; person <= 3; ++person) {
      for (std::uint64_t capture = 1; capture <= 2; ++capture) {
        write("people/" + std::to_string(person) + "_" + std::to_string(capture) + ".png",
              png_of(person, capture));
      }
    }
  }
  // Who a picture is said to be; 0: nobody.
  int found(const std::string& picture) {
    const Ran ran = run_json(of("identify", {picture, "--position", "right-index"}));
    return ran.exit_code == 0 ? ran.json()["candidates"][0]["subject"].get<int>() : 0;
  }
};

TEST_F(PictureVerbsTest, VerifyTellsOneFingerFromTwo) {
  write_people();
  for (const char* person : {"1", "2", "3"}) {
    const std::string file = std::string("people/") + person;
    const Ran same = run_json({"verify", file + "_1.png", file + "_2.png", "--fmr", "1e-4"});
    EXPECT_EQ(same.exit_code, 0) << person << same.out;
    const std::string other = person == std::string("3") ? "people/1_2.png" : "people/3_2.png";
    const Ran two = run_json({"verify", file + "_1.png", other, "--fmr", "1e-4"});
    EXPECT_EQ(two.exit_code, 1) << person << two.out;
    EXPECT_EQ(two.json()["decision"], "no-match");
  }
}

TEST_F(PictureVerbsTest, APictureWithoutAFingerIsNeitherComparedNorEnrolled) {
  write("grain.png", png_of(test::grain())), write("a.png", png_of(1, 1));
  for (const Words& words :
       {Words{"verify", "grain.png", "a.png"}, Words{"verify", "a.png", "grain.png"},
        of("enroll", {"grain.png", "--subject", "1", "--create"})}) {
    const Ran ran = run_json(words);
    EXPECT_EQ(ran.fault(), 39) << ran.out;
    EXPECT_EQ(ran.exit_code, 3) << ran.out;
  }
  EXPECT_FALSE(std::filesystem::exists(path("store"))) << "nothing to enrol, so no store";
  write("m.csv", "subject,modality,position,path\n1,finger,2,grain.png\n2,finger,2,a.png\n");
  const Ran ran = run_json(of("enroll", {"--manifest", "m.csv", "--create"}));
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_EQ(ran.json()["enrolled"], 1) << ran.out;
  EXPECT_EQ(ran.json()["receipts"][0]["error"]["code"], 39) << ran.out;
}

TEST_F(PictureVerbsTest, VerifyComparesAPictureWithItsTemplate) {
  write("a.png", png_of(1, 1));
  ASSERT_EQ(run({"extract", "a.png", "--out", "t", "--format", "iso19794-2:2011"}).exit_code, 0);
  const Ran ran = run_json({"verify", "a.png", "t/a.iso", "--fmr", "1e-6"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
}

// The frame of the page's image of that name, "width x height".
std::string frame_of(const std::string& page, const std::string& image) {
  const std::size_t at = page.find("<image id=\"" + image + "\"");
  if (at == std::string::npos) return "none";
  const auto value = [&](const std::string& name) {
    const std::size_t from = page.find(name + "=\"", at) + name.size() + 2;
    return page.substr(from, page.find('"', from) - from);
  };
  return value("width") + " x " + value("height");
}

TEST_F(PictureVerbsTest, VerifyDrawsAPictureUnderItsOwnMinutiae) {
  const Image a = picture_of(1, 1);
  write("a.png", png_of(a)), write("b.png", png_of(1, 2));
  ASSERT_EQ(run({"extract", "b.png", "--out", "t"}).exit_code, 0);
  ASSERT_EQ(run({"verify", "a.png", "t/b.whorl", "--ppi", "500", "--trace", "t.html"}).exit_code,
            0);
  const std::string page = read("t.html");
  EXPECT_NE(page.find(embed_image(png_of(a))->data_uri), std::string::npos) << "as it is";
  EXPECT_EQ(frame_of(page, "probe-image"),
            std::to_string(a.width_px) + " x " + std::to_string(a.height_px));
  EXPECT_EQ(frame_of(page, "reference-image"), "none");
  EXPECT_EQ(run({"verify", "t/b.whorl", "a.png", "--trace", "t.svg"}).exit_code, 0);
  EXPECT_EQ(frame_of(read("t.svg"), "probe-image"), "none");
  EXPECT_NE(frame_of(read("t.svg"), "reference-image"), "none");
}

TEST_F(PictureVerbsTest, VerifyDrawsWhatNoBrowserReadsAsPngAtItsOwnResolution) {
  Image a = picture_of(1, 1);
  a.ppi.reset();
  write("a.pgm", formats::encode_pnm(a).value());
  ASSERT_EQ(run({"verify", "a.pgm", "a.pgm", "--ppi", "400", "--trace", "t.html"}).exit_code, 0);
  const std::string page = read("t.html");
  a.ppi = PixelsPerInch{400};
  EXPECT_NE(page.find(embed_image(png_of(a))->data_uri), std::string::npos);
  EXPECT_EQ(frame_of(page, "probe-image"),
            std::to_string(a.width_px * 5 / 4) + " x " + std::to_string(a.height_px * 5 / 4));
  EXPECT_EQ(frame_of(page, "reference-image"), frame_of(page, "probe-image"));
}

// A camera's JPEG; `orientation` is EXIF's: 1 upright, 6 lying on its side.
Bytes jpeg_of(const Image& image, int orientation) {
  ByteWriter exif;
  exif.text(std::string_view("Exif\0\0MM", 8));
  exif.u16(42), exif.u32(8);
  exif.u16(1), exif.u16(0x0112), exif.u16(3), exif.u32(1);
  exif.u16(static_cast<std::uint64_t>(orientation)), exif.u16(0), exif.u32(0);
  test::JpegOptions options;
  options.density = {1, 500, 500};
  options.exif = exif.take();
  return test::encode_jpeg(test::samples_of(image), options);
}

TEST_F(PictureVerbsTest, VerifyDrawsAJpegAsItIsUnlessItLiesOnItsSide) {
  const Image a = picture_of(1, 1);
  ASSERT_NE(a.width_px, a.height_px);
  const Bytes upright = jpeg_of(a, 1);
  write("upright.jpg", upright), write("lying.jpg", jpeg_of(a, 6));
  run({"verify", "upright.jpg", "lying.jpg", "--trace", "t.html"});
  const std::string page = read("t.html");
  EXPECT_NE(page.find(embed_image(upright)->data_uri), std::string::npos);
  const std::string width = std::to_string(a.width_px), height = std::to_string(a.height_px);
  EXPECT_EQ(frame_of(page, "probe-image"), width + " x " + height);
  EXPECT_EQ(frame_of(page, "reference-image"), height + " x " + width);
  EXPECT_EQ(page.find("data:image/jpeg", page.find("reference-image")), std::string::npos);
}

TEST_F(PictureVerbsTest, VerifyDrawsThePictureOfARecordThatWasCompared) {
  std::vector<test::NistRecord> fingers;
  for (const int position : {2, 7}) {
    const Image image = picture_of(static_cast<std::uint64_t>(position), 1);
    fingers.push_back(test::tagged_record(
        14, test::type14_fields(position, image.width_px, image.height_px, "NONE"),
        test::TagWidth::three_digits, std::as_bytes(std::span(image.samples))));
  }
  write("card.an2", test::transaction(fingers)), write("b.png", png_of(7, 2));
  const Ran ran = run_json({"verify", "card.an2", "b.png", "--trace", "t.html"});
  EXPECT_EQ(ran.json()["probe_view"], 2);
  Image second = picture_of(7, 1);
  EXPECT_NE(read("t.html").find(embed_image(png_of(second))->data_uri), std::string::npos);
}

TEST_F(PictureVerbsTest, VerifyDrawsTheFingerOfASlapThatWasCompared) {
  const Image slap = test::draw_slap(test::right_hand());
  write("slap.png", png_of(slap));
  ASSERT_EQ(run({"extract", "slap.png", "--out", "t"}).exit_code, 0);
  const Ran ran = run_json({"verify", "slap.png", "slap.png", "--trace", "t.html"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out;
  const std::string page = read("t.html"), frame = frame_of(page, "probe-image");
  EXPECT_GT(std::stoi(frame), 150) << frame;
  EXPECT_LT(std::stoi(frame), slap.width_px / 3) << frame;
  const Ran traced = run_json({"extract", "slap.png", "--out", "t", "--trace", "s.html"});
  EXPECT_EQ(traced.fault(), 29);
  EXPECT_NE(traced.out.find("the image holds 4"), std::string::npos) << traced.out;
}

TEST_F(PictureVerbsTest, VerifyRefusesASecondImageOfAPicture) {
  write("a.png", png_of(1, 1)), write("b.png", png_of(1, 2));
  const Ran ran =
      run_json({"verify", "a.png", "b.png", "--trace", "t.html", "--probe-image", "a.png"});
  EXPECT_EQ(ran.fault(), 29) << ran.out;
  EXPECT_FALSE(std::filesystem::exists(path("t.html")));
}

TEST_F(PictureVerbsTest, VerifyAsksForTheResolutionThatIsMissing) {
  Image a = picture_of(1, 1);
  a.ppi.reset();
  write("a.png", png_of(a)), write("b.png", png_of(1, 2));
  EXPECT_EQ(run_json({"verify", "a.png", "b.png"}).fault(), 10);
  EXPECT_NE(run({"verify", "a.png", "b.png"}).err.find("--ppi"), std::string::npos);
}

TEST_F(PictureVerbsTest, EnrolsAManifestsPicturesAndFindsThemByOthers) {
  write_people();
  write("m.csv",
        "subject,modality,position,path,ppi\n"
        "1,finger,right-index,people/1_1.png,\n"
        "2,finger,right-index,people/2_1.png,500\n"
        "3,finger,right-index,people/2_1.png,1201\n");
  EXPECT_EQ(run_json(of("enroll", {"--create", "--manifest", "m.csv"})).fault(), 28);
  write("m.csv",
        "subject,modality,position,path,ppi\n"
        "1,finger,right-index,people/1_1.png,\n"
        "2,finger,right-index,people/2_1.png,500\n"
        "4,finger,right-index,m.csv,\n");
  const Ran ran = run_json(of("enroll", {"--create", "--manifest", "m.csv"}));
  EXPECT_EQ(ran.exit_code, 3) << ran.out;
  EXPECT_EQ(ran.json()["enrolled"], 2);
  EXPECT_EQ(ran.json()["receipts"][0]["error"]["code"], 2);
  EXPECT_EQ(found("people/1_2.png"), 1);
  EXPECT_EQ(found("people/2_2.png"), 2);
  EXPECT_EQ(found("people/3_2.png"), 0);
}

TEST_F(PictureVerbsTest, EnrolsAFolderOfPicturesOrOfTemplatesButNotBoth) {
  write_people();
  ASSERT_EQ(run({"extract", "people/3_2.png", "--out", "mixed"}).exit_code, 0);
  write("mixed/1_1.png", png_of(1, 1));  // templates go before pictures
  const Ran mixed = run_json(of("enroll", {"--create", "--folder", "mixed"}));
  EXPECT_EQ(mixed.json()["enrolled"], 1) << mixed.out;
  EXPECT_EQ(run(of("delete", {"--subject", "3"})).exit_code, 0);
  const Ran ran = run_json(of("enroll", {"--folder", "people", "--add"}));
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_EQ(ran.json()["enrolled"], 6);  // each impression a visit
  const Ran again = run_json(of("identify", {"people/3_2.png"}));
  EXPECT_EQ(again.json()["candidates"][0]["subject"], 3) << again.out;
}

TEST_F(PictureVerbsTest, StationPlaysPicturesAndRendersThem) {
  write_people();
  const Ran replay =
      run_json(of("station", {"--driver", "replay", "--source", "people", "--create", "--add"}));
  EXPECT_EQ(replay.exit_code, 0) << replay.out;
  EXPECT_EQ(replay.json()["accepted"], 6) << replay.out;
  const Ran searched = run_json(of("identify", {"people/2_2.png"}));
  EXPECT_EQ(searched.json()["candidates"][0]["subject"], 2) << searched.out;
  const Ran simulated = run_json({"station", "--store", "store", "--gallery", "other", "--create",
                                  "--driver", "simulated", "--people", "2", "--pictures"});
  EXPECT_EQ(simulated.exit_code, 0) << simulated.out;
  EXPECT_EQ(simulated.json()["accepted"], 2) << simulated.out;
}

TEST_F(PictureVerbsTest, ScoresADatabaseOfPictures) {
  for (const char* file : {"1_1", "1_2", "2_1", "2_2"}) {
    const std::string name = file;
    write("fvc/DB1/" + name + ".png", png_of(static_cast<std::uint64_t>(name[0] - '0'),
                                             static_cast<std::uint64_t>(name[2] - '0')));
  }
  write("fvc/DB1/1_3.iso", "a template, passed over");
  const Ran ran = run_json({"score", "fvc", "--from", "image", "--out", "s.csv"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_EQ(ran.json()["pairs"], 4 * 3 / 2);
  EXPECT_EQ(ran.json()["unreadable"], 0);
  EXPECT_EQ(ran.json()["accuracy"][0]["eer"], 0) << read("s.csv");
  EXPECT_EQ(run_json({"score", "fvc", "--from", "image", "--extraction", "fast", "--out", "f.csv"})
                .exit_code,
            0);
  EXPECT_NE(read("f.csv"), read("s.csv"));
  write("fvc/DB1/2_2.png", "no picture");
  EXPECT_EQ(run_json({"score", "fvc", "--from", "image", "--out", "s.csv"}).json()["unreadable"],
            1);
  std::filesystem::create_directories(path("templates/DB1"));
  write("templates/DB1/1_1.iso", "a template");
  EXPECT_EQ(run_json({"score", "templates", "--from", "image", "--out", "s.csv"}).fault(), 16);
}

}  // namespace
}  // namespace whorl::app
