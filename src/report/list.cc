#include <array>

#include "report/formats.h"

namespace fathom {
namespace {

constexpr std::array kReporters = {
    &kTableReporter,     &kJsonReporter,
    &kCycloneDxReporter, &kCycloneDx17Reporter,
    &kSpdxReporter,      &kSpdxTagValueReporter,
    &kSpdx3Reporter,     &kSarifReporter,
    &kGitlabReporter,    &kJunitReporter,
    &kMarkdownReporter,  &kHtmlReporter,
    &kCsvReporter,
    &kOpenvexReporter,   &kOpenvexComponentsReporter,
};

}  // namespace

std::span<const Reporter* const> all_reporters() { return kReporters; }

const Reporter* find_reporter(std::string_view name) {
  for (const Reporter* reporter : kReporters)
    if (reporter->name == name) return reporter;
  for (const Reporter* reporter : kReporters)
    if (reporter->name == std::string(name) + "-json") return reporter;
  return nullptr;
}

}  // namespace fathom
