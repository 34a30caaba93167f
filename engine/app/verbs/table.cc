#include "engine/app/verbs/verbs.h"

namespace whorl::app {

std::span<const Verb> verbs() {
  static const Verb kVerbs[] = {kDemo,     kEnroll,  kStation, kIdentify, kUpdate, kDelete,
                                kErase,    kList,    kStats,   kExport,   kBackup, kRestore,
                                kCheck,    kCompact, kExtract, kVerify,   kScore,  kConvert,
                                kSimulate, kKeygen,  kKeys,    kDevices,  kBench,  kServe,
                                kClient,   kAudit,   kGallery, kReEmbed};
  return kVerbs;
}

}  // namespace whorl::app
