#include "analyzer/analyzer.h"

namespace fathom {

extern const FileAnalyzer strings = {
    .name = "strings",
    .version = 1,
    .needs = Needs::elf,
    .summary = "",
    .wants = [](const FileInput& in) { return in.elf != nullptr; },
    .run = [](const FileInput&, FileFacts&) -> Done { return Ok{}; },
};

}  // namespace fathom
