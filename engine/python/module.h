#pragma once
// The Python module `whorl`: docs/library.md. pybind11 and its exceptions stop in this folder.

#include <pybind11/pybind11.h>

namespace whorl::python {

void define_templates(pybind11::module_& module);  // extract, verify and what they give
void define_engine(pybind11::module_& module);     // open, Engine and what it gives

}  // namespace whorl::python
