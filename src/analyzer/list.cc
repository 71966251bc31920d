// The two tables of analyzers. The order is the order of work and of FileFacts::analyzed_by:
// rows above may be read by rows below (the strings are there when a package analyzer runs).

#include <array>

#include "analyzer/analyzer.h"

namespace fathom {

extern const FileAnalyzer elf_facts;
extern const FileAnalyzer strings;
extern const FileAnalyzer constant_returns;
extern const FileAnalyzer handed_out;
extern const FileAnalyzer source_lines;
extern const FileAnalyzer tables;
extern const FileAnalyzer function_hashes;
extern const FileAnalyzer go_buildinfo;
extern const FileAnalyzer rust_audit;
extern const FileAnalyzer java_class;
extern const FileAnalyzer java_manifest;
extern const FileAnalyzer pom_properties;
extern const FileAnalyzer java_release;
extern const FileAnalyzer java_image;
extern const FileAnalyzer java_machine;
extern const FileAnalyzer java_native;
extern const FileAnalyzer rust_locations;
extern const FileAnalyzer python_metadata;
extern const FileAnalyzer python_record;
extern const FileAnalyzer node_package;
extern const FileAnalyzer dotnet_deps;
extern const FileAnalyzer ruby_gemspec;
extern const FileAnalyzer php_composer;
extern const FileAnalyzer rust_revision;
extern const FileAnalyzer dotnet_revision;
extern const FileAnalyzer statements;
extern const FileAnalyzer dpkg;
extern const FileAnalyzer apk;
extern const FileAnalyzer rpm;
extern const FileAnalyzer os_release;
extern const FileAnalyzer copyright;
extern const FileAnalyzer sbom_documents;
extern const FileAnalyzer program_traits;
extern const FileAnalyzer settings;
extern const FileAnalyzer secrets;
extern const FileAnalyzer certificates;
extern const FileAnalyzer loader_cache;
extern const FileAnalyzer loading;
extern const FileAnalyzer hardening_facts;

extern const ImageAnalyzer packages_image;
extern const ImageAnalyzer licenses_image;

std::span<const FileAnalyzer* const> file_analyzers() {
  static constexpr auto kRows = std::to_array<const FileAnalyzer*>({
      &elf_facts,
      &strings,
      &constant_returns,
      &handed_out,
      &source_lines,
      &tables,
      &function_hashes,
      &go_buildinfo,
      &rust_audit,
      &java_class,
      &java_manifest,
      &pom_properties,
      &java_release,
      &java_image,
      &java_machine,
      &java_native,
      &rust_locations,
      &python_metadata,
      &python_record,
      &node_package,
      &dotnet_deps,
      &ruby_gemspec,
      &php_composer,
      &rust_revision,
      &dotnet_revision,
      &statements,
      &dpkg,
      &apk,
      &rpm,
      &os_release,
      &copyright,
      &sbom_documents,
      &program_traits,
      &settings,
      &secrets,
      &certificates,
      &loader_cache,
      &loading,
      &hardening_facts,
  });
  return kRows;
}

std::span<const ImageAnalyzer* const> image_analyzers() {
  static constexpr auto kRows = std::to_array<const ImageAnalyzer*>({
      &packages_image,
      &licenses_image,
  });
  return kRows;
}

}  // namespace fathom
