// The two texts in which a jar says what it is: META-INF/MANIFEST.MF (JAR File Specification) and
// pom.properties, which Maven puts in (java.util.Properties).

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"

namespace fathom {

struct JavaAttribute {
  std::string name, value;
  std::uint64_t line = 0;
  auto operator<=>(const JavaAttribute&) const = default;
};

// The value of the first attribute of that name (ASCII case ignored, as the specification wants);
// null when there is none.
const JavaAttribute* find_attribute(const std::vector<JavaAttribute>& attributes,
                                    std::string_view name);

// Whether the text begins as a manifest does.
bool is_java_manifest(std::string_view text);

// The main section, continued lines joined. Lines that are no attribute are passed over, as Java
// does when it reads a jar.
std::vector<JavaAttribute> read_java_manifest(std::string_view text, const Limits& limits);

// Whether these are the properties of a Maven artifact.
bool is_pom_properties(std::string_view text);
std::vector<JavaAttribute> read_java_properties(std::string_view text, const Limits& limits);

}  // namespace fathom
