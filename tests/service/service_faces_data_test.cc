// A photograph sent to the service, of a gallery that keeps pictures and of one that does not.
#include <gtest/gtest.h>

#include "engine/features/face/extract_face.h"
#include "tests/service/asked_service.h"
#include "tests/support/test_data.h"

namespace whorl::service {
namespace {

class ServiceFaces : public ServiceTest {
 protected:
  std::vector<gallery::Picture> kept(const std::string& gallery) {
    auto& store = house_.engine->store();
    return *store.get_pictures(store.find_gallery(gallery)->id, SubjectId{5}, EncounterId{1});
  }
};

std::unique_ptr<wire::SampleT> sample_of(const Bytes& file) {
  auto sample = std::make_unique<wire::SampleT>();
  for (const std::byte b : file) sample->bytes.push_back(static_cast<std::uint8_t>(b));
  sample->modality = wire::Modality::face;
  return sample;
}

TEST_F(ServiceFaces, AreKeptWhereTheGalleryKeepsPicturesAndElseNot) {
  WHORL_DATA_OR_SKIP(path, "faces/color_small/krasserm_lfw10/Tony_Blair/Tony_Blair_0001.jpg");
  if (!features::shared_face_extractor(std::string(features::kDefaultFaceModel))) {
    GTEST_SKIP() << "the default model's files are in no folder of docs/faces.md: not tested";
  }
  gallery::GallerySettings keeping;
  keeping.keep_pictures = true;
  ASSERT_TRUE(house_.engine->create_gallery("keeping", keeping));
  const Bytes file = test::file_bytes(path);
  for (const std::string gallery : {"main", "keeping"}) {
    auto request = enrolment("e-" + gallery, 5, 3, 0, gallery);
    request.samples.push_back(sample_of(file));
    const auto answer = enrol(request);
    ASSERT_EQ(answer.samples.size(), 3U);
    EXPECT_EQ(answer.samples.back()->modality, wire::Modality::face);
  }
  EXPECT_TRUE(kept("main").empty());
  ASSERT_EQ(kept("keeping").size(), 1U);
  EXPECT_EQ(kept("keeping").front(), (gallery::Picture{2, 1, file}));

  // A visit's, after a finger that has none.
  const Call call = call_by(kRegister);
  Service::Visit visit(*house_.service, call);
  wire::CaptureRequestT capture;
  capture.heading = heading("visit", "keeping");
  capture.subject = 6;
  capture.sample = std::move(samples_of(4, 0).front());
  ASSERT_TRUE(visit.take(packed(capture)));
  capture.sample = sample_of(file);
  capture.finish = true;
  // The person was enrolled above, by this very picture.
  const auto done = visit.take(packed(capture));
  ASSERT_TRUE(done) << describe(done.error());
  const auto feedback = unpacked<wire::FeedbackT>(*done);
  EXPECT_TRUE(feedback.accepted) << feedback.refused_because;
  EXPECT_TRUE(feedback.duplicate_suspected);

  wire::UpdateRequestT update;
  update.heading = heading("update", "keeping");
  update.subject = 5;
  update.encounter = 1;
  update.samples.push_back(sample_of(file));
  const auto updated = ask(&Service::update, update);
  ASSERT_TRUE(updated) << describe(updated.error());
  ASSERT_EQ(kept("keeping").size(), 1U);
  EXPECT_EQ(kept("keeping").front(), (gallery::Picture{0, 1, file}));
}

}  // namespace
}  // namespace whorl::service
