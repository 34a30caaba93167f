#include "engine/python/module.h"

#include "engine/python/fault.h"

PYBIND11_MODULE(whorl, module) {
  module.doc() =
      "Whorl: has this person been enrolled before, under any name?\n"
      "docs/library.md teaches this module; WhorlError carries every fault.";
  whorl::python::define_fault(module);
  whorl::python::define_templates(module);
  whorl::python::define_engine(module);
}
