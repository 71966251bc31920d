// OCI image layouts, as folder and as tar, and docker archives that have one inside.
// Source: OCI image specification 1.1, image-layout.md, image-index.md.
//
// Which manifest? All indexes are read first, so that a tag, a digest or a platform is found
// wherever it stands. A reference names a tag or a digest. Without one there must be one image, or
// one for the platform that was asked for (this machine's, when none was); anything else is an
// error that lists the choices, never a guess.

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "image/container_image.h"
#include "image/statements_beside.h"
#include "oci/media_type.h"
#include "oci/reference.h"

namespace fathom::image {
namespace {

Result<Bytes> read_verified(Container& container, const std::string& name,
                            const oci::Descriptor& what, const Limits& limits) {
  Bytes bytes = TRY(container.read(name, limits.manifest_bytes));
  if (bytes.size() != what.size)
    return Error{ErrorCode::malformed,
                 "blob " + what.digest.text() + " has " + std::to_string(bytes.size()) +
                     " bytes, its descriptor says " + std::to_string(what.size)};
  Hasher hasher(what.digest.algorithm);
  hasher.update(ByteView(bytes));
  std::string actual = what.digest.algorithm + ":" + hasher.finish_hex();
  if (actual != what.digest.text())
    return Error{ErrorCode::malformed,
                 "wrong digest: blob " + what.digest.text() + " has the content of " + actual};
  return bytes;
}

Result<Manifest> read_manifest(Container& container, const oci::Descriptor& what,
                               const Limits& limits) {
  const std::string name = container.manifest_name(what.digest);
  Bytes bytes = TRY(read_verified(container, name, what, limits));
  return parse_manifest(ByteView(bytes).as_text(), limits).in("manifest " + what.digest.text());
}

Result<Config> read_config(Container& container, const oci::Descriptor& what,
                           const Limits& limits) {
  Bytes bytes = TRY(read_verified(container, oci::blob_path(what.digest), what, limits));
  return parse_config(ByteView(bytes).as_text(), limits);
}

struct Candidate {
  oci::Descriptor descriptor;
  std::set<std::string> names;    // tags, also those of the indexes above
  std::set<std::string> digests;  // its own and those of the indexes above
};

// Every manifest that the indexes name, once each, in the order of the documents.
class Collector {
 public:
  Collector(Container& container, const Limits& limits) : container_(container), limits_(limits) {}

  void run(const Manifest& index) { add_all(index, Candidate{}, 0); }

  std::vector<Candidate> candidates;
  std::vector<oci::Descriptor> attestations;
  std::vector<Error> problems;

 private:
  void add_all(const Manifest& index, const Candidate& above, std::uint64_t depth) {
    for (const oci::Descriptor& descriptor : index.manifests) {
      if (is_attestation(descriptor)) {
        attestations.push_back(descriptor);
        continue;
      }
      Candidate candidate = above;
      candidate.descriptor = descriptor;
      candidate.digests.insert(descriptor.digest.text());
      for (std::string& name : names_of(descriptor)) candidate.names.insert(std::move(name));
      if (Done done = add(candidate, depth); !done) problems.push_back(done.error());
    }
  }

  Done add(const Candidate& candidate, std::uint64_t depth) {
    switch (oci::parse_media_type(candidate.descriptor.media_type).kind) {
      case oci::MediaKind::manifest:
      case oci::MediaKind::manifest_schema1:
        add_manifest(candidate);
        return Ok{};
      case oci::MediaKind::index:
        return add_index(candidate, depth);
      default:
        break;
    }
    if (!candidate.descriptor.media_type.empty())
      return Error{ErrorCode::unsupported,
                   "the index names " + candidate.descriptor.digest.text() + " of type " +
                       printable(candidate.descriptor.media_type) + ", which is no image"};
    // The type may be left out; then the document says what it is.
    if (TRY(read_manifest(container_, candidate.descriptor, limits_)).is_index)
      return add_index(candidate, depth);
    add_manifest(candidate);
    return Ok{};
  }

  void add_manifest(const Candidate& candidate) {
    auto [at, is_new] = manifests_.emplace(candidate.descriptor.digest.text(), candidates.size());
    if (is_new) return candidates.push_back(candidate);
    add_names(candidate, at->second);
  }

  void add_names(const Candidate& from, std::size_t to) {
    candidates[to].names.insert(from.names.begin(), from.names.end());
    candidates[to].digests.insert(from.digests.begin(), from.digests.end());
  }

  // An index that is named twice is read once: what it holds gets both names. Reading each blob at
  // most once also bounds the work by the size of the layout, whatever refers to whatever.
  Done add_index(const Candidate& candidate, std::uint64_t depth) {
    const std::string digest = candidate.descriptor.digest.text();
    if (!open_.insert(digest).second)
      return Error{ErrorCode::malformed, "the index " + digest + " contains itself"};
    Done done = add_index_once(candidate, digest, depth);
    open_.erase(digest);
    return done;
  }

  Done add_index_once(const Candidate& candidate, const std::string& digest, std::uint64_t depth) {
    if (depth >= limits_.index_depth)
      return Error{ErrorCode::limit_exceeded, "indexes inside indexes, deeper than the limit"};
    if (read_.contains(digest)) {
      for (std::size_t i = 0; i < candidates.size(); ++i)
        if (candidates[i].digests.contains(digest)) add_names(candidate, i);
      return Ok{};
    }
    Manifest index = TRY(read_manifest(container_, candidate.descriptor, limits_));
    if (!index.is_index)
      return Error{ErrorCode::malformed, digest + " is called an index and is a manifest"};
    read_.insert(digest);
    add_all(index, candidate, depth + 1);
    return Ok{};
  }

  Container& container_;
  const Limits& limits_;
  std::map<std::string, std::size_t> manifests_;
  std::set<std::string> open_, read_;
};

struct Choice {
  Candidate candidate;
  Manifest manifest;
  Config config;
};

class Chooser {
 public:
  Chooser(Container& container, const OpenOptions& options, const Limits& limits)
      : container_(container), options_(options), limits_(limits) {}

  Result<Choice> run(std::vector<Candidate> candidates, std::vector<Gap>& gaps) {
    if (!options_.reference.empty()) candidates = TRY(by_reference(std::move(candidates)));
    wanted_ = TRY(wanted_platform(options_));
    const bool one = candidates.size() == 1;
    Candidate chosen = one ? std::move(candidates[0]) : TRY(by_platform(std::move(candidates)));
    Choice choice = TRY(load(std::move(chosen)));
    TRY(check_platform(choice, gaps));
    return choice;
  }

  Result<std::vector<ImageChoice>> list(std::vector<Candidate> candidates) {
    if (!options_.reference.empty()) candidates = TRY(by_reference(std::move(candidates)));
    std::vector<ImageChoice> choices;
    for (Candidate& candidate : candidates) {
      fill_platform(candidate.descriptor);
      choices.push_back(
          {candidate.descriptor.digest.text(), oci::text_of(candidate.descriptor.platform)});
    }
    return choices;
  }

 private:
  Result<std::vector<Candidate>> by_reference(std::vector<Candidate> candidates) const {
    std::string choices = choices_of(candidates);
    std::erase_if(candidates, [&](const Candidate& c) { return !is_meant(c); });
    if (candidates.empty())
      return Error{ErrorCode::not_found, "no image is called \"" + printable(options_.reference) +
                                             "\"; there are: " + choices};
    return candidates;
  }

  bool is_meant(const Candidate& candidate) const {
    return candidate.digests.contains(options_.reference) ||
           std::ranges::any_of(candidate.names, [&](const std::string& name) {
             return oci::names_the_same(options_.reference, name);
           });
  }

  Result<Candidate> by_platform(std::vector<Candidate> candidates) {
    const oci::Platform wanted = wanted_ ? *wanted_ : oci::this_machine();
    std::vector<Candidate> fitting, exact;
    for (Candidate& candidate : candidates) {
      fill_platform(candidate.descriptor);
      const oci::Platform& offered = candidate.descriptor.platform;
      if (oci::satisfies(offered, wanted)) fitting.push_back(candidate);
      if (offered == wanted) exact.push_back(candidate);
    }
    if (fitting.size() == 1) return fitting[0];
    if (exact.size() == 1) return exact[0];
    if (fitting.empty() && wanted_)
      return Error{ErrorCode::not_found, "no image for " + oci::text_of(wanted) +
                                             "; there are: " + choices_of(candidates)};
    return Error{ErrorCode::usage,
                 "several images are in it; name one by :TAG, @DIGEST or --platform: " +
                     choices_of(fitting.empty() ? candidates : fitting)};
  }

  // Layouts written by skopeo and umoci name no platform in their index: the config does.
  void fill_platform(oci::Descriptor& descriptor) {
    if (descriptor.platform.known()) return;
    Result<Manifest> manifest = read_manifest(container_, descriptor, limits_);
    if (!manifest || manifest->is_index) return;
    Result<Config> config = read_config(container_, manifest->config, limits_);
    if (config) descriptor.platform = config->platform;
  }

  Result<Choice> load(Candidate candidate) {
    Manifest manifest = TRY(read_manifest(container_, candidate.descriptor, limits_));
    if (manifest.is_index)
      return Error{ErrorCode::malformed,
                   candidate.descriptor.digest.text() + " is called a manifest and is an index"};
    std::string_view type = manifest.config.media_type;
    if (oci::parse_media_type(type).kind != oci::MediaKind::config)
      return Error{ErrorCode::unsupported, "the manifest " + candidate.descriptor.digest.text() +
                                               " is no container image (its config is " +
                                               printable(type) + ")"};
    Config config = TRY(read_config(container_, manifest.config, limits_).in("config"));
    return Choice{std::move(candidate), std::move(manifest), std::move(config)};
  }

  Done check_platform(const Choice& choice, std::vector<Gap>& gaps) const {
    const oci::Platform& said = choice.candidate.descriptor.platform;
    const oci::Platform& is = choice.config.platform;
    if (said.known() && is.known() && !oci::satisfies(is, said))
      gaps.push_back({"image", "", "", -1, ErrorCode::malformed,
                      "the index says the image is for " + printable(oci::text_of(said)) +
                          ", its config says " + printable(oci::text_of(is))});
    const oci::Platform& offered = said.known() ? said : is;
    if (!wanted_ || !offered.known() || oci::satisfies(offered, *wanted_)) return Ok{};
    return Error{ErrorCode::not_found, "no image for " + oci::text_of(*wanted_) +
                                           "; there are: " + choices_of({choice.candidate})};
  }

  static std::string choices_of(const std::vector<Candidate>& candidates) {
    constexpr std::size_t kMostChoices = 20;
    std::vector<std::string> texts;
    for (const Candidate& candidate : candidates) {
      if (texts.size() == kMostChoices) {
        texts.push_back("and " + with_thousands(candidates.size() - kMostChoices) + " more");
        break;
      }
      std::vector<std::string> names(candidate.names.begin(), candidate.names.end());
      if (names.empty()) names.push_back(candidate.descriptor.digest.text());
      std::string text = printable(join(names, " "));
      if (candidate.descriptor.platform.known())
        text += " (" + printable(oci::text_of(candidate.descriptor.platform)) + ")";
      texts.push_back(std::move(text));
    }
    return join(texts, ", ");
  }

  Container& container_;
  const OpenOptions& options_;
  const Limits& limits_;
  std::optional<oci::Platform> wanted_;
};

std::vector<LayerBlob> layer_blobs(const Manifest& manifest) {
  std::vector<LayerBlob> blobs;
  for (const oci::Descriptor& layer : manifest.layers) {
    LayerInfo info;
    info.digest = layer.digest.text();
    info.media_type = layer.media_type;
    info.size = layer.size;
    const bool foreign = !layer.urls.empty() || oci::parse_media_type(layer.media_type).foreign;
    blobs.push_back({oci::blob_path(layer.digest), std::move(info), foreign});
  }
  return blobs;
}

bool wants_folder(Probe& probe) {
  return probe.is_directory() && has_oci_layout(*folder_container(probe.store()));
}

bool wants_archive(Probe& probe) {
  return probe.container() != nullptr && has_oci_layout(*probe.container());
}

Result<std::unique_ptr<Image>> open_folder(Probe& probe, const OpenOptions& options) {
  if (!probe.is_directory()) return Error{ErrorCode::usage, "is not a folder"};
  return open_oci(folder_container(probe.store()), "oci-dir", options, probe.limits());
}

Result<std::unique_ptr<Image>> open_archive(Probe& probe, const OpenOptions& options) {
  std::unique_ptr<Container> container = TRY(probe.take_container());
  return open_oci(std::move(container), "oci-archive", options, probe.limits());
}

}  // namespace

Result<Manifest> read_index(Container& container, const Limits& limits) {
  Bytes bytes = TRY(container.read("index.json", limits.manifest_bytes));
  Manifest index = TRY(parse_manifest(ByteView(bytes).as_text(), limits).in("index.json"));
  if (!index.is_index) return Error{ErrorCode::malformed, "index.json is not an index"};
  return index;
}

Result<std::unique_ptr<Image>> open_oci(std::unique_ptr<Container> container,
                                        std::string_view source, const OpenOptions& options,
                                        const Limits& limits) {
  const Manifest index = TRY(read_index(*container, limits));
  return open_index(std::move(container), index, source, options, limits);
}

Result<std::unique_ptr<Image>> open_index(std::unique_ptr<Container> container,
                                          const Manifest& index, std::string_view source,
                                          const OpenOptions& options, const Limits& limits) {
  Collector collector(*container, limits);
  collector.run(index);
  if (collector.candidates.empty()) {
    if (!collector.problems.empty()) return std::move(collector.problems[0]);
    return Error{ErrorCode::not_found, "the index names no image"};
  }
  std::vector<Gap> gaps;
  Choice choice =
      TRY(Chooser(*container, options, limits).run(std::move(collector.candidates), gaps));
  ImageInfo info = info_of(choice.config, source);
  info.digest = choice.candidate.descriptor.digest.text();
  info.names.assign(choice.candidate.names.begin(), choice.candidate.names.end());
  info.gaps = std::move(gaps);
  info.annotations = choice.manifest.annotations;
  container->complete(info, choice.candidate.digests);
  add_statements(*container, collector.attestations, limits, info);
  std::vector<LayerBlob> blobs = layer_blobs(choice.manifest);
  describe_layers(choice.config, blobs, info.gaps);
  return std::unique_ptr<Image>(
      new ContainerImage(std::move(container), std::move(info), std::move(blobs), limits));
}

Result<std::vector<ImageChoice>> list_index(Container& container, const Manifest& index,
                                            const OpenOptions& options, const Limits& limits) {
  Collector collector(container, limits);
  collector.run(index);
  if (collector.candidates.empty() && !collector.problems.empty())
    return std::move(collector.problems[0]);
  return Chooser(container, options, limits).list(std::move(collector.candidates));
}

std::optional<FoundManifest> find_manifest_of(Container& container, const std::string& config,
                                              const Limits& limits) {
  Result<Manifest> index = read_index(container, limits);
  if (!index) return std::nullopt;
  Collector collector(container, limits);
  collector.run(*index);
  for (const Candidate& candidate : collector.candidates) {
    Result<Manifest> manifest = read_manifest(container, candidate.descriptor, limits);
    if (manifest && !manifest->is_index && manifest->config.digest.text() == config)
      return FoundManifest{candidate.descriptor.digest.text(), std::move(*manifest)};
  }
  return std::nullopt;
}

extern const Source oci_dir_source{"oci-dir", 1, "a folder in OCI image layout", wants_folder,
                                   open_folder};
extern const Source oci_archive_source{"oci-archive", 1, "a tar of an OCI image layout",
                                       wants_archive, open_archive};

}  // namespace fathom::image
