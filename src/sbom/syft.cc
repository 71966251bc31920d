// Syft's own JSON. Texts that later releases have made objects of (CPEs, licences) are read in both
// forms. The files whose digests it lists are claims about files.

#include "base/text.h"
#include "sbom/reading.h"

namespace fathom::sbom {
namespace {

using json::Value;

SbomEntry package_of(const Value& artifact, std::size_t index, const Limits& limits) {
  SbomEntry entry;
  entry.name = kept_text(artifact["name"].text_or(), limits);
  entry.version = kept_text(artifact["version"].text_or(), limits);
  entry.type = "library";
  entry.purl = kept_text(artifact["purl"].text_or(), limits);
  entry.place = at_pointer("/artifacts/" + std::to_string(index));
  if (!artifact["cpes"].elements().empty()) {
    const Value& cpe = artifact["cpes"].elements().front();
    entry.cpe = kept_text(cpe.string() ? cpe.text_or() : cpe["cpe"].text_or(), limits);
  }
  for (const Value& license : artifact["licenses"].elements()) {
    const std::string_view expression = license["spdxExpression"].text_or();
    keep(entry.licenses,
         license.string() ? license.text_or()
                          : (expression.empty() ? license["value"].text_or() : expression),
         limits);
  }
  for (const Value& location : artifact["locations"].elements())
    keep(entry.files,
         path_text(location.string() ? location.text_or() : location["path"].text_or()), limits);
  return entry;
}

SbomEntry file_of(const Value& file, std::size_t index, const Limits& limits) {
  SbomEntry entry;
  entry.name = path_text(kept_text(file["location"]["path"].text_or(), limits));
  entry.type = "file";
  entry.place = at_pointer("/files/" + std::to_string(index));
  keep(entry.files, entry.name, limits);
  for (const Value& digest : file["digests"].elements())
    keep(entry.digests, digest_text(digest["algorithm"].text_or(), digest["value"].text_or()),
         limits);
  return entry;
}

void add_distribution(const Value& distro, Draft& draft) {
  if (distro["id"].text_or().empty()) return;
  SbomEntry entry;
  entry.name = kept_text(distro["id"].text_or(), draft.limits());
  entry.version = kept_text(distro["versionID"].text_or(), draft.limits());
  entry.type = "operating-system";
  entry.place = at_pointer("/distro");
  draft.add(std::move(entry));
}

std::string subject_of(const Value& source, const Limits& limits) {
  for (const std::string_view key : {"userInput", "path"})
    for (const Value* where : {&source["metadata"], &source["target"]})
      if (const std::string_view text = (*where)[key].text_or(); !text.empty())
        return kept_text(text, limits);
  return kept_text(source["target"].text_or(source["name"].text_or()), limits);
}

}  // namespace

Result<SbomDocument> read_syft(const Value& document, const Limits& limits) {
  SbomDocument out;
  Draft draft(out, limits);
  out.form = "Syft JSON " + kept_text(document["schema"]["version"].text_or("?"), limits);
  const Value& tool = document["descriptor"];
  out.tool = kept_text(
      std::string(tool["name"].text_or("syft")) + " " + std::string(tool["version"].text_or()),
      limits);
  out.subject = subject_of(document["source"], limits);
  add_distribution(document["distro"], draft);
  std::size_t index = 0;
  for (const Value& artifact : document["artifacts"].elements())
    if (!draft.add(package_of(artifact, index++, limits))) return out;
  index = 0;
  for (const Value& file : document["files"].elements()) {
    SbomEntry entry = file_of(file, index++, limits);
    // The other files are what packages were found in.
    if (!entry.digests.empty() && !draft.add(std::move(entry))) break;
  }
  return out;
}

}  // namespace fathom::sbom
