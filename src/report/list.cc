#include <array>

#include "report/formats.h"

namespace fathom {
namespace {

constexpr std::array<const Reporter*, 3> kReporters = {
    &kTableReporter,
    &kJsonReporter,
    &kCycloneDxReporter,
};

}  // namespace

std::span<const Reporter* const> all_reporters() { return kReporters; }

const Reporter* find_reporter(std::string_view name) {
  for (const Reporter* reporter : kReporters)
    if (reporter->name == name) return reporter;
  return nullptr;
}

}  // namespace fathom
