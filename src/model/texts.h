// Every text of a value of the shared vocabulary, by the descriptions of codec.h:
//
//   for_each_text(report, [](std::string& text) { text = utf8_or_escaped(text); });

#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "model/codec.h"

namespace fathom {

template <class Function>
class TextVisitor {
 public:
  explicit TextVisitor(Function& function) : function_(function) {}

  template <class... T>
  void operator()(T&... values) {
    (visit(values), ...);
  }

 private:
  void visit(std::string& text) { function_(text); }
  template <class T>
  void visit(std::vector<T>& list) {
    for (T& item : list) visit(item);
  }
  template <class T>
  void visit(std::optional<T>& maybe) {
    if (maybe) visit(*maybe);
  }
  template <class T>
  void visit(T& value) {
    if constexpr (!std::is_arithmetic_v<T> && !std::is_enum_v<T>) describe(*this, value);
  }

  Function& function_;
};

template <class T, class Function>
void for_each_text(T& value, Function function) {
  TextVisitor<Function> visitor(function);
  visitor(value);
}

}  // namespace fathom
