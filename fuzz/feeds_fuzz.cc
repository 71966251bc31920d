// Any bytes as a feed of advisories, of whatever form they turn out to be: what is read can be
// merged, written, looked up, exported, and read again.

#include <cstdint>
#include <cstdlib>

#include "feeds/export.h"
#include "feeds/merge.h"
#include "vuln/databases.h"

using namespace fathom;

namespace {

constexpr std::string_view kTables =
    "ecosystem\tDebian\tdpkg\tdeb/debian\tdebian\t:{major}\n"
    "ecosystem\tAlpine\tapk\tapk/alpine\talpine\t:v{minor}|edge=:edge\n"
    "ecosystem\tPyPI\tpep440\tpypi\t-\t-\n"
    "ecosystem\tnpm\tsemver\tnpm\t-\t-\n"
    "release\tdebian\t12\tbookworm\t2026-06-10\t2028-06-30\n";

constexpr std::size_t kMostLines = 2 * kMiB;

feeds::Context context() {
  feeds::Context out;
  out.tables = vuln::Distributions::parse(kTables);
  out.libraries["sqlite:sqlite"] = {"sqlite:sqlite", "sqlite", vuln::Scheme::dotted};
  out.file_day = "2026-11-20";
  out.last_day = "2026-11-25";
  out.limits.feed_document = out.limits.feed_inflated = 4 * kMiB;
  out.limits.feed_rows = 20'000;
  return out;
}

Result<Bytes> pack_of(ByteView feed, const feeds::Context& with) {
  feeds::Incoming incoming;
  incoming.summary = TRY(feeds::read_feed(feed, "feed", with, [&](feeds::Batch&& batch) {
    return feeds::append(incoming.rows, std::move(batch), with.limits);
  }));
  incoming.imported = "2026-11-24T00:00:00Z";
  vuln::PackContent content;
  feeds::merge(content, std::move(incoming));
  return vuln::write_pack(std::move(content));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const feeds::Context with = context();
  const Result<Bytes> pack = pack_of(ByteView(std::span(data, size)), with);
  if (!pack) return 0;
  const Result<vuln::Database> database = vuln::Database::open(*pack);
  if (!database || !database->verify()) std::abort();
  std::string lines;
  const Done exported =
      feeds::export_database(*database, [&](const std::string&, std::string_view line) -> Done {
        lines += std::string(line) + "\n";
        return Ok{};
      });
  if (!exported) std::abort();
  if (lines.empty() || lines.size() > kMostLines) return 0;
  const Result<Bytes> again = pack_of(ByteView::of(lines), with);
  if (!again || *again != *pack) std::abort();
  return 0;
}
