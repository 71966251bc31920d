// One pass over the tokens, with a counter for the parentheses: whether an expression is well
// formed needs no tree, and input cannot make anything recurse.

#include "report/spdx.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace fathom {
namespace {

std::vector<std::string_view> tokens_of(std::string_view text) {
  std::vector<std::string_view> tokens;
  while (!text.empty()) {
    std::size_t length = 1;
    if (text[0] != '(' && text[0] != ')' && text[0] != ' ')
      length = std::min(text.find_first_of("() "), text.size());
    if (text[0] != ' ') tokens.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return tokens;
}

bool is_operator(std::string_view token) {
  return token == "AND" || token == "OR" || token == "WITH";
}

bool is_identifier(std::string_view token) {
  if (is_operator(token) || token.empty()) return false;
  if (token.ends_with('+')) token.remove_suffix(1);  // "or later"
  auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == ':';
  };
  return !token.empty() && std::all_of(token.begin(), token.end(), is_plain);
}

}  // namespace

bool is_spdx_expression(const std::string& text) {
  std::size_t open = 0;
  bool wants_operand = true;
  std::string_view before;
  for (std::string_view token : tokens_of(text)) {
    if (token == "(") {
      if (!wants_operand || before == "WITH") return false;
      ++open;
    } else if (token == ")") {
      if (wants_operand || open == 0) return false;
      --open;
    } else if (is_operator(token)) {
      if (wants_operand || (token == "WITH" && before == ")")) return false;
      wants_operand = true;
    } else {
      if (!wants_operand || !is_identifier(token)) return false;
      wants_operand = false;
    }
    before = token;
  }
  return !wants_operand && open == 0;
}

}  // namespace fathom
