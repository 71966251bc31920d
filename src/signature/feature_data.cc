#include "signature/feature_data.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <tuple>

#include "base/bytes.h"
#include "base/codec.h"

namespace fathom::signature {
namespace {

constexpr std::string_view kMagic = "FTUR";
constexpr std::uint32_t kVersion = 1;

template <class T>
void put(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(value >> 8 * i & 0xff);
}

template <class T>
T number_at(std::string_view array, std::size_t i) {
  T value;
  std::memcpy(&value, array.data() + i * sizeof(T), sizeof(T));
  return value;
}

// Ascending numbers as differences.
template <class Codec>
void describe_ascending(Codec& codec, std::vector<std::uint32_t>& numbers) {
  std::vector<std::uint32_t> steps = numbers;
  for (std::size_t i = steps.size(); i-- > 1;) steps[i] -= steps[i - 1];
  codec(steps);
  for (std::size_t i = 1; i < steps.size(); ++i) steps[i] += steps[i - 1];
  numbers = std::move(steps);
}

}  // namespace

template <class Codec>
void describe(Codec& codec, ReleaseSpan& span) {
  codec(span.first, span.last);
}
template <class Codec>
void describe(Codec& codec, FeatureText& text) {
  codec(text.flags, text.length, text.set, text.file);
}
template <class Codec>
void describe(Codec& codec, FeatureBody& body) {
  codec(body.set);
  describe_ascending(codec, body.texts);
}
template <class Codec>
void describe(Codec& codec, FeatureLines& lines) {
  codec(lines.set);
  describe_ascending(codec, lines.first);
  codec(lines.span);
}
template <class Codec>
void describe(Codec& codec, FeatureSource& source) {
  codec(source.file_hash, source.file, source.versions);
}
template <class Codec>
void describe(Codec& codec, FeatureLibrary& library) {
  codec(library.name, library.cpe, library.family, library.releases, library.sets, library.files,
        library.texts, library.bodies, library.sources);
}

namespace {

Error bad(std::string what) { return {ErrorCode::malformed, "features: " + std::move(what)}; }

// Every index points at something, so that nobody has to look again.
Done check_library(const FeatureLibrary& library) {
  const std::size_t releases = library.releases.size(), sets = library.sets.size();
  for (const ReleaseSet& set : library.sets)
    for (const ReleaseSpan& span : set)
      if (span.first > span.last || span.last >= releases) return bad("a set of no releases");
  for (const FeatureText& text : library.texts)
    if (text.set >= sets || text.file >= library.files.size()) return bad("a text of nothing");
  for (const FeatureBody& body : library.bodies) {
    if (body.set >= sets) return bad("a function of no release");
    for (std::uint32_t text : body.texts)
      if (text >= library.texts.size()) return bad("a function with a text that is not there");
  }
  for (const FeatureSource& source : library.sources) {
    if (source.file >= library.files.size()) return bad("lines of no file");
    for (const FeatureLines& lines : source.versions)
      if (lines.set >= sets || lines.span.size() != lines.first.size()) return bad("broken lines");
  }
  return Ok{};
}

Result<FeatureLibrary> decode_library(std::string_view block) {
  FeatureLibrary library = TRY(decode_value<FeatureLibrary>(block));
  TRY(check_library(library));
  return library;
}

}  // namespace

Result<std::string> pack_features(std::vector<FeatureLibrary> libraries) {
  if (libraries.size() > 0xffff) return bad("too many libraries");
  std::vector<std::tuple<std::uint64_t, std::uint16_t, std::uint32_t>> texts;
  std::string sizes, blocks;
  for (std::size_t i = 0; i < libraries.size(); ++i) {
    TRY(check_library(libraries[i]));
    for (std::size_t t = 0; t < libraries[i].texts.size(); ++t)
      texts.emplace_back(libraries[i].texts[t].hash, static_cast<std::uint16_t>(i),
                         static_cast<std::uint32_t>(t));
    std::string block = encode_value(libraries[i]);
    put(sizes, static_cast<std::uint64_t>(block.size()));
    blocks += block;
  }
  std::ranges::sort(texts);
  std::string hashes, owners, indexes;
  for (const auto& [hash, owner, index] : texts) {
    put(hashes, hash);
    put(owners, owner);
    put(indexes, index);
  }
  std::string head(kMagic);
  put(head, kVersion);
  put(head, static_cast<std::uint32_t>(libraries.size()));
  put(head, static_cast<std::uint32_t>(texts.size()));
  return head + sizes + hashes + owners + indexes + blocks;
}

struct Features::Blocks {
  struct Block {
    std::string_view bytes;
    std::once_flag decoded;
    FeatureLibrary library;
  };
  explicit Blocks(std::size_t count) : list(count) {}
  std::vector<Block> list;
};

Features::Features() : blocks_(std::make_unique<Blocks>(0)) {}
Features::Features(Features&&) noexcept = default;
Features& Features::operator=(Features&&) noexcept = default;
Features::~Features() = default;

Result<Features> Features::open(std::string_view packed) {
  Features features;
  if (packed.empty()) return features;
  ByteView bytes = ByteView::of(packed);
  std::uint64_t at = kMagic.size();
  if (!bytes.starts_with(kMagic)) return bad("not of this form");
  const std::uint32_t version = TRY(bytes.read<std::uint32_t>(at));
  if (version != kVersion) return bad("version " + std::to_string(version));
  const std::uint32_t libraries = TRY(bytes.read<std::uint32_t>(at + 4));
  const std::uint32_t texts = TRY(bytes.read<std::uint32_t>(at + 8));
  at += 12;
  auto take = [&](std::uint64_t size) -> Result<std::string_view> {
    ByteView part = TRY(bytes.slice(at, size));
    at += size;
    return part.as_text();
  };
  if (libraries > 0xffff) return bad("too many libraries");
  std::string_view sizes = TRY(take(8 * std::uint64_t{libraries}));
  features.hashes_ = TRY(take(8 * std::uint64_t{texts}));
  features.libraries_ = TRY(take(2 * std::uint64_t{texts}));
  features.indexes_ = TRY(take(4 * std::uint64_t{texts}));
  features.count_ = texts;
  features.blocks_ = std::make_unique<Blocks>(libraries);
  for (std::size_t i = 0; i < libraries; ++i)
    features.blocks_->list[i].bytes = TRY(take(number_at<std::uint64_t>(sizes, i)));
  if (at != bytes.size()) return bad("bytes behind the last library");
  return features;
}

std::uint64_t Features::hash_at(std::size_t i) const {
  return number_at<std::uint64_t>(hashes_, i);
}

Features::Entry Features::entry_at(std::size_t i) const {
  return {number_at<std::uint16_t>(libraries_, i), number_at<std::uint32_t>(indexes_, i)};
}

std::size_t Features::library_count() const { return blocks_->list.size(); }

const FeatureLibrary& Features::library(std::size_t i) const {
  Blocks::Block& block = blocks_->list[i];
  std::call_once(block.decoded, [&] {
    if (Result<FeatureLibrary> library = decode_library(block.bytes))
      block.library = std::move(*library);
  });
  return block.library;
}

Done Features::check() const {
  for (const Blocks::Block& block : blocks_->list) TRY(decode_library(block.bytes));
  for (std::size_t i = 0; i < count_; ++i) {
    if (i > 0 && hash_at(i - 1) > hash_at(i)) return bad("texts out of order");
    Entry entry = entry_at(i);
    if (entry.library >= library_count() || entry.text >= library(entry.library).texts.size())
      return bad("a text of no library");
  }
  return Ok{};
}

}  // namespace fathom::signature
