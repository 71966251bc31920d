// SPDX 2 as tag-value: "Tag: value" per line, a value of several lines between <text> and </text>.
// A package or file begins with its name and ends where the next one, or another section, begins.

#include <optional>
#include <set>

#include "base/text.h"
#include "sbom/reading.h"

namespace fathom::sbom {
namespace {

struct Line {
  std::string_view tag, value;
  std::uint64_t number = 0;
};

// The lines with a tag; values of several lines are skipped whole.
class Lines {
 public:
  explicit Lines(std::string_view text) : lines_(lines_of(text)) {}

  std::optional<Line> next() {
    while (at_ < lines_.size()) {
      const std::string_view line = trim(lines_[at_++]);
      if (line.empty() || line[0] == '#') continue;
      const std::size_t colon = line.find(':');
      if (colon == line.npos) continue;
      const Line found{line.substr(0, colon), trim(line.substr(colon + 1)), at_};
      if (found.value.starts_with("<text>")) skip_text(found.value);
      return found;
    }
    return {};
  }

 private:
  void skip_text(std::string_view first) {
    if (first.find("</text>") != first.npos) return;
    while (at_ < lines_.size())
      if (lines_[at_++].find("</text>") != std::string_view::npos) return;
  }

  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
};

class Reader {
 public:
  Reader(std::string_view text, Draft draft) : lines_(text), draft_(std::move(draft)) {}

  void run() {
    draft_.document().form = "SPDX 2 tag-value";
    while (const std::optional<Line> line = lines_.next()) take(*line);
    finish();
    for (Candidate& candidate : candidates_) {
      const bool is_subject =
          described_.contains(candidate.id) && candidate.entry.purl.empty() &&
          (candidate.entry.version.empty() || candidate.entry.version.starts_with("sha256:") ||
           candidate.id.find("DocumentRoot") != std::string::npos);
      const bool is_image =
          candidate.entry.type == "container" || candidate.entry.purl.starts_with("pkg:oci/");
      if (!is_subject && !is_image && !draft_.add(std::move(candidate.entry))) return;
    }
  }

 private:
  struct Candidate {
    SbomEntry entry;
    std::string id;
  };

  void take(const Line& line) {
    SbomDocument& document = draft_.document();
    const Limits& limits = draft_.limits();
    if (line.tag == "SPDXVersion")
      document.form =
          "SPDX " + kept_text(line.value.substr(line.value.find('-') + 1), limits) + " tag-value";
    else if (line.tag == "DocumentName")
      document.subject = kept_text(line.value, limits);
    else if (line.tag == "Creator" && line.value.starts_with("Tool: "))
      document.tool +=
          (document.tool.empty() ? "" : ", ") + kept_text(line.value.substr(6), limits);
    else if (line.tag == "PackageName" || line.tag == "FileName")
      begin(line);
    else if (line.tag == "Relationship")
      take_relationship(line.value);
    else if (line.tag == "LicenseID" || line.tag == "SnippetSPDXID")
      finish();
    else if (current_)
      take_member(line);
  }

  void begin(const Line& line) {
    finish();
    current_.emplace();
    SbomEntry& entry = current_->entry;
    entry.name = kept_text(line.value, draft_.limits());
    entry.place = Place::at_line(line.number);
    if (line.tag == "FileName") {
      entry.type = "file";
      entry.name = path_text(entry.name);
      keep(entry.files, entry.name, draft_.limits());
    }
  }

  void take_member(const Line& line) {
    SbomEntry& entry = current_->entry;
    const Limits& limits = draft_.limits();
    if (line.tag == "SPDXID") current_->id = kept_text(line.value, limits);
    if (line.tag == "PackageVersion") entry.version = kept_text(line.value, limits);
    if (line.tag == "PrimaryPackagePurpose") {
      entry.type = to_lower(line.value);
      if (entry.is_file()) keep(entry.files, path_text(entry.name), limits);
    }
    if (line.tag == "PackageChecksum" || line.tag == "FileChecksum") {
      const std::size_t colon = line.value.find(':');
      if (colon != line.value.npos)
        keep(entry.digests,
             digest_text(line.value.substr(0, colon), trim(line.value.substr(colon + 1))), limits);
    }
    if (line.tag == "PackageLicenseDeclared" || line.tag == "PackageLicenseConcluded")
      if (line.value != "NOASSERTION" && line.value != "NONE")
        keep(entry.licenses, line.value, limits);
    if (line.tag == "ExternalRef") take_reference(line.value);
  }

  // "PACKAGE-MANAGER purl pkg:…", with one space or more between the words.
  void take_reference(std::string_view value) {
    std::vector<std::string_view> words;
    for (const std::string_view word : split(value, ' '))
      if (!trim(word).empty()) words.push_back(trim(word));
    if (words.size() != 3) return;
    SbomEntry& entry = current_->entry;
    if (words[1] == "purl" && entry.purl.empty()) entry.purl = kept_text(words[2], draft_.limits());
    if (words[1] == "cpe23Type" && entry.cpe.empty())
      entry.cpe = kept_text(words[2], draft_.limits());
  }

  void take_relationship(std::string_view value) {
    const std::vector<std::string_view> words = split(value, ' ');
    if (words.size() == 3 && words[1] == "DESCRIBES") described_.emplace(words[2]);
  }

  void finish() {
    if (!current_) return;
    if (candidates_.size() < draft_.limits().sbom_entries)
      candidates_.push_back(std::move(*current_));
    else if (!std::exchange(is_full_, true))
      draft_.problem("more entries than the limit");
    current_.reset();
  }

  Lines lines_;
  Draft draft_;
  std::optional<Candidate> current_;
  std::vector<Candidate> candidates_;
  std::set<std::string, std::less<>> described_;
  bool is_full_ = false;
};

}  // namespace

Result<SbomDocument> read_tag_value(std::string_view text, const Limits& limits) {
  SbomDocument out;
  Reader(text, Draft(out, limits)).run();
  return out;
}

}  // namespace fathom::sbom
