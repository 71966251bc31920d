// What data/sandbox/ and data/system_calls/ know.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "code/decoder.h"

namespace fathom::sandbox {

extern const std::string_view kRuntimeTsv, kLoadingTsv, kX86Tsv, kAarch64Tsv;

// "openat"; empty for a number that the machine does not have.
std::string_view system_call_name(code::Machine machine, std::uint64_t number);
std::optional<std::uint32_t> system_call_number(code::Machine machine, std::string_view name);

// What the runtime needs after it has installed the filter.
struct RuntimeRow {
  std::string_view name, who, why;
};
const std::vector<RuntimeRow>& runtime_rows();

struct LoadingRow {
  enum class What : std::uint8_t { opens, looks_up, starts, configured };
  std::string_view name;
  What what = What::opens;
  std::size_t argument = 0;
  std::string_view file;  // configured: that says what is loaded
};
const LoadingRow* loading_row(std::string_view name);

}  // namespace fathom::sandbox
