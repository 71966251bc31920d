#include "signature/feature_view.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "signature/feature_data.h"

namespace fathom::signature {
namespace {

constexpr std::size_t kEntry = 3 * sizeof(std::uint32_t);  // offset, elements, width
constexpr std::size_t kAlign = 8;

Error bad(std::string what) { return {ErrorCode::malformed, "features: " + std::move(what)}; }

void put(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i & 0xff);
}

unsigned width_for(std::uint64_t most) {
  return most > 0xffffffff ? 8 : most > 0xffff ? 4 : most > 0xff ? 2 : 1;
}

using Numbers = std::vector<std::uint64_t>;

// Texts one behind the other, and where each ends.
struct Texts {
  Numbers ends;
  std::string all;
  void add(std::string_view text) {
    all += text;
    ends.push_back(all.size());
  }
};

}  // namespace

// A column that is cut, or of no width that there is, is empty.
std::string_view FeatureView::bytes_of(Of which, unsigned& width) const {
  const std::size_t at = kEntry * static_cast<std::size_t>(which);
  if (block_.size() < at + kEntry) return {};
  std::array<std::uint32_t, 3> entry;  // asked for often: no Result for each number
  std::memcpy(entry.data(), block_.substr(at, kEntry).data(), kEntry);
  const auto [offset, count, bytes] = entry;
  if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) return {};
  const std::uint64_t size = std::uint64_t{count} * bytes;
  if (offset > block_.size() || size > block_.size() - offset) return {};
  width = bytes;
  return block_.substr(offset, static_cast<std::size_t>(size));
}

std::string_view FeatureView::text_in(Of ends, Of names, std::size_t i) const {
  unsigned width = 1;
  const std::string_view all = bytes_of(names, width);
  const Extent part = width == 1 ? extent(ends, i, all.size()) : Extent{};
  return all.substr(part.first, part.size());
}

FeatureText FeatureView::text(std::size_t i) const {
  FeatureText text;
  text.flags = static_cast<std::uint8_t>(column(Of::text_flags)[i]);
  text.length = column(Of::text_length).u32(i);
  text.set = column(Of::text_set).u32(i);
  text.file = column(Of::text_file).u32(i);
  return text;
}

FeatureView::Table FeatureView::table(std::size_t i) const {
  return {column(Of::table_set).u32(i),     column(Of::table_file).u32(i),
          column(Of::table_windows).u32(i), column(Of::table_bytes).u32(i),
          column(Of::table_public)[i] != 0, text_in(Of::table_ends, Of::table_names, i)};
}

Done FeatureView::check() const {
  if (block_.size() < kEntry * kColumns) return bad("a library without columns");
  if (name().empty()) return bad("a library without a name");
  const auto ascends = [&](Of ends, std::size_t most) {
    const Column column_of = column(ends);
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < column_of.size(); ++i) {
      if (column_of[i] < before || column_of[i] > most) return false;
      before = column_of[i];
    }
    return true;
  };
  const auto below = [&](Of which, std::size_t most, Of like) {
    const Column column_of = column(which);
    if (column_of.size() != column(like).size()) return false;
    for (std::size_t i = 0; i < column_of.size(); ++i)
      if (column_of[i] >= most) return false;
    return true;
  };
  constexpr std::size_t kAny = ~std::size_t{0};
  const std::size_t spans = column(Of::span_first).size(), lines = line_first().size();
  if (!ascends(Of::head_ends, kAny) || !ascends(Of::release_ends, kAny) ||
      !ascends(Of::file_ends, kAny) || !ascends(Of::table_ends, kAny))
    return bad("broken names");
  if (!below(Of::core_texts, kAny, Of::release_ends)) return bad("sums of other releases");
  if (!ascends(Of::set_ends, spans) || !below(Of::span_last, releases(), Of::span_first))
    return bad("a set of no releases");
  for (std::size_t i = 0; i < spans; ++i)
    if (column(Of::span_first)[i] > column(Of::span_last)[i]) return bad("a set of no releases");
  if (!below(Of::text_set, sets(), Of::text_set) || !below(Of::text_file, files(), Of::text_set) ||
      !below(Of::text_flags, kAny, Of::text_set) || !below(Of::text_length, kAny, Of::text_set))
    return bad("a text of nothing");
  if (!below(Of::body_set, sets(), Of::body_ends) || !ascends(Of::body_ends, body_texts().size()) ||
      !below(Of::body_texts, texts(), Of::body_texts))
    return bad("a function with a text that is not there");
  if (!below(Of::source_file, files(), Of::source_hash) || source_count() > all_sources() ||
      !below(Of::source_ends, versions() + 1, Of::source_hash) ||
      !ascends(Of::source_ends, versions()))
    return bad("lines of no file");
  if (!below(Of::version_set, sets(), Of::version_ends) || !ascends(Of::version_ends, lines) ||
      !below(Of::line_span, kAny, Of::line_first))
    return bad("broken lines");
  if (!below(Of::table_set, sets(), Of::table_ends) ||
      !below(Of::table_file, files(), Of::table_set) ||
      !below(Of::table_windows, kAny, Of::table_set) ||
      !below(Of::table_bytes, kAny, Of::table_set) || !below(Of::table_public, 2, Of::table_set))
    return bad("a table of nothing");
  return Ok{};
}

namespace {

Numbers core_texts_of(const FeatureLibrary& library) {
  Numbers sums(library.releases.size());
  for (const FeatureText& text : library.texts)
    if (text.is_core())
      for (const ReleaseSpan& span : library.sets[text.set])
        for (std::size_t r = span.first; r <= span.last; ++r) ++sums[r];
  return sums;
}

}  // namespace

// What it points at must be there.
std::string pack_library(const FeatureLibrary& library) {
  using Of = FeatureView::Of;
  std::array<Numbers, FeatureView::kColumns> columns;
  const auto of = [&](Of which) -> Numbers& { return columns[static_cast<std::size_t>(which)]; };
  const auto put_texts = [&](Of ends, Of names, const auto& list, auto text_of) {
    Texts texts;
    for (const auto& one : list) texts.add(text_of(one));
    of(ends) = std::move(texts.ends);
    for (char c : texts.all) of(names).push_back(static_cast<unsigned char>(c));
  };
  const auto itself = [](const std::string& text) -> const std::string& { return text; };
  of(Of::numbers) = {library.report_text, library.sources.size()};
  put_texts(Of::head_ends, Of::head,
            std::vector<std::string>{library.name, library.cpe, library.family}, itself);
  put_texts(Of::release_ends, Of::release_names, library.releases, itself);
  of(Of::core_texts) = core_texts_of(library);
  for (const ReleaseSet& set : library.sets) {
    for (const ReleaseSpan& span : set) {
      of(Of::span_first).push_back(span.first);
      of(Of::span_last).push_back(span.last);
    }
    of(Of::set_ends).push_back(of(Of::span_first).size());
  }
  put_texts(Of::file_ends, Of::file_names, library.files, itself);
  for (const FeatureText& text : library.texts) {
    of(Of::text_flags).push_back(text.flags);
    of(Of::text_length).push_back(text.length);
    of(Of::text_set).push_back(text.set);
    of(Of::text_file).push_back(text.file);
  }
  for (const FeatureBody& body : library.bodies) {
    of(Of::body_set).push_back(body.set);
    of(Of::body_texts).insert(of(Of::body_texts).end(), body.texts.begin(), body.texts.end());
    of(Of::body_ends).push_back(of(Of::body_texts).size());
  }
  for (const std::vector<FeatureSource>* list : {&library.sources, &library.reports})
    for (const FeatureSource& source : *list) {
      for (const FeatureLines& lines : source.versions) {
        of(Of::version_set).push_back(lines.set);
        of(Of::line_first).insert(of(Of::line_first).end(), lines.first.begin(), lines.first.end());
        of(Of::line_span).insert(of(Of::line_span).end(), lines.span.begin(), lines.span.end());
        of(Of::version_ends).push_back(of(Of::line_first).size());
      }
      of(Of::source_hash).push_back(source.file_hash);
      of(Of::source_file).push_back(source.file);
      of(Of::source_ends).push_back(of(Of::version_set).size());
    }
  for (const FeatureTable& table : library.tables) {
    of(Of::table_set).push_back(table.set);
    of(Of::table_file).push_back(table.file);
    of(Of::table_windows).push_back(table.windows);
    of(Of::table_bytes).push_back(table.bytes);
    of(Of::table_public).push_back(table.is_public);
  }
  put_texts(Of::table_ends, Of::table_names, library.tables,
            [](const FeatureTable& table) -> const std::string& { return table.name; });

  std::string head, body;
  for (const Numbers& column : columns) {
    const unsigned width = width_for(column.empty() ? 0 : std::ranges::max(column));
    put(head, kEntry * FeatureView::kColumns + body.size(), 4);
    put(head, column.size(), 4);
    put(head, width, 4);
    for (std::uint64_t number : column) put(body, number, width);
    body.resize((body.size() + kAlign - 1) / kAlign * kAlign);
  }
  return head + body;
}

}  // namespace fathom::signature
