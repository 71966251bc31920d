// C++ is left to the C++ library. Its usual entry, abi::__cxa_demangle, returns only when it has
// written everything, however long, and back references double the text each. Its other entry hands
// out the text in pieces and can be left when that gets too long; the static library has it, the
// shared one does not export it. Without it, names with more back references than short texts have
// are left as they are.

#include "code/demangle.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <optional>

#include "code/rust_symbol.h"

extern "C" [[gnu::weak]] int __gcclibcxx_demangle_callback(
    const char* mangled, void (*callback)(const char*, std::size_t, void*), void* data);

namespace fathom::code {

namespace {

struct TooLong {};

void take_piece(const char* text, std::size_t size, void* data) {
  auto& out = *static_cast<std::string*>(data);
  out.append(text, size);
  if (out.size() > kLongestDemangled) throw TooLong();
}

std::optional<std::string> in_pieces(const std::string& mangled) {
  std::string out;
  try {
    if (__gcclibcxx_demangle_callback(mangled.c_str(), take_piece, &out) != 0) return {};
  } catch (const TooLong&) {
    out.resize(kLongestDemangled);
    out += "…";
  }
  return out;
}

// Each can double what is written so far.
std::size_t back_references(std::string_view symbol) {
  std::size_t count = 0;
  for (std::size_t i = 0; i + 1 < symbol.size(); ++i) {
    bool is_reference = symbol[i] == 'S' || symbol[i] == 'T';
    char next = symbol[i + 1];
    bool is_number = next == '_' || (next >= '0' && next <= '9') || (next >= 'A' && next <= 'Z');
    count += is_reference && is_number ? 1 : 0;
  }
  return count;
}

std::optional<std::string> as_a_whole(const std::string& mangled) {
  constexpr std::size_t kMostReferences = 24;
  if (back_references(mangled) > kMostReferences) return {};
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status), &std::free);
  if (status != 0 || text == nullptr) return {};
  std::string out = text.get();
  if (out.size() > kLongestDemangled) out.replace(kLongestDemangled, out.npos, "…");
  return out;
}

std::optional<std::string> cplusplus_name(std::string_view symbol) {
  std::string mangled(symbol);
  return __gcclibcxx_demangle_callback != nullptr ? in_pieces(mangled) : as_a_whole(mangled);
}

}  // namespace

std::string demangled(std::string_view name) {
  // Symbol versions are no part of it.
  std::string_view symbol = name.substr(0, name.find('@'));
  std::optional<std::string> out;
  if (symbol.size() > kLongestMangled) return std::string(name);
  if (symbol.starts_with("_R")) out = rust_v0_name(symbol);
  if (symbol.starts_with("_ZN")) out = rust_legacy_name(symbol);
  if (!out && symbol.starts_with("_Z")) out = cplusplus_name(symbol);
  return out ? std::move(*out) : std::string(name);
}

}  // namespace fathom::code
