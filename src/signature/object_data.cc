#include "signature/object_data.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <tuple>

#include "base/bytes.h"
#include "base/codec.h"

namespace fathom::signature {

namespace {

constexpr std::string_view kMagic = "FTOB";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kNone = ~std::uint32_t{0};

template <class Codec>
constexpr bool kDecoding = std::is_same_v<Codec, Decoder>;

// Sorted indexes, as distances.
template <class Codec>
void describe_ascending(Codec& codec, std::vector<std::uint32_t>& list) {
  std::uint64_t count = list.size();
  codec(count);
  std::uint32_t before = 0;
  auto step = [&](std::uint32_t& value) {
    std::uint32_t distance = value - before;
    codec(distance);
    before = value = before + distance;
  };
  if constexpr (kDecoding<Codec>) {
    list.clear();
    for (; count > 0 && !codec.failed(); --count) step(list.emplace_back());
  } else {
    for (std::uint32_t& value : list) step(value);
  }
}

// Eight little-endian bytes each: a varint of a hash takes ten.
struct HashBlock {
  std::string bytes;
  void add(std::uint64_t hash) {
    for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(hash >> shift);
  }
  std::uint64_t take(std::size_t& at) const {
    std::uint64_t hash = ByteView::of(bytes).read<std::uint64_t>(at).value_or(0);
    at += 8;
    return hash;
  }
};

template <class Codec>
void describe_hashes(Codec& codec, std::vector<ObjectFunction>& functions) {
  HashBlock block;
  std::string differs;  // a byte each: whether the second hash is another
  if constexpr (!kDecoding<Codec>)
    for (const ObjectFunction& f : functions) {
      block.add(f.exact);
      if (f.loose != f.exact) block.add(f.loose);
      differs += f.loose != f.exact ? '\1' : '\0';
    }
  codec(differs, block.bytes);
  if constexpr (kDecoding<Codec>) {
    if (differs.size() != functions.size()) return codec.fail();
    std::size_t at = 0;
    for (std::size_t i = 0; i < functions.size(); ++i) {
      functions[i].exact = block.take(at);
      functions[i].loose = differs[i] != 0 ? block.take(at) : functions[i].exact;
    }
    if (at != block.bytes.size()) codec.fail();
  }
}

bool all_below(const std::vector<std::uint32_t>& list, std::size_t end) {
  return std::ranges::all_of(list, [&](std::uint32_t value) { return value < end; });
}

bool is_sound(const ObjectLibrary& library) {
  const std::size_t names = library.names.size(), functions = library.functions.size();
  if (names == 0 || !library.names[0].empty()) return false;
  for (const ObjectFunction& f : library.functions)
    if (f.name >= names || !all_below(f.calls, names) || !all_below(f.aliases, names)) return false;
  for (const ObjectMember& m : library.members) {
    if (m.archive >= names || m.name >= names || !all_below(m.functions, functions)) return false;
    for (const auto* list : {&m.defined, &m.needed, &m.wanted})
      if (!all_below(*list, names)) return false;
    for (auto [first, last] : m.builds)
      if (first > last || last >= library.builds.size()) return false;
  }
  return true;
}

}  // namespace

template <class Codec>
void describe(Codec& codec, ObjectBuild& b) {
  codec(b.package, b.version, b.source, b.source_version, b.release, b.distribution,
        b.distribution_release, b.machine, b.purl);
}
template <class Codec>
void describe(Codec& codec, ObjectFunction& f) {
  codec(f.name, f.aliases, f.bytes, f.instructions, f.calls);
}
template <class Codec>
void describe(Codec& codec, ObjectMember& m) {
  codec(m.archive, m.name, m.builds, m.functions);
  describe_ascending(codec, m.defined);
  describe_ascending(codec, m.needed);
  describe_ascending(codec, m.wanted);
}
template <class Codec>
void describe(Codec& codec, ObjectLibrary& l) {
  codec(l.name, l.builds, l.names, l.functions, l.members);
  describe_hashes(codec, l.functions);
}

std::string_view name_of(ObjectMachine machine) {
  return machine == ObjectMachine::x86_64 ? "x86_64" : "aarch64";
}

bool contains(const BuildSet& set, std::uint32_t build) {
  return std::ranges::any_of(
      set, [&](const auto& span) { return span.first <= build && build <= span.second; });
}

namespace {

BuildSet united(const BuildSet& a, const BuildSet& b) {
  BuildSet all = a;
  all.insert(all.end(), b.begin(), b.end());
  std::ranges::sort(all);
  BuildSet out;
  for (const auto& span : all) {
    if (!out.empty() && span.first <= out.back().second + 1)
      out.back().second = std::max(out.back().second, span.second);
    else
      out.push_back(span);
  }
  return out;
}

}  // namespace

FunctionOwners owners_of(const ObjectLibrary& library) {
  FunctionOwners out;
  out.members.resize(library.functions.size());
  out.builds.resize(library.functions.size());
  for (std::uint32_t m = 0; m < library.members.size(); ++m)
    for (std::uint32_t f : library.members[m].functions) {
      if (!out.members[f].empty() && out.members[f].back() == m) continue;
      out.members[f].push_back(m);
      out.builds[f] = united(out.builds[f], library.members[m].builds);
    }
  return out;
}

std::string encode(const ObjectLibrary& library) { return encode_value(library); }

Result<ObjectLibrary> decode_object_library(std::string_view bytes) {
  ObjectLibrary library = TRY(decode_value<ObjectLibrary>(bytes).in("a library of objects"));
  if (!is_sound(library))
    return Error{ErrorCode::malformed, "a library of objects: an index that points nowhere"};
  return library;
}

Result<std::string> pack_objects(const std::vector<ObjectLibrary>& libraries) {
  if (libraries.size() > 0xffff) return Error{ErrorCode::limit_exceeded, "too many libraries"};
  std::vector<std::tuple<std::uint64_t, std::uint16_t, std::uint32_t>> rows;
  std::string sizes, blocks;
  for (std::size_t i = 0; i < libraries.size(); ++i) {
    if (!is_sound(libraries[i]))
      return Error{ErrorCode::malformed, libraries[i].name + ": an index that points nowhere"};
    for (std::size_t f = 0; f < libraries[i].functions.size(); ++f) {
      const ObjectFunction& function = libraries[i].functions[f];
      auto row = [&](std::uint64_t hash) {
        rows.emplace_back(hash, static_cast<std::uint16_t>(i), static_cast<std::uint32_t>(f));
      };
      row(function.exact);
      if (function.loose != function.exact) row(function.loose);
    }
    std::string block = encode(libraries[i]);
    for (int shift = 0; shift < 64; shift += 8)
      sizes += static_cast<char>(std::uint64_t{block.size()} >> shift);
    blocks += block;
  }
  std::ranges::sort(rows);
  auto put = [](std::string& out, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i);
  };
  std::string out(kMagic);
  put(out, kVersion, 4);
  put(out, libraries.size(), 4);
  put(out, rows.size(), 4);
  out += sizes;
  for (const auto& row : rows) put(out, std::get<0>(row), 8);
  for (const auto& row : rows) put(out, std::get<1>(row), 2);
  for (const auto& row : rows) put(out, std::get<2>(row), 4);
  return out + blocks;
}

struct Objects::Blocks {
  std::vector<std::string_view> bytes;
  std::unique_ptr<std::once_flag[]> once;
  std::vector<ObjectLibrary> decoded;
  std::vector<FunctionOwners> owners;
};

Objects::Objects() : blocks_(std::make_unique<Blocks>()) {}
Objects::Objects(Objects&&) noexcept = default;
Objects& Objects::operator=(Objects&&) noexcept = default;
Objects::~Objects() = default;

Result<Objects> Objects::open(std::string_view packed) {
  Objects out;
  if (packed.empty()) return out;
  const ByteView bytes = ByteView::of(packed);
  if (!bytes.starts_with(kMagic)) return Error{ErrorCode::malformed, "not an index of objects"};
  const auto version = TRY(bytes.read<std::uint32_t>(4));
  if (version != kVersion)
    return Error{ErrorCode::unsupported,
                 "an index of objects of version " + std::to_string(version)};
  const std::uint64_t libraries = TRY(bytes.read<std::uint32_t>(8));
  const std::uint64_t hashes = TRY(bytes.read<std::uint32_t>(12));
  std::uint64_t at = 16;
  const ByteView sizes = TRY(bytes.slice(at, libraries * 8));
  at += libraries * 8;
  auto column = [&](std::uint64_t width) -> Result<std::string_view> {
    const ByteView part = TRY(bytes.slice(at, hashes * width));
    at += hashes * width;
    return part.as_text();
  };
  out.hashes_ = TRY(column(8));
  out.libraries_ = TRY(column(2));
  out.functions_ = TRY(column(4));
  for (std::uint64_t i = 0; i < libraries; ++i) {
    const auto size = TRY(sizes.read<std::uint64_t>(8 * i));
    out.blocks_->bytes.push_back(TRY(bytes.slice(at, size)).as_text());
    at += size;
  }
  out.blocks_->decoded.resize(libraries);
  out.blocks_->owners.resize(libraries);
  out.blocks_->once = std::make_unique<std::once_flag[]>(libraries);
  return out;
}

std::uint64_t Objects::hash_at(std::size_t i) const {
  std::uint64_t hash = 0;
  std::memcpy(&hash, hashes_.data() + 8 * i, sizeof hash);
  return hash;
}

Objects::Entry Objects::entry_at(std::size_t i) const {
  Entry entry;
  std::memcpy(&entry.library, libraries_.data() + 2 * i, sizeof entry.library);
  std::memcpy(&entry.function, functions_.data() + 4 * i, sizeof entry.function);
  return entry;
}

std::pair<std::size_t, std::size_t> Objects::find(std::uint64_t hash) const {
  std::size_t low = 0, high = hashes();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (hash_at(middle) < hash)
      low = middle + 1;
    else
      high = middle;
  }
  std::size_t end = low;
  while (end < hashes() && hash_at(end) == hash) ++end;
  return {low, end};
}

std::size_t Objects::library_count() const { return blocks_->bytes.size(); }

const ObjectLibrary& Objects::library(std::size_t i) const {
  std::call_once(blocks_->once[i], [&] {
    if (Result<ObjectLibrary> library = decode_object_library(blocks_->bytes[i]))
      blocks_->decoded[i] = std::move(*library);
    blocks_->owners[i] = owners_of(blocks_->decoded[i]);
  });
  return blocks_->decoded[i];
}

const FunctionOwners& Objects::owners(std::size_t i) const {
  library(i);
  return blocks_->owners[i];
}

Done Objects::check() const {
  for (std::size_t i = 0; i < library_count(); ++i) TRY(decode_object_library(blocks_->bytes[i]));
  for (std::size_t i = 0; i < hashes(); ++i) {
    const Entry entry = entry_at(i);
    if (entry.library >= library_count() ||
        entry.function >= library(entry.library).functions.size())
      return Error{ErrorCode::malformed, "an index of objects: an entry that points nowhere"};
    if (i > 0 && hash_at(i) < hash_at(i - 1))
      return Error{ErrorCode::malformed, "an index of objects that is not sorted"};
  }
  return Ok{};
}

// ---- the graph of members

MemberGraph::MemberGraph(const ObjectLibrary& library, std::uint32_t build) : library_(library) {
  for (std::uint32_t i = 0; i < library.members.size(); ++i) {
    if (!contains(library.members[i].builds, build)) continue;
    members_.push_back(i);
    for (std::uint32_t name : library.members[i].defined) definers_.emplace_back(name, i);
  }
  std::ranges::sort(definers_);
}

std::uint32_t MemberGraph::definer_of(std::uint32_t name) const {
  auto at = std::ranges::lower_bound(definers_, std::pair(name, std::uint32_t{0}));
  return at != definers_.end() && at->first == name ? at->second : kNone;
}

std::uint32_t MemberGraph::definer_of(std::string_view name) const {
  auto at = std::ranges::lower_bound(library_.names, name);
  if (at == library_.names.end() || *at != name) return kNone;
  return definer_of(static_cast<std::uint32_t>(at - library_.names.begin()));
}

std::vector<std::uint32_t> MemberGraph::closure(std::uint32_t member) const {
  std::set<std::uint32_t> seen = {member};
  std::vector<std::uint32_t> open = {member};
  while (!open.empty()) {
    const std::uint32_t next = open.back();
    open.pop_back();
    for (std::uint32_t name : library_.members[next].needed)
      if (const std::uint32_t definer = definer_of(name);
          definer != kNone && seen.insert(definer).second)
        open.push_back(definer);
  }
  return {seen.begin(), seen.end()};
}

std::vector<std::uint32_t> MemberGraph::referrers(std::uint32_t member) const {
  auto asks = [&](const std::vector<std::uint32_t>& names) {
    return std::ranges::any_of(names, [&](std::uint32_t name) {
      return std::ranges::binary_search(library_.members[member].defined, name);
    });
  };
  std::vector<std::uint32_t> out;
  for (std::uint32_t other : members_)
    if (other != member &&
        (asks(library_.members[other].needed) || asks(library_.members[other].wanted)))
      out.push_back(other);
  return out;
}

}  // namespace fathom::signature
