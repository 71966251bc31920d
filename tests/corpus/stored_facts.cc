#include "stored_facts.h"

#include <zstd.h>

#include <algorithm>

#include "base/limits.h"
#include "vuln/embedded_pack.h"

namespace fathom::corpus {
namespace {

constexpr std::uint64_t kMostBytes = 256 * kMiB;  // of one file's facts

}  // namespace

Result<Knowledge> open_knowledge() {
  vuln::Database database = TRY(vuln::Database::open(vuln::embedded_pack()));
  signature::Classifiers classifiers =
      TRY(signature::Classifiers::parse(database.section("classifiers")));
  signature::Features features = TRY(signature::Features::open(database.section("features")));
  TableFilter tables(features.table_windows());
  return Knowledge{std::move(database), std::move(classifiers), std::move(features),
                   std::move(tables)};
}

std::string store_facts(const FileFacts& facts, int level) {
  const std::string encoded = encode(facts);
  std::string out(ZSTD_compressBound(encoded.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), encoded.data(), encoded.size(), level));
  return out;
}

Result<FileFacts> load_facts(std::string_view stored) {
  const unsigned long long size = ZSTD_getFrameContentSize(stored.data(), stored.size());
  if (size > kMostBytes) return Error{ErrorCode::malformed, "no stored facts"};
  std::string encoded(size, '\0');
  std::size_t done = ZSTD_decompress(encoded.data(), encoded.size(), stored.data(), stored.size());
  if (ZSTD_isError(done) != 0) return Error{ErrorCode::malformed, ZSTD_getErrorName(done)};
  return decode_facts(encoded);
}

void trim_facts(FileFacts& facts, const Knowledge& knowledge) {
  const signature::Features::Index& known = knowledge.features.texts();
  std::erase_if(facts.strings, [&](const StringHash& text) {
    const std::size_t at = known.first_not_below(0, text.hash);
    bool is_known = at < known.size() && known.hash_at(at) == text.hash;
    return !is_known && !knowledge.classifiers.asks_for(text.hash);
  });
  facts.audit = {};
  facts.named_libraries = {};
  facts.functions = {};
  facts.go = {};
  facts.java = {};
  facts.revisions = {};
  facts.statements = {};
  facts.licenses = {};
  facts.sboms = {};
  facts.members = {};
  facts.gaps = {};
}

}  // namespace fathom::corpus
