// A file is copied before it is checked and checked before it is read: what lies in a folder can be
// changed between the two, and what comes over the network is only there once.

#include "fetch/fetch.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/digest.h"
#include "base/text.h"
#include "fetch/checksums.h"
#include "fetch/signature.h"
#include "net/http.h"

namespace fathom::fetch {
namespace {

namespace fs = std::filesystem;

constexpr const char* kList = "SHA256SUMS";
constexpr std::uint64_t kProgressBytes = 4 * kMiB;

Error system_error(const std::string& doing) {
  return {ErrorCode::io, doing + ": " + std::strerror(errno)};
}

std::string day_of(std::time_t time) {
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 16> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts);
  return text.data();
}

// ---- Where bytes come from

// One file as it is read, front to back.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual Result<std::size_t> read(std::span<std::uint8_t> into) = 0;
  virtual std::string day() const = 0;
};

// Names in it are relative; what is not there is ErrorCode::not_found.
class Place {
 public:
  virtual ~Place() = default;
  virtual Result<std::unique_ptr<Stream>> open(const std::string& name) = 0;
  virtual std::string shown(const std::string& name) const = 0;
  // The files that are there; nothing where nobody can say.
  virtual Result<std::optional<std::vector<std::string>>> list() = 0;
};

class FileStream : public Stream {
 public:
  FileStream(int fd, std::time_t time) : fd_(fd), time_(time) {}
  FileStream(const FileStream&) = delete;
  FileStream& operator=(const FileStream&) = delete;
  ~FileStream() override { ::close(fd_); }

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    for (;;) {
      const ssize_t n = ::read(fd_, into.data(), into.size());
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR) return system_error("reading");
    }
  }
  std::string day() const override { return day_of(time_); }

 private:
  int fd_;
  std::time_t time_;
};

bool is_feed_name(const fs::path& path) {
  static constexpr std::array<std::string_view, 8> kEndings = {".json", ".jsonl", ".csv", ".zip",
                                                               ".gz",   ".zst",   ".xz",  ".bz2"};
  const std::string ending = path.extension().string();
  return std::ranges::find(kEndings, ending) != kEndings.end();
}

class Folder : public Place {
 public:
  Folder(fs::path path, std::uint64_t most) : path_(std::move(path)), most_(most) {}

  Result<std::unique_ptr<Stream>> open(const std::string& name) override {
    const std::string path = (path_ / name).string();
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
      return Error{ErrorCode::not_found, path + ": there is no such file"};
    if (fd < 0) return system_error(path);
    struct stat status{};
    if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
      ::close(fd);
      return Error{ErrorCode::not_found, path + ": not a file"};
    }
    return std::unique_ptr<Stream>(std::make_unique<FileStream>(fd, status.st_mtime));
  }
  std::string shown(const std::string& name) const override { return (path_ / name).string(); }

  Result<std::optional<std::vector<std::string>>> list() override {
    std::vector<std::string> names;
    std::error_code failure;
    // Folders behind links are not followed, so this ends.
    for (fs::recursive_directory_iterator at(path_, failure), end; !failure && at != end;
         at.increment(failure)) {
      std::error_code ignored;
      if (!at->is_regular_file(ignored) || !is_feed_name(at->path())) continue;
      names.push_back(at->path().lexically_relative(path_).string());
      if (names.size() > most_)
        return Error{ErrorCode::limit_exceeded, path_.string() + ": more files than the limit"};
    }
    if (failure) return Error{ErrorCode::io, path_.string() + ": " + failure.message()};
    std::ranges::sort(names);
    return std::optional(std::move(names));
  }

 private:
  fs::path path_;
  std::uint64_t most_;
};

class WebStream : public Stream {
 public:
  explicit WebStream(net::Response response) : response_(std::move(response)) {}
  Result<std::size_t> read(std::span<std::uint8_t> into) override { return response_.read(into); }
  std::string day() const override {
    const std::string* text = response_.head.find("last-modified");
    std::tm date{};
    if (text == nullptr) return {};
    const char* end = ::strptime(text->c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
    return end == nullptr || *end != '\0' ? std::string() : day_of(::timegm(&date));
  }

 private:
  net::Response response_;
};

class Web : public Place {
 public:
  Web(net::Url base, net::HttpOptions options)
      : base_(std::move(base)), client_(std::move(options)) {}

  Result<std::unique_ptr<Stream>> open(const std::string& name) override {
    net::Request request;
    request.url = base_;
    const std::size_t query = base_.target.find('?');
    request.url.target.insert(std::min(query, base_.target.size()), name);
    net::Response response = TRY(client_.follow(request).in(shown(name)));
    if (response.head.status == 200)
      return std::unique_ptr<Stream>(std::make_unique<WebStream>(std::move(response)));
    const bool missing = response.head.status == 404 || response.head.status == 410;
    return Error{missing ? ErrorCode::not_found : ErrorCode::io,
                 "the server answered " + std::to_string(response.head.status)}
        .in(shown(name));
  }
  std::string shown(const std::string& name) const override {
    return base_.origin() + printable(base_.target.substr(0, base_.target.find('?'))) +
           printable(name);
  }
  Result<std::optional<std::vector<std::string>>> list() override {
    return std::optional<std::vector<std::string>>();
  }

 private:
  net::Url base_;
  net::HttpClient client_;
};

// ---- Copies

Result<int> scratch_file(const std::string& folder) {
  int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  // Some file systems cannot make files without a name.
  std::string path = folder + "/fetch-XXXXXX";
  fd = ::mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) return system_error("making a file in " + folder);
  ::unlink(path.c_str());
  return fd;
}

Done write_all(int fd, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("keeping a copy of it");
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return Ok{};
}

// A small text, such as a list or a signature; nothing when it is not there.
Result<std::optional<std::string>> small_text(Place& place, const std::string& name,
                                              const Options& options) {
  Result<std::unique_ptr<Stream>> stream = place.open(name);
  if (!stream && stream.error().code == ErrorCode::not_found) return std::optional<std::string>();
  if (!stream) return std::move(stream).error();
  std::string text;
  Bytes piece(64 * kKiB);
  for (;;) {
    const std::size_t n = TRY((*stream)->read(piece).in(place.shown(name)));
    if (n == 0) return std::optional(std::move(text));
    text += ByteView(piece).clamped(0, n).as_text();
    if (text.size() > options.limits.feed_checksum_bytes)
      return Error{ErrorCode::limit_exceeded, "larger than the limit"}.in(place.shown(name));
  }
}

Result<File> copy(Place& place, const std::string& name, const Options& options) {
  std::unique_ptr<Stream> stream = TRY(place.open(name));
  File file;
  file.name = place.shown(name);
  file.fd = TRY(scratch_file(options.scratch));
  Hasher hasher("sha256");
  Bytes piece(256 * kKiB);
  std::uint64_t told = 0;
  for (;;) {
    const std::size_t n = TRY(stream->read(piece).in(file.name));
    if (n == 0) break;
    const auto part = std::span<const std::uint8_t>(piece).first(n);
    if ((file.size += n) > options.limits.feed_bytes)
      return Error{ErrorCode::limit_exceeded,
                   "larger than the limit of " + human_bytes(options.limits.feed_bytes)}
          .in(file.name);
    hasher.update(ByteView(part));
    TRY(write_all(file.fd, part).in(file.name));
    if (options.progress && file.size - told >= kProgressBytes)
      options.progress(file.name, told = file.size);
  }
  file.sha256 = hasher.finish_hex();
  file.day = stream->day();
  return file;
}

class Mapping {
 public:
  Mapping(int fd, std::uint64_t size) : size_(size) {
    if (size > 0) memory_ = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (memory_ != MAP_FAILED && memory_ != nullptr) ::munmap(memory_, size_);
  }
  bool failed() const { return memory_ == MAP_FAILED; }
  ByteView bytes() const {
    if (memory_ == nullptr) return {};
    return ByteView(std::span(static_cast<const std::uint8_t*>(memory_), size_));
  }

 private:
  void* memory_ = nullptr;
  std::uint64_t size_;
};

// ---- Checks

class Checker {
 public:
  static Result<Checker> make(const Options& options) {
    Checker checker(options);
    if (options.key.empty()) return checker;
    std::string text = options.key;
    std::error_code ignored;
    if (fs::is_regular_file(options.key, ignored)) {
      Folder here("", 1);
      text = TRY(small_text(here, options.key, options)).value_or("");
    }
    checker.key_ = TRY(parse_public_key(text).in("--key"));
    return checker;
  }

  bool wants_signature() const { return key_.has_value(); }

  Done check_signature(Place& place, const std::string& name, ByteView content) const {
    for (const char* ending : {".minisig", ".sig"}) {
      std::optional<std::string> signature = TRY(small_text(place, name + ending, options_));
      if (signature)
        return verify_signature(*key_, *signature, content).in(place.shown(name + ending));
    }
    return Error{ErrorCode::not_found, "a key was given, and there is no signature: neither " +
                                           name + ".minisig nor " + name + ".sig"}
        .in(place.shown(name));
  }

  static Done check_sum(const File& file, const std::string& expected) {
    if (file.sha256 == expected) return Ok{};
    return Error{ErrorCode::malformed,
                 "its SHA-256 is " + file.sha256 + ", expected was " + expected}
        .in(file.name);
  }

  Done check_signature(Place& place, const std::string& name, const File& file) const {
    const Mapping mapping(file.fd, file.size);
    if (mapping.failed()) return system_error(file.name);
    return check_signature(place, name, mapping.bytes());
  }

 private:
  explicit Checker(const Options& options) : options_(options) {}
  const Options& options_;
  std::optional<PublicKey> key_;
};

// ---- One file, or a folder of them

Done fetch_file(Place& place, const std::string& name, const Options& options,
                const Checker& checker, const std::function<Done(File&&)>& use) {
  File file = TRY(copy(place, name, options));
  file.listed = true;
  if (!options.checksum.empty()) {
    TRY(Checker::check_sum(file, to_lower(options.checksum)));
  } else if (std::optional<std::string> text = TRY(small_text(place, name + ".sha256", options))) {
    const std::vector<Checksum> sums =
        TRY(parse_checksums(*text).in(place.shown(name + ".sha256")));
    const std::string own = fs::path(place.shown(name)).filename().string();
    auto sum = std::ranges::find_if(sums, [&](const Checksum& c) {
      return fs::path(c.name).filename() == own || c.name.empty();
    });
    if (sum == sums.end())
      return Error{ErrorCode::malformed, "has no checksum of " + own}.in(
          place.shown(name + ".sha256"));
    TRY(Checker::check_sum(file, sum->hex));
  }
  if (checker.wants_signature()) TRY(checker.check_signature(place, name, file));
  return use(std::move(file));
}

Done fetch_listed(Place& place, const std::string& list, const Options& options,
                  const Checker& checker, const std::function<Done(File&&)>& use) {
  if (checker.wants_signature()) TRY(checker.check_signature(place, kList, ByteView::of(list)));
  std::vector<Checksum> sums = TRY(parse_checksums(list).in(place.shown(kList)));
  std::ranges::sort(sums, {}, &Checksum::name);
  for (const Checksum& sum : sums) {
    if (sum.name.empty())
      return Error{ErrorCode::malformed, "a checksum without a name"}.in(place.shown(kList));
    if (!is_feed_name(sum.name)) continue;  // a README beside the feeds
    File file = TRY(copy(place, sum.name, options));
    TRY(Checker::check_sum(file, sum.hex));
    TRY(use(std::move(file)));
  }
  return Ok{};
}

Done fetch_folder(Place& place, const Options& options, const Checker& checker,
                  const std::function<Done(File&&)>& use) {
  if (!options.checksum.empty())
    return Error{ErrorCode::usage, "a checksum is of one file, not of a folder"};
  if (std::optional<std::string> list = TRY(small_text(place, kList, options)))
    return fetch_listed(place, *list, options, checker, use);
  std::optional<std::vector<std::string>> names = TRY(place.list());
  if (!names)
    return Error{ErrorCode::not_found, "the mirror has no SHA256SUMS, which says what is there"}.in(
        place.shown(""));
  for (const std::string& name : *names) {
    File file = TRY(copy(place, name, options));
    if (checker.wants_signature()) TRY(checker.check_signature(place, name, file));
    TRY(use(std::move(file)));
  }
  return Ok{};
}

bool is_loopback(const net::Url& url) {
  const std::optional<net::Address> address = net::parse_address(url.host);
  return url.host == "localhost" || (address && net::reach_of(*address) == net::Reach::loopback);
}

Done fetch_web(const std::string& place, const Options& options, const Checker& checker,
               const std::function<Done(File&&)>& use) {
  net::Url url = TRY(net::parse_url(place).in("--from"));
  if (url.scheme == "http" && !is_loopback(url) && !checker.wants_signature() && !options.insecure)
    return Error{
        ErrorCode::usage,
        "plain HTTP from " + printable(url.host) +
            " could be anybody's answer: use https, a signed feed with --key, or --insecure"};
  net::HttpOptions http;
  http.tls = {options.ca_file, !options.insecure};
  http.patience.silence = std::chrono::seconds(options.timeout_seconds);
  http.patience.connect =
      std::min<std::chrono::milliseconds>(http.patience.connect, http.patience.silence);
  http.proxies = TRY(net::Proxies::from_environment());
  http.user_agent = "fathom/" FATHOM_VERSION;
  Web web(url, std::move(http));
  const bool is_folder = url.target.substr(0, url.target.find('?')).ends_with('/');
  return is_folder ? fetch_folder(web, options, checker, use)
                   : fetch_file(web, "", options, checker, use);
}

}  // namespace

File::File(File&& other) noexcept
    : fd(std::exchange(other.fd, -1)),
      size(other.size),
      name(std::move(other.name)),
      sha256(std::move(other.sha256)),
      day(std::move(other.day)),
      listed(other.listed) {}

File::~File() {
  if (fd >= 0) ::close(fd);
}

bool is_address(std::string_view place) {
  return place.starts_with("http://") || place.starts_with("https://");
}

std::string shown(const std::string& place) {
  if (is_address(place)) return place.substr(0, place.find_first_of("?#"));
  std::error_code ignored;
  const fs::path path = fs::absolute(place, ignored);
  return path.empty() ? place : path.lexically_normal().string();
}

Done fetch(const std::string& place, const Options& options,
           const std::function<Done(File&&)>& use) {
  const Checker checker = TRY(Checker::make(options));
  if (is_address(place)) return fetch_web(place, options, checker, use);
  std::error_code ignored;
  const fs::path path(place);
  if (fs::is_directory(path, ignored)) {
    Folder folder(path, options.limits.feed_files);
    return fetch_folder(folder, options, checker, use);
  }
  Folder folder(path.parent_path(), options.limits.feed_files);
  return fetch_file(folder, path.filename().string(), options, checker, use);
}

}  // namespace fathom::fetch
