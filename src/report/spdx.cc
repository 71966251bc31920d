// One pass over the tokens, with a counter for the parentheses: whether an expression is well
// formed needs no tree, and input cannot make anything recurse.

#include "report/spdx.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace fathom {

extern const std::string_view kSpdxIds;

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

bool is_listed(std::string_view identifier) {
  static const std::set<std::string_view> kListed = [] {
    const std::vector<std::string_view> lines = lines_of(kSpdxIds);
    return std::set<std::string_view>(lines.begin(), lines.end());
  }();
  if (kListed.contains(identifier)) return true;
  if (identifier.ends_with('+')) identifier.remove_suffix(1);
  return kListed.contains(identifier);
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

bool is_listed_spdx_expression(const std::string& text) {
  const std::vector<std::string_view> tokens = tokens_of(text);
  return is_spdx_expression(text) &&
         std::all_of(tokens.begin(), tokens.end(), [](std::string_view token) {
           return token == "(" || token == ")" || is_operator(token) || is_listed(token);
         });
}

}  // namespace fathom
