// Names as their languages write them: C++ (Itanium ABI), Rust, old and new. Bounded, since names
// can be made that are short and whose text is endless.
// Sources: Itanium C++ ABI, 5.1; Rust RFC 2603 and rustc-demangle's notes on the legacy scheme.

#pragma once

#include <string>
#include <string_view>

namespace fathom::code {

inline constexpr std::size_t kLongestMangled = 16 * 1024;
inline constexpr std::size_t kLongestDemangled = 4096;

// The name itself where it is not mangled, or not correctly. Longer ones end with "…". Hashes that
// Rust adds to tell apart what has the same path are left out.
std::string demangled(std::string_view name);

}  // namespace fathom::code
