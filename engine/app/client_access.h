#pragma once
// What the actions of `whorl client` have in common: the connection, the heading, the samples.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/app/console.h"
#include "engine/base/result.h"
#include "engine/service/client.h"

namespace CLI {
class App;
}

namespace whorl::app {

struct ServiceOptions {
  std::string server, certificate, private_key, authority, server_name, dev;
  std::string gallery, purpose, priority = "routine", request_id;
  double deadline_s = 60;
  int retries = 3;
};
enum class Heading : std::uint8_t { whole, without_gallery };
void add_service_options(CLI::App& app, ServiceOptions& options, Heading heading);

// Where the service is, and by which certificates: of the options, or of the folder that
// `whorl serve --dev` wrote. Faults: bad_argument, those of service::load_credentials.
Result<service::ClientOptions> service_from(const ServiceOptions& options, const Clock& clock);
Result<std::unique_ptr<service::Client>> connect(const ServiceOptions& options, Console& console);

// With a request id of its own where none was given. Fault: bad_argument.
Result<std::unique_ptr<wire::HeadingT>> heading_of(const ServiceOptions& options);
service::CallOptions call_options(const ServiceOptions& options);

struct SampleOptions {
  std::vector<std::string> files;
  std::string position, modality;
  std::optional<double> ppi;
};
void add_sample_options(CLI::App& app, SampleOptions& options);
using Samples = std::vector<std::unique_ptr<wire::SampleT>>;
// The files as they are: the service reads them. Faults: io_error, bad_argument, limit_exceeded.
Result<Samples> samples_of(const SampleOptions& options);
Result<Samples> samples_of(const std::vector<std::string>& files);

}  // namespace whorl::app
