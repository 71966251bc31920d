// What single files of the Java world say: classes, manifests, pom.properties, and the runtime by
// its `release` file, its image of modules and its virtual machine.

#include <algorithm>
#include <array>

#include "analyzer/analyzer.h"
#include "analyzer/claim_text.h"
#include "analyzer/java_class.h"
#include "analyzer/java_manifest.h"
#include "analyzer/jimage.h"
#include "analyzer/line_reader.h"
#include "base/text.h"
#include "model/purl.h"

namespace fathom {

namespace {

constexpr std::uint64_t kMostMetadata = 1 * kMiB;  // of one manifest or properties file

Done run_class(const FileInput& in, FileFacts& facts) {
  JavaClass read = TRY(read_java_class(in.bytes));
  facts.java.emplace();
  facts.java->class_name = kept(read.name, in.limits);
  facts.java->shape = read.shape;
  return Ok{};
}

Done run_manifest(const FileInput& in, FileFacts& facts) {
  facts.java.emplace();
  for (JavaAttribute& attribute : read_java_manifest(in.bytes.as_text(), in.limits))
    facts.java->manifest.emplace_back(std::move(attribute.name), std::move(attribute.value));
  return Ok{};
}

Done run_pom(const FileInput& in, FileFacts& facts) {
  const std::vector<JavaAttribute> properties = read_java_properties(in.bytes.as_text(), in.limits);
  const JavaAttribute* group = find_attribute(properties, "groupId");
  const JavaAttribute* artifact = find_attribute(properties, "artifactId");
  const JavaAttribute* version = find_attribute(properties, "version");
  if (!group || !artifact || group->value.empty() || artifact->value.empty())
    return Error{ErrorCode::malformed, "properties of an artifact without a name"};
  PackageClaim claim;
  Component& c = claim.component;
  c.kind = ComponentKind::module;
  c.name = group->value + ":" + artifact->value;
  // What the build did not fill in is no version.
  if (version && version->value.find("${") == std::string::npos) c.version.exact = version->value;
  c.ecosystem = "Maven";
  c.purl = Purl{.type = "maven",
                .namespace_ = group->value,
                .name = artifact->value,
                .version = c.version.exact}
               .text();
  for (const JavaAttribute* seen : {group, artifact, version})
    if (seen)
      c.evidence.push_back(
          line_evidence("pom-properties", seen->line, seen->name + "=" + seen->value, in.limits));
  facts.packages.push_back(std::move(claim));
  return Ok{};
}

// ---- The runtime

PackageClaim runtime_claim(std::string version, Confidence confidence, Evidence evidence) {
  PackageClaim claim;
  Component& c = claim.component;
  c.kind = ComponentKind::runtime;
  c.name = "openjdk";
  c.version.exact = std::move(version);
  c.ecosystem = "C";  // most of it is; advisories for the C libraries include it
  c.purl = Purl{.type = "generic", .name = c.name, .version = c.version.exact}.text();
  c.cpe = "cpe:2.3:a:openjdk:openjdk:" + c.version.exact + ":*:*:*:*:*:*:*";
  c.confidence = confidence;
  c.evidence.push_back(std::move(evidence));
  return claim;
}

Evidence runtime_evidence(std::string_view analyzer, Place place, std::string seen) {
  return {.analyzer = std::string(analyzer),
          .file = {},
          .file_digest = {},
          .place = std::move(place),
          .seen = std::move(seen)};
}

std::string unquoted(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    value = value.substr(1, value.size() - 2);
  return std::string(value);
}

Done run_release(const FileInput& in, FileFacts& facts) {
  const std::vector<JavaAttribute> lines = read_java_properties(in.bytes.as_text(), in.limits);
  const JavaAttribute* version = find_attribute(lines, "JAVA_VERSION");
  if (!version) return Ok{};
  PackageClaim claim =
      runtime_claim(unquoted(version->value), Confidence::high,
                    line_evidence("java-release", version->line,
                                  version->name + "=" + version->value, in.limits));
  for (std::string_view key :
       {"IMPLEMENTOR", "IMPLEMENTOR_VERSION", "JAVA_RUNTIME_VERSION", "MODULES", "GRAALVM_VERSION"})
    if (const JavaAttribute* also = find_attribute(lines, key))
      claim.component.evidence.push_back(
          line_evidence("java-release", also->line, also->name + "=" + also->value, in.limits));
  facts.packages.push_back(std::move(claim));
  return Ok{};
}

Done run_image(const FileInput& in, FileFacts& facts) {
  JavaImage image = TRY(read_java_image(in.bytes, in.limits));
  add_gaps(facts, in.limits, "java-image", image.problems, 0);
  if (image.modules.empty()) return Error{ErrorCode::malformed, "runtime image without modules"};
  std::string seen = std::to_string(image.modules.size()) + " modules: " + join(image.modules, " ");
  PackageClaim claim = runtime_claim(
      image.version, Confidence::high,
      runtime_evidence("java-image", Place::named("locations"), kept(seen, in.limits)));
  if (!image.version.empty())
    claim.component.evidence.push_back(
        runtime_evidence("java-image", Place::named("/java.base/module-info.class"),
                         "module java.base@" + image.version));
  facts.packages.push_back(std::move(claim));
  return Ok{};
}

// ---- The virtual machine: "OpenJDK 64-Bit Server VM (17.0.15+6-Debian-1deb12u1) for linux-amd64
// JRE (17.0.15+6-Debian-1deb12u1), built on …" is what -Xinternalversion prints.

constexpr std::string_view kVirtualMachine = " VM (";
constexpr std::string_view kRuntime = " JRE (";

std::string_view machine_text(const FileInput& in) {
  std::string_view all = in.bytes.as_text();
  for (std::size_t at = all.find(kRuntime); at != all.npos; at = all.find(kRuntime, at + 1)) {
    std::size_t begin = all.rfind('\0', at) + 1;
    std::size_t stop = std::min(all.find('\0', at), all.size());
    constexpr std::size_t kMostText = 1024;
    if (stop - begin > kMostText) continue;
    std::string_view text = all.substr(begin, stop - begin);
    if (text.find(kVirtualMachine) != text.npos && text.find(", built on") != text.npos)
      return text;
  }
  return {};
}

// "17.0.15+6-Debian" → "17.0.15"; "1.8.0_392-b08" → "1.8.0_392".
std::string java_version_of(std::string_view runtime) {
  return std::string(runtime.substr(0, runtime.find_first_not_of("0123456789._")));
}

Done run_machine(const FileInput& in, FileFacts& facts) {
  std::string_view text = machine_text(in);
  if (text.empty()) return Ok{};
  std::size_t at = text.find(kRuntime) + kRuntime.size();
  std::string_view runtime = text.substr(at, text.find(')', at) - at);
  // Before Java 9 the name came first: "(1.8.0_392-b08)".
  std::string version = java_version_of(runtime);
  if (version.empty()) return Error{ErrorCode::malformed, "a Java virtual machine of no release"};
  auto offset = static_cast<std::uint64_t>(text.data() - in.bytes.as_text().data());
  const elf::Section* section = in.elf->section_at(offset);
  facts.packages.push_back(runtime_claim(
      version, Confidence::high,
      runtime_evidence("java-machine",
                       Place::at_offset(offset, section ? kept(section->name, in.limits) : ""),
                       kept(text, in.limits))));
  return Ok{};
}

bool is_text_metadata(const FileInput& in) {
  return in.kind == FileKind::text && in.bytes.size() <= kMostMetadata;
}

bool exports_machine(const FileInput& in) {
  if (!in.elf) return false;
  std::string_view all = in.bytes.as_text();
  return all.find("JNI_CreateJavaVM") != all.npos && all.find("-Xinternalversion") != all.npos;
}

}  // namespace

extern const FileAnalyzer java_class = {
    .name = "java-class",
    .version = 1,
    .needs = Needs::bytes,
    .summary = "names of Java classes, and what is the same in copies with other packages",
    .wants =
        [](const FileInput& in) {
          return in.kind == FileKind::bytecode && in.bytes.starts_with("\xca\xfe\xba\xbe");
        },
    .run = run_class,
};

extern const FileAnalyzer java_manifest = {
    .name = "java-manifest",
    .version = 1,
    .needs = Needs::bytes,
    .summary = "what the manifest of a Java archive says of it",
    .wants =
        [](const FileInput& in) {
          return is_text_metadata(in) && is_java_manifest(in.bytes.as_text());
        },
    .run = run_manifest,
};

extern const FileAnalyzer pom_properties = {
    .name = "pom-properties",
    .version = 1,
    .needs = Needs::bytes,
    .summary = "Maven artifacts by the pom.properties in them",
    .wants =
        [](const FileInput& in) {
          return is_text_metadata(in) && is_pom_properties(in.bytes.as_text());
        },
    .run = run_pom,
};

extern const FileAnalyzer java_release = {
    .name = "java-release",
    .version = 1,
    .needs = Needs::bytes,
    .summary = "the Java runtime by its release file",
    .wants =
        [](const FileInput& in) {
          return is_text_metadata(in) &&
                 (in.bytes.starts_with("JAVA_VERSION=") ||
                  in.bytes.as_text().find("\nJAVA_VERSION=") != std::string_view::npos);
        },
    .run = run_release,
};

extern const FileAnalyzer java_image = {
    .name = "java-image",
    .version = 1,
    .needs = Needs::bytes,
    .summary = "modules of a Java runtime image (jlink)",
    .wants = [](const FileInput& in) { return is_java_image(in.bytes); },
    .run = run_image,
};

extern const FileAnalyzer java_machine = {
    .name = "java-machine",
    .version = 1,
    .needs = Needs::elf,
    .summary = "the Java virtual machine by what it prints of itself",
    .wants = exports_machine,
    .run = run_machine,
};

}  // namespace fathom
