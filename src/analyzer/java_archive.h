// Jars, wars and their like. What their members say is gathered here: the archive is the component,
// its members are how one knows.

#pragma once

#include <optional>
#include <string_view>

#include "facts/facts.h"

namespace fathom {

// For an archive whose members have been recovered: if it is a Java archive, sets `facts.java` and
// moves what its pom.properties claim to the archive.
void describe_java_archive(FileFacts& facts);

// The archive itself as a component, named by its manifest and the name of its file; nothing when a
// pom.properties in it names it, or when it is no Java archive.
std::optional<PackageClaim> claim_java_archive(std::string_view path, const FileFacts& facts);

// "spring-core-6.1.5.jar" → spring-core, 6.1.5. A classifier stays with neither:
// "netty-transport-4.1.100.Final-linux-x86_64.jar".
struct JavaFileName {
  std::string artifact, version;
  bool is_archive = false;  // by its extension
};
JavaFileName split_java_file_name(std::string_view path);

}  // namespace fathom
