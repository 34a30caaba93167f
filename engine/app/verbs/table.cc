#include "engine/app/verbs/verbs.h"

namespace whorl::app {

std::span<const Verb> verbs() {
  static const Verb kVerbs[] = {kVerify, kScore, kConvert, kSimulate, kKeygen, kDevices, kBench};
  return kVerbs;
}

}  // namespace whorl::app
