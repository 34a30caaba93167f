#pragma once
// One function a verb: names its options, gives back what to run with their values.

#include "engine/app/command.h"

namespace whorl::app {

extern const Verb kExtract;                                    // images
extern const Verb kVerify, kScore, kConvert;                   // template files
extern const Verb kEnroll, kIdentify;                          // the main work
extern const Verb kUpdate, kDelete, kErase;                    // people already enrolled
extern const Verb kList, kStats, kExport;                      // what is in a store
extern const Verb kBackup, kRestore, kCheck, kCompact, kKeys;  // keeping it well
extern const Verb kServe, kClient, kAudit;                     // the service
extern const Verb kGallery, kReEmbed;                          // what holds for a whole gallery
extern const Verb kSimulate, kKeygen, kDevices, kBench, kDemo,
    kStation;  // a population, a key, this machine

}  // namespace whorl::app
