#include "engine/python/fault.h"

#include <string>

namespace whorl::python {
namespace {

namespace py = pybind11;

constexpr const char* kDoc =
    "What went wrong, with the attributes code and name (docs/faults.md: they never change), text\n"
    "(what is wrong), remedy (what to do about it), where (file or record) and offset (byte).";

py::handle fault_type;  // lives as long as the interpreter, as the module does

}  // namespace

void define_fault(py::module_& module) {
  fault_type = PyErr_NewExceptionWithDoc("whorl.WhorlError", kDoc, nullptr, nullptr);
  module.add_object("WhorlError", fault_type);
}

void raise(const Error& error) {
  const FaultText& text = text_of(error.fault);
  const py::object fault = fault_type(describe(error));
  fault.attr("code") = static_cast<int>(error.fault);
  fault.attr("name") = text.name;
  fault.attr("text") = text.what;
  fault.attr("remedy") = text.remedy;
  fault.attr("where") = error.where;
  fault.attr("offset") = error.offset;
  PyErr_SetObject(fault_type.ptr(), fault.ptr());
  throw py::error_already_set();
}

}  // namespace whorl::python
