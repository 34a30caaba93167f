#pragma once
// Faults on their way to Python: the one place where they become exceptions.

#include <pybind11/pybind11.h>

#include <utility>

#include "engine/base/result.h"

namespace whorl::python {

// Adds whorl.WhorlError, with the attributes code, name, text, remedy, where and offset.
void define_fault(pybind11::module_& module);

// Raises WhorlError. With the interpreter's lock held.
[[noreturn]] void raise(const Error& error);

template <class T>
T value_of(Result<T>&& result) {
  if (!result) raise(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// Runs work of ours while other Python threads run; nothing in it may touch Python.
template <class Work>
auto unlocked(Work work) {
  const pybind11::gil_scoped_release others_run;
  return work();
}

}  // namespace whorl::python
