#include <CLI/CLI.hpp>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "engine/app/backend_choice.h"
#include "engine/app/files.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/words.h"
#include "engine/base/crypto.h"
#include "kernels/backend.h"

namespace whorl::app {
namespace {

// As the operating system names it; empty where it does not.
std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return {};
}

std::string compute_capability(const kernels::DeviceInfo& gpu) {
  return std::to_string(gpu.major) + "." + std::to_string(gpu.minor);
}

std::string line_of(const kernels::DeviceInfo& gpu) {
  return "cuda " + std::to_string(gpu.number) + "    " + gpu.name + ", compute capability " +
         compute_capability(gpu) + ", " + bytes_of(static_cast<double>(gpu.memory_bytes)) + ", " +
         bytes_of(static_cast<double>(gpu.free_bytes)) + " free\n";
}

Json json_of(const kernels::DeviceInfo& gpu) {
  return {{"number", gpu.number},
          {"name", gpu.name},
          {"compute_capability", compute_capability(gpu)},
          {"memory_bytes", gpu.memory_bytes},
          {"free_bytes", gpu.free_bytes}};
}

Result<Exit> devices(Console& console) {
  Json twins = Json::array();
  std::string text = "cpu       " + cpu_name() + ", " +
                     std::to_string(std::thread::hardware_concurrency()) + " threads\n";
  for (const kernels::Backend backend : kernels::kBackends) {
    const std::string name(kernels::name_of(backend));
    const bool available = kernels::available(backend);
    const bool best = backend == kernels::best_backend();
    twins.push_back({{"name", name}, {"available", available}, {"default", best}});
    text += name + std::string(10 - std::min<std::size_t>(9, name.size()), ' ') +
            (best        ? "available, taken by default\n"
             : available ? "available\n"
                         : "not on this machine\n");
  }
  const Gpus gpus = find_gpus();
  Json listed = Json::array();
  for (const kernels::DeviceInfo& gpu : gpus.devices) {
    listed.push_back(json_of(gpu));
    text += line_of(gpu);
  }
  if (gpus.devices.empty()) text += "cuda      none: " + gpus.reason + "\n";
  console.answer({{"cpu", cpu_name()},
                  {"threads", std::thread::hardware_concurrency()},
                  {"backends", twins},
                  {"cuda_compiled", cuda_compiled()},
                  {"cuda_devices", listed},
                  {"cuda_missing", gpus.reason}},
                 text);
  return Exit::ok;
}

Result<Exit> keygen(const std::string& path, Console& console) {
  SystemEntropy entropy;
  WHORL_TRY(const Key key, Key::random(entropy));
  WHORL_TRY_VOID(write_secret(path, key.to_hex() + "\n"));
  console.answer({{"key_file", path}},
                 path +
                     ": a new master key, readable by you alone. Keep a copy apart from the "
                     "store: without it nothing in the store can ever be read.");
  return Exit::ok;
}

Run declare_devices(CLI::App&) { return devices; }

Run declare_keygen(CLI::App& options) {
  auto path = std::make_shared<std::string>();
  options.add_option("FILE", *path, "Where to write it; must not exist yet")->required();
  return [path](Console& console) { return keygen(*path, console); };
}

}  // namespace

const Verb kDevices{"devices", "Show which kernel twins and accelerators this machine has",
                    "Example:\n"
                    "  whorl devices\n"
                    "\n"
                    "A twin is one implementation of the inner loops; all give the same answers "
                    "bit for bit.\n"
                    "Every verb that searches takes the CPU's fastest; --backend NAME forces one.\n"
                    "--backend cuda has the GPUs listed here look through large galleries, all of "
                    "them together.",
                    declare_devices};

const Verb kKeygen{"keygen", "Make a master key for a store",
                   "Example:\n"
                   "  whorl keygen /etc/whorl/master.key\n"
                   "\n"
                   "The file holds 64 hex digits, mode 0600. Every store is sealed with such a "
                   "key: name it\n"
                   "with --key-file, or put the digits into WHORL_MASTER_KEY.",
                   declare_keygen};

}  // namespace whorl::app
