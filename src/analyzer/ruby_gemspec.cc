// Gems by the specification that RubyGems writes when it installs one
// (specifications/NAME-VERSION.gemspec). It is Ruby code, of which only the two assignments that
// RubyGems writes in one form are read.

#include "analyzer/json_packages.h"
#include "base/text.h"

namespace fathom {

namespace {

constexpr std::string_view kName = "ruby-gemspec";
constexpr std::string_view kFirstLine = "# -*- encoding: utf-8 -*-\n# stub: ";

// "  s.version = \"3.2.0\"" → 3.2.0, where the line says that.
std::string_view assigned(std::string_view line, std::string_view field) {
  line = trim(line);
  if (!line.starts_with("s.") || !line.substr(2).starts_with(field)) return {};
  line = trim(line.substr(2 + field.size()));
  if (!line.starts_with("= ")) return {};
  std::size_t begin = line.find('"');
  if (begin == line.npos) return {};
  std::size_t end = line.find('"', begin + 1);
  return end == line.npos ? std::string_view() : line.substr(begin + 1, end - begin - 1);
}

Done run(const FileInput& in, FileFacts& facts) {
  std::string name, version;
  std::uint64_t at = 0;
  LineReader lines(in.bytes.as_text());
  while (lines.next() && (name.empty() || version.empty())) {
    if (name.empty()) name = kept(assigned(lines.line(), "name"), in.limits);
    if (!version.empty()) continue;
    version = kept(assigned(lines.line(), "version"), in.limits);
    at = lines.number();
  }
  if (name.empty() || version.empty())
    return Error{ErrorCode::malformed, "a gem's specification without name or version"};
  facts.packages.push_back(package_claim({"RubyGems", "gem", {}, name, version, ""}, kName,
                                         Place::at_line(at), name + " " + version));
  return Ok{};
}

}  // namespace

extern const FileAnalyzer ruby_gemspec = {
    .name = kName,
    .version = 1,
    .needs = Needs::bytes,
    .summary = "Ruby gems by their installed specifications",
    .wants = [](const FileInput& in) { return !in.elf && in.bytes.starts_with(kFirstLine); },
    .run = run,
};

}  // namespace fathom
