#include "analyzer/java_manifest.h"

#include "analyzer/line_reader.h"
#include "base/text.h"

namespace fathom {

namespace {

// Attributes of one text that are kept; real ones have dozens.
constexpr std::size_t kMostAttributes = 256;

// "name=value", "name: value", "name value".
bool split_property(std::string_view line, std::string_view& name, std::string_view& value) {
  std::size_t end = line.find_first_of("=: \t");
  if (end == line.npos || end == 0) return false;
  name = line.substr(0, end);
  value = trim(line.substr(end));
  if (value.starts_with('=') || value.starts_with(':')) value = trim(value.substr(1));
  return true;
}

}  // namespace

const JavaAttribute* find_attribute(const std::vector<JavaAttribute>& attributes,
                                    std::string_view name) {
  const std::string wanted = to_lower(name);
  for (const JavaAttribute& attribute : attributes)
    if (to_lower(attribute.name) == wanted) return &attribute;
  return nullptr;
}

bool is_java_manifest(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return to_lower(text.substr(0, 17)) == "manifest-version:";
}

std::vector<JavaAttribute> read_java_manifest(std::string_view text, const Limits& limits) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::vector<JavaAttribute> out;
  LineReader lines(text);
  while (lines.next() && !lines.line().empty() && out.size() < kMostAttributes) {
    std::string_view line = lines.line();
    if (line.starts_with(' ')) {
      if (!out.empty() && out.back().value.size() < limits.text_bytes)
        out.back().value += line.substr(1);
      continue;
    }
    std::size_t colon = line.find(':');
    if (colon == line.npos || colon == 0) continue;
    out.push_back({std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 1))),
                   lines.number()});
  }
  for (JavaAttribute& attribute : out) {
    attribute.name = kept(attribute.name, limits);
    attribute.value = kept(trim(attribute.value), limits);
  }
  return out;
}

bool is_pom_properties(std::string_view text) {
  bool group = false, artifact = false;
  LineReader lines(text);
  for (int i = 0; i < 20 && lines.next(); ++i) {
    group |= lines.line().starts_with("groupId");
    artifact |= lines.line().starts_with("artifactId");
  }
  return group && artifact;
}

std::vector<JavaAttribute> read_java_properties(std::string_view text, const Limits& limits) {
  std::vector<JavaAttribute> out;
  LineReader lines(text);
  while (lines.next() && out.size() < kMostAttributes) {
    std::string_view line = trim(lines.line()), name, value;
    if (line.starts_with('#') || line.starts_with('!')) continue;
    if (!split_property(line, name, value)) continue;
    out.push_back({kept(name, limits), kept(value, limits), lines.number()});
  }
  return out;
}

}  // namespace fathom
