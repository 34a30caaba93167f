#pragma once
// One function a verb: names its options, gives back what to run with their values.

#include "engine/app/command.h"

namespace whorl::app {

extern const Verb kVerify, kScore, kConvert;     // template files
extern const Verb kDevices, kKeygen, kSimulate;  // this machine, a key, a population

extern const Verb kBench;  // what this machine can do

}  // namespace whorl::app
