#include "engine/app/serve_options.h"

#include <CLI/CLI.hpp>
#include <fstream>
#include <utility>

#include "engine/app/backend_choice.h"

namespace whorl::app {
namespace {

constexpr const char* kDefaultAddress = "127.0.0.1:7443";

bool has_port(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  return colon != std::string::npos && colon > 0 && colon + 1 < address.size() &&
         address.find_first_not_of("0123456789", colon + 1) == std::string::npos;
}

// One entry of the file, unless the command line said it already.
Result<> take(CLI::App& app, const CLI::ConfigItem& item) {
  const bool opens_a_table = item.name == "++";  // CLI11's word for it
  const std::string name = opens_a_table ? item.parents.back() : item.fullname();
  CLI::Option* option = app.get_option_no_throw("--" + name);
  if (option == nullptr || opens_a_table || name == "config")
    return fail(Fault::bad_argument, 0, name);
  if (option->count() > 0) return {};
  try {
    option->add_result(item.inputs);
    option->run_callback();
  } catch (const CLI::Error& error) {
    return fail(Fault::bad_argument, 0, name + ": " + error.what());
  }
  return {};
}

Result<> read_file(CLI::App& app, const std::string& path) {
  std::ifstream file(path);
  if (!file) return fail(Fault::io_error, 0, path);
  std::vector<CLI::ConfigItem> items;
  try {
    items = CLI::ConfigTOML().from_config(file);
  } catch (const CLI::Error& error) {
    return fail(Fault::bad_argument, 0, path + ": " + error.what());
  }
  for (const CLI::ConfigItem& item : items) {
    if (Result<> taken = take(app, item); !taken) {
      Error error = std::move(taken).error();
      error.where = path + ", " + error.where;
      return tl::unexpected<Error>(std::move(error));
    }
  }
  return {};
}

}  // namespace

void add_serve_options(CLI::App& app, ServeOptions& o) {
  app.add_option("--config", o.config,
                 "TOML file with any of the options below, named without dashes");
  app.add_option("--store", o.store.store, "Folder of the store");
  app.add_option("--gallery", o.store.gallery, "With --create: the gallery to make");
  add_key_options(app, o.store.key);
  app.add_flag("--create", o.create, "Make the store and the gallery where there is none");
  app.add_option("--listen", o.listen,
                 std::string("host:port to answer at; default ") + kDefaultAddress);
  app.add_option("--certificate", o.certificate, "The service's certificate (PEM)");
  app.add_option("--private-key", o.private_key, "Its private key (PEM)");
  app.add_option("--authority", o.authority, "Certificate of the authority of all clients (PEM)");
  app.add_option("--policy", o.policy, "Who may do what: docs/policy.md");
  app.add_option("--audit", o.audit, "Folder of the audit log; default: STORE.audit");
  app.add_option("--operations", o.operations,
                 "host:port for metrics and health, HTTPS; none without it");
  app.add_option("--log", o.log, "File of JSON lines; default: standard error");
  app.add_option("--drain-seconds", o.drain_seconds, "How long a stop waits for answers")
      ->check(CLI::Range(0, 3600))
      ->capture_default_str();
  app.add_option("--address-file", o.address_file, "Write the address here once it answers");
  app.add_flag("--dev", o.dev,
               "To try it out: throw-away certificates, a client that may do everything, loopback");
  app.add_option("--dev-folder", o.dev_folder, "With --dev: where the client's certificate goes")
      ->capture_default_str();
  app.add_option("--backend", o.store.backend, kBackendHelp);
  app.add_option("--threads", o.store.threads, "0: as many as there are CPUs")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
}

Result<> complete_serve_options(CLI::App& app, ServeOptions& o) {
  if (!o.config.empty()) WHORL_TRY_VOID(read_file(app, o.config));
  if (o.store.store.empty()) return fail(Fault::bad_argument, 0, "--store is missing");
  if (o.listen.empty()) o.listen = kDefaultAddress;
  if (!has_port(o.listen)) return fail(Fault::bad_argument, 0, "--listen is host:port");
  if (o.audit.empty()) o.audit = o.store.store + ".audit";
  if (o.create && o.store.gallery.empty()) {
    return fail(Fault::bad_argument, 0, "--create needs --gallery");
  }
  const bool secured =
      !o.certificate.empty() || !o.private_key.empty() || !o.authority.empty() || !o.policy.empty();
  if (o.dev) {
    if (secured) return fail(Fault::bad_argument, 0, "--dev makes certificates and policy itself");
    for (const std::string& address : {o.listen, o.operations}) {
      const std::string host = address.substr(0, address.rfind(':'));
      if (!address.empty() && host != "127.0.0.1" && host != "localhost" && host != "[::1]")
        return fail(Fault::bad_argument, 0, "--dev listens on loopback alone");
    }
    return {};
  }
  for (const auto& [name, value] :
       {std::pair{"--certificate", &o.certificate}, std::pair{"--private-key", &o.private_key},
        std::pair{"--authority", &o.authority}, std::pair{"--policy", &o.policy}}) {
    if (value->empty()) {
      return fail(Fault::bad_argument, 0,
                  std::string(name) + " is missing; `whorl serve --dev` tries it out");
    }
  }
  return {};
}

}  // namespace whorl::app
