#include "engine/app/client_access.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "engine/app/names.h"
#include "engine/base/crypto.h"
#include "engine/base/limits.h"
#include "engine/base/random.h"

namespace whorl::app {
namespace {

std::string first_line(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

Result<std::vector<std::uint8_t>> bytes_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Fault::io_error, 0, path);
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  if (failed) return fail(Fault::io_error, 0, path);
  if (size > kMaxMessageBytes) return fail(Fault::limit_exceeded, 0, path);
  std::vector<std::uint8_t> bytes(size);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (!file) return fail(Fault::io_error, 0, path);
  return bytes;
}

// 128 random bits.
Result<std::string> fresh_request_id() {
  SystemEntropy entropy;
  WHORL_TRY(const Key random, Key::random(entropy));
  return random.to_hex().substr(0, 32);
}

}  // namespace

void add_service_options(CLI::App& app, ServiceOptions& o, Heading heading) {
  app.add_option("--dev", o.dev,
                 "Folder that `whorl serve --dev` wrote, in place of the next five");
  app.add_option("--server", o.server, "host:port of the service");
  app.add_option("--certificate", o.certificate, "Your certificate (PEM)");
  app.add_option("--private-key", o.private_key, "Its private key (PEM)");
  app.add_option("--authority", o.authority, "Certificate of the service's authority (PEM)");
  app.add_option("--server-name", o.server_name,
                 "The name in the service's certificate, where --server has another");
  if (heading == Heading::whole) {
    app.add_option("--gallery", o.gallery, "Name of the gallery")->required();
  }
  app.add_option("--purpose", o.purpose,
                 "Why you ask: a word of the service's policy; of people, unless given: test");
  app.add_option("--priority", o.priority, "Who waits: interactive, routine or bulk")
      ->check(CLI::IsMember({"interactive", "routine", "bulk"}))
      ->capture_default_str();
  app.add_option("--request-id", o.request_id,
                 "Repeating one gives the first answer and does nothing; default: a new one");
  app.add_option("--deadline", o.deadline_s, "Seconds to wait for the answer")
      ->check(CLI::Range(0.001, 86400.0))
      ->capture_default_str();
  app.add_option("--retries", o.retries, "How often to ask again when the service is busy or away")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
}

Result<service::ClientOptions> service_from(const ServiceOptions& given, const Clock& clock) {
  ServiceOptions o = given;
  if (!o.dev.empty()) {
    const std::filesystem::path folder(o.dev);
    if (o.server.empty()) o.server = first_line(folder / "address");
    if (o.certificate.empty()) o.certificate = (folder / "client.pem").string();
    if (o.private_key.empty()) o.private_key = (folder / "client.key").string();
    if (o.authority.empty()) o.authority = (folder / "authority.pem").string();
  }
  for (const auto& [name, value] :
       {std::pair{"--server", &o.server}, std::pair{"--certificate", &o.certificate},
        std::pair{"--private-key", &o.private_key}, std::pair{"--authority", &o.authority}}) {
    if (value->empty()) return fail(Fault::bad_argument, 0, std::string(name) + " is missing");
  }
  service::ClientOptions options;
  options.address = o.server;
  options.server_name = o.server_name;
  WHORL_TRY(options.credentials,
            service::load_credentials(o.certificate, o.private_key, o.authority, clock));
  return options;
}

Result<std::unique_ptr<service::Client>> connect(const ServiceOptions& o, Console& console) {
  WHORL_TRY(const service::ClientOptions options, service_from(o, console.clock()));
  return service::Client::connect(options);
}

Result<std::unique_ptr<wire::HeadingT>> heading_of(const ServiceOptions& o) {
  auto heading = std::make_unique<wire::HeadingT>();
  heading->request_id = o.request_id;
  if (o.request_id.empty()) { WHORL_TRY(heading->request_id, fresh_request_id()); }
  heading->gallery = o.gallery;
  heading->purpose = o.purpose.empty() && !o.gallery.empty() ? "test" : o.purpose;
  heading->priority = o.priority == "interactive" ? wire::Priority::interactive
                      : o.priority == "bulk"      ? wire::Priority::bulk
                                                  : wire::Priority::routine;
  return heading;
}

service::CallOptions call_options(const ServiceOptions& o) {
  return {std::chrono::milliseconds(static_cast<std::int64_t>(o.deadline_s * 1000)), o.retries};
}

void add_sample_options(CLI::App& app, SampleOptions& o) {
  app.add_option("FILE", o.files, "Pictures, records or templates of one person")->required();
  app.add_option("--position", o.position, "Whose finger a bare picture shows: right-index, ...");
  app.add_option("--modality", o.modality, "What a bare picture shows: finger or face")
      ->check(CLI::IsMember({"finger", "face"}));
  app.add_option("--ppi", o.ppi, "True resolution of bare pictures of fingers");
}

Result<Samples> samples_of(const SampleOptions& o) {
  std::uint8_t position = 0;
  if (!o.position.empty()) {
    const auto named = finger_from_name(o.position);
    if (!named) return fail(Fault::bad_argument, 0, "--position " + o.position);
    position = static_cast<std::uint8_t>(*named);
  }
  WHORL_TRY(Samples samples, samples_of(o.files));
  for (const auto& sample : samples) {
    sample->position = position;
    sample->modality = o.modality == "face"     ? wire::Modality::face
                       : o.modality == "finger" ? wire::Modality::finger
                                                : wire::Modality::unknown;
    sample->ppi = static_cast<float>(o.ppi.value_or(0));
  }
  return samples;
}

Result<Samples> samples_of(const std::vector<std::string>& files) {
  Samples samples;
  for (const std::string& file : files) {
    auto sample = std::make_unique<wire::SampleT>();
    WHORL_TRY(sample->bytes, bytes_of_file(file));
    samples.push_back(std::move(sample));
  }
  return samples;
}

}  // namespace whorl::app
