#pragma once
// How values look to Python: a quantity is its number, a noun its word of engine/base/names.h.

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/names.h"
#include "engine/base/units.h"
#include "engine/python/fault.h"

template <class Tag, class Rep>
class pybind11::detail::type_caster<whorl::Quantity<Tag, Rep>> {
  using Quantity = whorl::Quantity<Tag, Rep>;
  using Number = make_caster<Rep>;

 public:
  PYBIND11_TYPE_CASTER(Quantity, Number::name);
  bool load(handle source, bool convert) {
    Number number;
    if (!number.load(source, convert)) return false;
    value = Quantity{cast_op<Rep>(number)};
    return true;
  }
  static handle cast(Quantity quantity, return_value_policy policy, handle parent) {
    return Number::cast(quantity.value(), policy, parent);
  }
};

namespace whorl::python {

using Word = std::optional<std::string>;

// The noun that a caller's word means; bad_argument with the argument's name where there is none.
template <class Noun>
Noun noun_from(std::optional<Noun> (*from_name)(std::string_view), const Word& word,
               const char* argument, Noun unsaid) {
  if (!word) return unsaid;
  const std::optional<Noun> noun = from_name(*word);
  if (!noun) raise({Fault::bad_argument, 0, argument});
  return *noun;
}

}  // namespace whorl::python
