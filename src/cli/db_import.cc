// fathom db import and update. Everything is fetched, checked and read before the lock is taken;
// under it the present pack is read, what came is put in, and the new pack takes the old one's
// place. So a feed that is broken at its last byte has changed nothing.

#include <algorithm>
#include <filesystem>

#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/data.h"
#include "cli/db.h"
#include "cli/options.h"
#include "fetch/fetch.h"
#include "scan/feeds.h"
#include "vuln/embedded_pack.h"

namespace fathom::cli {
namespace {

constexpr int kLockSeconds = 60;
constexpr std::size_t kProblemsShown = 10;

struct Setting {
  vuln::Database built_in;
  vuln::DataPlace place;
  fetch::Options fetch;
  std::string now;
  std::size_t jobs = 1;
};

Result<Setting> setting_of(const Arguments& arguments) {
  Setting setting;
  setting.built_in = TRY(vuln::Database::open(vuln::embedded_pack()).in("the built-in advisories"));
  setting.place = TRY(data_place(arguments));
  setting.now = TRY(parse_now(arguments));
  setting.jobs = TRY(parse_count(arguments, "jobs", available_jobs(), 1024));
  setting.fetch.key = arguments.one("key");
  setting.fetch.checksum = arguments.one("checksum");
  setting.fetch.insecure = arguments.on("insecure");
  setting.fetch.ca_file = arguments.one("ca-file");
  setting.fetch.timeout_seconds = TRY(parse_count(arguments, "network-timeout", 30, 3600));
  setting.fetch.scratch = setting.place.folder;
  setting.fetch.progress = [](const std::string& name, std::uint64_t bytes) {
    log::progress(printable(name) + ": " + human_bytes(bytes));
  };
  // The copies of what is fetched lie on the same disk as the database.
  std::error_code failure;
  std::filesystem::create_directories(setting.place.folder, failure);
  if (failure) return Error{ErrorCode::io, setting.place.folder + ": " + failure.message()};
  return setting;
}

// Reads one file; one that nobody named and that is of no known form is left alone.
Done read_file_of_place(FeedReader& reader, const fetch::File& file, std::uint64_t& used) {
  log::progress("reading " + printable(file.name));
  Done read = reader.read(file.fd, file.name, file.day);
  if (read) {
    ++used;
    return read;
  }
  if (file.listed || read.error().code != ErrorCode::unsupported) return read;
  log::warning("not used: " + read.error().message);
  return Ok{};
}

Result<feeds::Incoming> read_place(const std::string& place, const Setting& setting) {
  FeedReader reader(setting.built_in, setting.now, setting.jobs);
  Hasher all("sha256");
  std::uint64_t files = 0, used = 0;
  std::string only;
  Done fetched = fetch::fetch(place, setting.fetch, [&](fetch::File&& file) {
    ++files;
    only = file.sha256;
    all.update(ByteView::of(file.sha256 + "  " + file.name + "\n"));
    return read_file_of_place(reader, file, used);
  });
  log::progress_done();
  TRY(std::move(fetched));
  if (used == 0)
    return Error{ErrorCode::not_found, printable(place) + ": no file with advisories in it"};
  feeds::Incoming incoming = reader.take();
  incoming.origin = fetch::shown(place);
  incoming.imported = setting.now;
  incoming.digest = "sha256:" + (files == 1 ? only : all.finish_hex());
  return incoming;
}

void tell(const feeds::Incoming& incoming) {
  for (const feeds::Part& part : incoming.summary.parts)
    log::info(part.row.name + (part.row.part.empty() ? "" : " " + printable(part.row.part)) + ": " +
              with_thousands(part.row.records) + " records" +
              (part.row.newest.empty() ? "" : ", newest " + part.row.newest));
  const std::vector<Error>& problems = incoming.summary.problems;
  for (std::size_t i = 0; i < problems.size() && i < kProblemsShown; ++i)
    log::warning("not read: " + printable(problems[i].message, 400));
  const std::uint64_t more = incoming.summary.problems_not_kept + problems.size() -
                             std::min(problems.size(), kProblemsShown);
  if (more > 0) log::warning(with_thousands(more) + " more that could not be read");
}

// The new pack takes the old one's place, or nothing changes.
Done store(std::vector<feeds::Incoming> all, const Setting& setting) {
  const vuln::DataLock lock = TRY(vuln::DataLock::take(setting.place, kLockSeconds));
  vuln::PackContent content;
  {
    Result<std::optional<vuln::UserData>> present = vuln::UserData::open(setting.place.pack);
    if (!present)
      return Error{present.error().code,
                   "the present database cannot be read, so nothing was added to it: " +
                       present.error().message + "; move the file away and import again"};
    if (*present) content = feeds::user_content_of((**present).database());
  }
  for (feeds::Incoming& incoming : all) feeds::merge(content, std::move(incoming));
  const Bytes pack = TRY(vuln::write_pack(std::move(content)));
  return lock.replace(setting.place, pack);
}

Error unchanged(Error error) {
  error.message += "; the present data are unchanged";
  return error;
}

}  // namespace

Result<int> db_import(const Arguments& arguments, const Words& words) {
  Words places = words;
  const std::vector<std::string>& from = arguments.all("from");
  places.insert(places.end(), from.begin(), from.end());
  if (places.empty()) return usage("fathom db import wants a file, a folder, or --from URL");
  const Setting setting = TRY(setting_of(arguments));
  std::vector<feeds::Incoming> all;
  for (const std::string& place : places) {
    Result<feeds::Incoming> incoming = read_place(place, setting);
    if (!incoming) return unchanged(std::move(incoming).error());
    tell(*incoming);
    all.push_back(std::move(*incoming));
  }
  if (Done stored = store(std::move(all), setting); !stored)
    return unchanged(std::move(stored).error());
  return 0;
}

// Each place on its own: one that does not answer must not keep the others old.
Result<int> db_update(const Arguments& arguments, const Words& words) {
  if (!words.empty()) return usage("fathom db update takes no operands; --from names other places");
  const Setting setting = TRY(setting_of(arguments));
  Words places = arguments.all("from");
  if (places.empty()) {
    const Data data = TRY(open_data(arguments));
    if (!data.user) return usage("nothing has been imported yet; see fathom db import");
    for (const vuln::SourceRow& row : data.user->database().sources())
      if (!row.origin.empty() && std::ranges::find(places, row.origin) == places.end())
        places.push_back(row.origin);
  }
  int status = 0;
  for (const std::string& place : places) {
    Result<feeds::Incoming> incoming = read_place(place, setting);
    Done stored = Ok{};
    if (incoming) {
      tell(*incoming);
      std::vector<feeds::Incoming> one;
      one.push_back(std::move(*incoming));
      stored = store(std::move(one), setting);
    } else {
      stored = std::move(incoming).error();
    }
    if (stored) continue;
    log::error(unchanged(std::move(stored).error()).message);
    status = 2;
  }
  return status;
}

}  // namespace fathom::cli
