#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>

#include "engine/app/files.h"
#include "engine/app/serve_options.h"
#include "engine/app/stop_on_signal.h"
#include "engine/app/verbs/verbs.h"
#include "engine/service/operations_endpoint.h"
#include "engine/service/server.h"
#include "engine/service/tls.h"

namespace whorl::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookEvery = 100ms;  // whether to stop
constexpr auto kTidyEvery = 60s;
constexpr const char* kDevClient = "developer";

// A dump would hold templates and the master key.
void leave_no_core() {
  const rlimit none{0, 0};
  (void)setrlimit(RLIMIT_CORE, &none);
}

struct Doors {
  service::Credentials credentials;
  std::unique_ptr<service::Gatekeeper> gatekeeper;
};

// A client that may do everything, known to nobody else: its key lies in the folder alone.
service::Policy open_policy(const std::string& client, const ServeOptions& o) {
  service::Role role;
  role.name = kDevClient;
  role.clients = {client};
  role.galleries = {"*"};
  role.purposes = {"*"};
  role.highest = service::Priority::interactive;
  for (const service::VerbName& entry : service::kVerbNames) role.verbs.push_back(entry.verb);
  service::Policy policy;
  policy.roles.push_back(std::move(role));
  policy.backup_folder = (std::filesystem::path(o.dev_folder) / "backups").string();
  return policy;
}

Result<Doors> dev_doors(const ServeOptions& o, const Clock& clock) {
  WHORL_TRY(auto authority, service::ThrowAwayAuthority::make(clock.now()));
  Doors doors;
  WHORL_TRY(doors.credentials, authority.issue_server({"localhost", "127.0.0.1", "::1"}));
  WHORL_TRY(const service::Credentials client, authority.issue_client(kDevClient));
  const std::filesystem::path folder(o.dev_folder);
  WHORL_TRY_VOID(make_folder(folder));
  for (const auto& [name, text] :
       {std::pair{"client.pem", &client.certificate}, std::pair{"client.key", &client.private_key},
        std::pair{"authority.pem", &authority.certificate()}}) {
    std::error_code ignored;  // of an earlier run; where it stays, writing says so
    std::filesystem::remove(folder / name, ignored);
    WHORL_TRY_VOID(write_secret(folder / name, *text));
  }
  WHORL_TRY(const std::string name, service::subject_of(client.certificate));
  doors.gatekeeper = std::make_unique<service::Gatekeeper>(open_policy(name, o), clock);
  return doors;
}

Result<Doors> open_doors(const ServeOptions& o, const Clock& clock) {
  if (o.dev) return dev_doors(o, clock);
  Doors doors;
  WHORL_TRY(doors.credentials,
            service::load_credentials(o.certificate, o.private_key, o.authority, clock));
  WHORL_TRY(doors.gatekeeper,
            service::Gatekeeper::open(o.policy, clock, doors.credentials.authority));
  return doors;
}

std::string with_port(const std::string& address, int port) {
  return address.substr(0, address.rfind(':') + 1) + std::to_string(port);
}

// On SIGHUP. Whatever is wrong with the policy, the old one holds.
void read_anew(service::Gatekeeper& gatekeeper, service::RequestLog& log) {
  if (const Result<> opened = log.reopen(); !opened) log.warning(opened.error());
  const Result<> read = gatekeeper.reload();
  if (!read) log.warning(read.error());
  if (read) log.event("policy-reloaded", "");
}

Result<Exit> serve(CLI::App& app, ServeOptions& o, Console& console) {
  WHORL_TRY_VOID(complete_serve_options(app, o));
  service::require_tls13();  // before there are threads: it writes the environment
  leave_no_core();
  std::atomic<bool> hung_up = false;
  const StopOnSignal stop([&hung_up] { hung_up = true; });
  const Clock& clock = console.clock();
  WHORL_TRY(Doors doors, open_doors(o, clock));
  WHORL_TRY(const auto log, service::RequestLog::open(o.log));
  WHORL_TRY(const Key master, load_master_key(o.store.key));
  WHORL_TRY(const auto engine,
            open_engine(o.store, master, console, o.create ? Create::yes : Create::no));
  WHORL_TRY(const auto audit, service::AuditLog::open(o.audit, master, clock));
  service::Metrics metrics;
  service::Service service({*engine, *doors.gatekeeper, *audit, metrics, *log, clock},
                           o.store.threads);
  std::atomic<bool> drained = false;
  service.on_drain([&drained] { drained = true; });
  service::ServerOptions listening{o.listen, doors.credentials};
  WHORL_TRY(const auto server, service::Server::start(listening, service));
  std::unique_ptr<service::OperationsEndpoint> operations;
  if (!o.operations.empty()) {
    WHORL_TRY(operations,
              service::OperationsEndpoint::start(o.operations, doors.credentials, *doors.gatekeeper,
                                                 metrics, [&] { return !service.draining(); }));
  }
  const std::string address = with_port(o.listen, server->port());
  log->event("serving", address);
  if (!o.address_file.empty()) WHORL_TRY_VOID(write_file(o.address_file, address + "\n"));
  if (o.dev) {
    WHORL_TRY_VOID(write_file(std::filesystem::path(o.dev_folder) / "address", address + "\n"));
  }
  console.note("serving at " + address);

  auto tidied = std::chrono::steady_clock::now() - kTidyEvery;
  while (!stop.token().stop_requested() && !drained) {
    if (std::chrono::steady_clock::now() - tidied >= kTidyEvery) {
      tidied = std::chrono::steady_clock::now();
      if (const Result<> tidy = service.tidy(); !tidy) log->warning(tidy.error());
    }
    if (hung_up.exchange(false)) read_anew(*doors.gatekeeper, *log);
    std::this_thread::sleep_for(kLookEvery);
  }
  log->event("draining", "");
  server->drain(std::chrono::seconds(o.drain_seconds));
  operations.reset();
  // So that the next start reads the index instead of making it.
  if (const Result<> saved = engine->save_snapshot(); !saved) log->warning(saved.error());
  log->event("stopped", "");
  return Exit::ok;
}

Run declare_serve(CLI::App& app) {
  auto o = std::make_shared<ServeOptions>();
  add_serve_options(app, *o);
  return [o, &app](Console& console) { return serve(app, *o, console); };
}

}  // namespace

const Verb kServe{
    "serve", "Answer registers and stations over the network, until told to stop",
    "Example, in two terminals:\n"
    "  whorl serve --dev --store store --gallery main --create --key-file master.key\n"
    "  whorl client galleries --dev whorl-dev\n"
    "\n"
    "In earnest, with certificates and a policy of yours (docs/operations.md has both):\n"
    "  whorl serve --config whorl.toml\n"
    "\n"
    "Every connection is mutually authenticated, TLS 1.3. Ctrl-C and SIGTERM take nothing new, "
    "answer what\n"
    "is under way and stop; SIGHUP reads the policy and opens the log anew.",
    declare_serve};

}  // namespace whorl::app
