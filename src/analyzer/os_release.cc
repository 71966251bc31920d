#include "analyzer/os_release.h"

#include "analyzer/analyzer.h"
#include "analyzer/claim_text.h"
#include "analyzer/line_reader.h"
#include "base/text.h"

namespace fathom {

namespace {

constexpr std::string_view kName = "os-release";
constexpr std::uint64_t kMostBytes = 64 * kKiB;

bool is_key(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == text.npos;
}

// Shell quoting, as far as os-release(5) allows it: no expansions, backslash escapes.
std::string unquoted(std::string_view text) {
  text = trim(text);
  if (text.size() >= 2 && (text[0] == '"' || text[0] == '\'') && text.back() == text[0]) {
    bool single = text[0] == '\'';
    text = text.substr(1, text.size() - 2);
    if (single) return std::string(text);
  }
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

struct Assignment {
  std::string value;
  std::string_view text;
  std::uint64_t line = 0;
};

}  // namespace

std::optional<PackageClaim> read_os_release(std::string_view text, const Limits& limits) {
  if (text.size() > kMostBytes) return std::nullopt;
  Assignment id, version, name, cpe;
  LineReader lines(text);
  while (lines.next()) {
    std::string_view line = trim(lines.line());
    if (line.empty() || line.starts_with('#')) continue;
    std::size_t equals = line.find('=');
    if (equals == line.npos || !is_key(line.substr(0, equals))) return std::nullopt;
    std::string_view key = line.substr(0, equals);
    Assignment assignment{unquoted(line.substr(equals + 1)), line, lines.number()};
    if (key == "ID") id = assignment;
    if (key == "VERSION_ID") version = assignment;
    if (key == "PRETTY_NAME" || (key == "NAME" && name.line == 0)) name = assignment;
    if (key == "CPE_NAME") cpe = assignment;
  }
  if (id.value.empty() || (name.line == 0 && version.line == 0)) return std::nullopt;

  PackageClaim claim;
  Component& component = claim.component;
  component.kind = ComponentKind::application;
  component.name = kept(id.value, limits);
  component.version.exact = kept(version.value, limits);
  component.ecosystem = "os";
  component.cpe = cpe23(cpe.value);
  for (const Assignment* seen : {&id, &version, &name, &cpe})
    if (seen->line != 0)
      component.evidence.push_back(line_evidence(kName, seen->line, seen->text, limits));
  return claim;
}

std::string cpe23(std::string_view cpe) {
  constexpr std::size_t kParts = 11;
  if (cpe.starts_with("cpe:2.3:")) return is_utf8(cpe) ? std::string(cpe) : std::string();
  if (!cpe.starts_with("cpe:/")) return {};
  cpe.remove_prefix(5);
  // Percent-encoded and packed parts have another spelling in 2.3.
  if (cpe.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:._-") !=
      cpe.npos)
    return {};
  std::vector<std::string_view> parts = split(cpe, ':');
  if (parts.size() > 7) return {};
  std::string out = "cpe:2.3";
  for (std::size_t i = 0; i < kParts; ++i) {
    out += ':';
    if (i >= parts.size() || parts[i].empty()) {
      out += '*';
      continue;
    }
    // A hyphen alone means "not applicable"; inside a part it is quoted.
    if (parts[i] == "-") {
      out += '-';
      continue;
    }
    for (char c : parts[i]) {
      if (c == '-') out += '\\';
      out += c;
    }
  }
  return out;
}

extern const FileAnalyzer os_release = {
    .name = kName,
    .version = 1,
    .needs = Needs::bytes,
    .summary = "the distribution, from os-release",
    .wants =
        [](const FileInput& in) {
          std::string_view text = in.bytes.as_text();
          return !in.elf && text.size() <= kMostBytes &&
                 (text.starts_with("ID=") || text.find("\nID=") != text.npos);
        },
    .run = [](const FileInput& in, FileFacts& facts) -> Done {
      if (auto claim = read_os_release(in.bytes.as_text(), in.limits))
        facts.packages.push_back(std::move(*claim));
      return Ok{};
    },
};

}  // namespace fathom
