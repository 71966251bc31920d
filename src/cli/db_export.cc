// fathom db export: to a file as a whole or not at all, or to standard output as it comes.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "archive/zip_writer.h"
#include "base/text.h"
#include "cli/data.h"
#include "cli/db.h"
#include "cli/options.h"
#include "feeds/export.h"

namespace fathom::cli {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

class Writer {
 public:
  // "-" is standard output.
  static Result<Writer> open(const std::string& path) {
    Writer writer;
    writer.path_ = path;
    if (path == "-") return writer;
    writer.part_ = path + ".part" + std::to_string(::getpid());
    writer.file_.reset(std::fopen(writer.part_.c_str(), "wbe"));
    if (!writer.file_) return Error{ErrorCode::io, path + ": " + std::strerror(errno)};
    return writer;
  }
  Writer(Writer&&) = default;
  Writer& operator=(Writer&&) = delete;
  ~Writer() {
    if (file_) ::unlink(part_.c_str());
  }

  Done put(std::string_view bytes) {
    std::FILE* to = file_ ? file_.get() : stdout;
    if (std::fwrite(bytes.data(), 1, bytes.size(), to) == bytes.size()) return Ok{};
    return Error{ErrorCode::io, path_ + ": " + std::strerror(errno)};
  }

  Done finish() {
    std::FILE* to = file_ ? file_.get() : stdout;
    if (std::fflush(to) != 0) return Error{ErrorCode::io, path_ + ": " + std::strerror(errno)};
    if (!file_) return Ok{};
    if (std::rename(part_.c_str(), path_.c_str()) != 0)
      return Error{ErrorCode::io, path_ + ": " + std::strerror(errno)};
    file_.reset();
    return Ok{};
  }

 private:
  Writer() = default;
  std::string path_, part_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace

Result<int> db_export(const Arguments& arguments, const Words& words) {
  if (words.size() > 1) return usage("fathom db export writes one file");
  const std::string path = words.empty() ? "-" : words[0];
  const Data data = TRY(open_data(arguments));
  if (!data.user) return usage("nothing has been imported, so there is nothing to export");
  Writer out = TRY(Writer::open(path));
  if (path.ends_with(".zip")) {
    archive::ZipWriter zip([&](std::string_view bytes) { return out.put(bytes); });
    const feeds::ExportSink sink = [&](const std::string& name, std::string_view line) {
      return zip.add(name, line);
    };
    TRY(feeds::export_database(data.user->database(), sink));
    TRY(zip.finish());
  } else {
    const feeds::ExportSink sink = [&](const std::string&, std::string_view line) -> Done {
      TRY(out.put(line));
      return out.put("\n");
    };
    TRY(feeds::export_database(data.user->database(), sink));
  }
  TRY(out.finish());
  return 0;
}

}  // namespace fathom::cli
