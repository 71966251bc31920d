// The confined child: opens the image, streams its layers, recovers the facts of every distinct
// file in rounds of a bounded number of bytes, and tells the parent before each round what dies if
// it dies. It keeps nothing: the parent can start it again at any time and gets the same stream.

#include <sys/mman.h>
#include <unistd.h>

#include <set>

#include "analyzer/analyzer.h"
#include "base/parallel.h"
#include "base/text.h"
#include "confine/sandbox.h"
#include "lineage/base_rows.h"
#include "report/read_report.h"
#include "sbom/sbom.h"
#include "scan/code.h"
#include "scan/examine.h"
#include "scan/functions.h"
#include "scan/learn.h"
#include "scan/sandbox.h"
#include "scan/wire.h"
#include "verdict/knowledge.h"

#ifdef FATHOM_PLANT_FAULTS
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#endif

namespace fathom {
namespace {

constexpr std::size_t kEntriesPerMessage = 4096;

// Builds made for tests of the confinement do what an input that took the child over would do.
void commit_planted_fault([[maybe_unused]] ByteView bytes) {
#ifdef FATHOM_PLANT_FAULTS
  constexpr std::string_view kMark = "FATHOM-PLANT ";
  if (!bytes.starts_with(kMark)) return;
  std::string_view fault = bytes.as_text().substr(kMark.size());
  if (fault.starts_with("crash")) std::abort();
  if (fault.starts_with("open")) (void)!::open("/etc/passwd", O_RDONLY);
  if (fault.starts_with("connect")) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(9);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    (void)!::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  while (fault.starts_with("spin")) asm volatile("pause");
#endif
}

class Worker {
 public:
  Worker(confine::Channel& channel, const Job& job, const Limits& limits, TableFilter tables)
      : channel_(channel), job_(job), limits_(limits), tables_(std::move(tables)) {
    done_.insert(job.known.begin(), job.known.end());
    suspects_.insert(job.suspects.begin(), job.suspects.end());
    skipped_.insert(job.skipped.begin(), job.skipped.end());
  }

  Done run() {
    TRY(send(WireType::working, Working{}));
    std::unique_ptr<image::Store> store = confine::channel_store(channel_, job_.kind);
    image::OpenOptions options{job_.scheme, job_.platform, job_.file_name, job_.reference};
    if (job_.list_only) {
      std::vector<image::ImageChoice> images = TRY(image::list_images(*store, options, limits_));
      TRY(send(WireType::choices, Choices{std::move(images)}));
      return channel_.send(static_cast<std::uint32_t>(WireType::done), {});
    }
    std::unique_ptr<image::Image> image = TRY(image::open_image(*store, options, limits_));
    TRY(send(WireType::image_info, image->info()));
    TRY(read_attached(*image));
    for (std::size_t i = 0; i < image->info().layers.size(); ++i) TRY(read_layer(*image, i));
    return channel_.send(static_cast<std::uint32_t>(WireType::done), {});
  }

 private:
  struct Pending {
    image::Entry entry;
    std::optional<Bytes> content;
    FileDigests digests;
  };

  template <class T>
  Done send(WireType type, const T& value) {
    return channel_.send(static_cast<std::uint32_t>(type), encode_value(value));
  }

  // SBOMs beside the image. What is attached and no SBOM (a signature, another statement) is none
  // of our business here.
  Done read_attached(image::Image& image) {
    const std::vector<Attachment>& attached = image.info().attached;
    std::uint64_t read = 0;
    for (std::size_t i = 0; i < attached.size(); ++i) {
      const Attachment& one = attached[i];
      if ((one.kind != "sbom" && one.kind != "attestation") || skipped_.contains(one.digest))
        continue;
      TRY(send(WireType::working, Working{-1, {one.digest}}));
      AttachedMessage message{i, {}, {}};
      if (++read > limits_.attached_sboms)
        message.gaps.push_back(gap_of(one, {ErrorCode::limit_exceeded, "more than the limit"}));
      else
        read_attached_one(image, one, message);
      TRY(send(WireType::attached, message));
    }
    return send(WireType::working, Working{});
  }

  void read_attached_one(image::Image& image, const Attachment& attached,
                         AttachedMessage& message) const {
    const Result<Bytes> bytes = image.read_attached(attached, limits_);
    if (!bytes) {
      message.gaps.push_back(gap_of(attached, bytes.error()));
      return;
    }
    Result<SbomDocument> document = sbom::read_sbom(*bytes, limits_);
    if (document)
      message.document = std::move(*document);
    else if (attached.kind == "sbom")
      message.gaps.push_back(gap_of(attached, document.error()));
  }

  static Gap gap_of(const Attachment& attached, const Error& error) {
    return {
        "sbom",          "",
        attached.digest, -1,
        error.code,      "the attached " + attached.kind + " could not be read: " + error.message};
  }

  Done read_layer(image::Image& image, std::size_t index) {
    layer_ = index;
    for (std::uint64_t skipped : job_.skipped_layers)
      if (skipped == index)
        return send(WireType::layer_done, LayerDone{index, image.info().layers[index], {}, false});
    TRY(send(WireType::working, Working{static_cast<std::int64_t>(index), {}}));
    image::Layer layer =
        image.read_layer(index, [&](image::Entry entry, std::optional<Bytes> content) {
          take(std::move(entry), std::move(content));
        });
    flush();
    if (!failure_) return Error{ErrorCode::io, "the parent is gone"};
    return send(WireType::layer_done, LayerDone{index, layer.info, layer.gaps, layer.complete});
  }

  void take(image::Entry entry, std::optional<Bytes> content) {
    pending_bytes_ += content ? content->size() : 0;
    pending_.push_back({std::move(entry), std::move(content), {}});
    if (pending_bytes_ >= limits_.batch_bytes || pending_.size() >= kEntriesPerMessage) flush();
  }

  // One round. A failure to send is kept: the layer's stream cannot be stopped from here.
  void flush() {
    if (failure_ && !pending_.empty()) failure_ = recover_pending();
    pending_.clear();
    pending_bytes_ = 0;
  }

  Done recover_pending() {
    parallel_for(pending_.size(), job_.jobs, [&](std::size_t i) {
      Pending& file = pending_[i];
      if (!file.content) return;
      file.digests = digests_of(*file.content);
      file.entry.digest = Digest{"sha256", file.digests.sha256}.text();
    });
    std::vector<Pending*> together, alone;
    for (Pending& file : pending_) {
      if (!file.content || !wanted(file.entry.digest)) continue;
      (suspects_.contains(file.entry.digest) ? alone : together).push_back(&file);
    }
    TRY(recover_round(together));
    for (Pending* file : alone) TRY(recover_round({file}));
    TRY(send(WireType::working, Working{static_cast<std::int64_t>(layer_), {}}));
    Entries entries{layer_, {}};
    for (Pending& file : pending_) entries.entries.push_back(std::move(file.entry));
    return send(WireType::entries, entries);
  }

  bool wanted(const std::string& digest) {
    return !job_.hash_only && !skipped_.contains(digest) && done_.insert(digest).second;
  }

  Done recover_round(const std::vector<Pending*>& files) {
    if (files.empty()) return Ok{};
    Working working{static_cast<std::int64_t>(layer_), {}};
    for (Pending* file : files) working.digests.push_back(file->entry.digest);
    TRY(send(WireType::working, working));
    std::vector<std::string> facts = parallel_map(files, job_.jobs, [&](Pending* file) {
      commit_planted_fault(*file->content);
      const FileFacts recovered = recover(*file->content, limits_, tables_, &file->digests);
      file->content.reset();  // nobody needs it any more, and it may be most of our memory
      return encode(recovered);
    });
    for (std::size_t i = 0; i < files.size(); ++i)
      TRY(send(WireType::facts, FactsMessage{files[i]->entry.digest, std::move(facts[i])}));
    return Ok{};
  }

  confine::Channel& channel_;
  const Job& job_;
  const Limits& limits_;
  const TableFilter tables_;
  std::set<std::string> done_, suspects_, skipped_;
  std::size_t layer_ = 0;
  std::vector<Pending> pending_;
  std::uint64_t pending_bytes_ = 0;
  Done failure_ = Ok{};
};

Result<Job> decode_job(std::string_view payload) {
  Job job = TRY(decode_value<Job>(payload));
  if (job.limits.size() != sizeof(Limits)) return Error{ErrorCode::malformed, "no limits came"};
  return job;
}

Done enter_sandbox(confine::Channel& channel, const Limits& limits) {
  const SandboxMessage report{confine::enter_sandbox(limits).missing};
  return channel.send(static_cast<std::uint32_t>(WireType::sandbox), encode_value(report));
}

// What the parent gets instead of a result.
int send_failure(confine::Channel& channel, const Error& error) {
  const Failure failure{error.code, error.message};
  (void)!channel.send(static_cast<std::uint32_t>(WireType::failed), encode_value(failure));
  return 0;
}

int run_job(confine::Channel& channel, std::string payload) {
  Result<Job> job = decode_job(payload);
  if (!job) return 1;
  TableFilter tables(job->tables);
  payload = job->tables = std::string();  // a megabyte each
  Limits limits;
  std::memcpy(&limits, job->limits.data(), sizeof limits);
  if (!enter_sandbox(channel, limits)) return 1;
  auto answer = [&]() -> Done {
    switch (job->task) {
      case Job::Task::functions:
        return answer_functions_job(channel, *job, limits);
      case Job::Task::code:
        return answer_code_job(channel, *job, limits);
      case Job::Task::learn:
        return answer_learn_job(channel, *job, limits);
      case Job::Task::print:
        return answer_print_job(channel, *job, limits);
      case Job::Task::sandbox:
        return answer_sandbox_job(channel, *job, limits);
      default:
        return Worker(channel, *job, limits, std::move(tables)).run();
    }
  };
  Done outcome = answer();
  return outcome ? 0 : send_failure(channel, outcome.error());
}

// ---- Documents

template <class T>
Result<std::string> encoded(Result<T> value) {
  if (!value) return std::move(value).error();
  return encode_value(*value);
}

Result<std::string> read_document(const Document& document) {
  commit_planted_fault(ByteView::of(document.text));
  switch (document.kind) {
    case DocumentKind::report:
      return encoded(read_report(document.text).in(printable(document.name)));
    case DocumentKind::ignore_file:
      return encoded(policy::parse_ignore_file(document.text, document.name));
    case DocumentKind::vex:
      return encoded(policy::parse_vex(document.text, document.name));
    case DocumentKind::sbom:
      return encoded(
          sbom::read_sbom(ByteView::of(document.text), Limits{}).in(printable(document.name)));
    case DocumentKind::baseline:
      return encoded(policy::parse_baseline(document.text, document.name));
    case DocumentKind::functions:
      return encoded(verdict::parse_function_rows(document.text).in(printable(document.name)));
    case DocumentKind::bases:
      return encoded(lineage::parse_base_rows(document.text).in(printable(document.name)));
  }
  return Error{ErrorCode::malformed, "a document of unknown kind"};
}

int run_document(confine::Channel& channel, std::string_view payload) {
  Result<Document> document = decode_value<Document>(payload);
  if (!document || !enter_sandbox(channel, Limits{})) return 1;
  Result<std::string> value = read_document(*document);
  if (!value) return send_failure(channel, value.error());
  return channel.send(static_cast<std::uint32_t>(WireType::document_read), *value) ? 0 : 1;
}

// ---- Feeds

// Maps what nobody else can write to, for as long as one feed is read.
class MappedFile {
 public:
  explicit MappedFile(const confine::Fd& fd) {
    // Not fstat: the C library asks for that by a name, which the walls forbid.
    const off_t end = ::lseek(fd.get(), 0, SEEK_END);
    if (end <= 0) return;
    size_ = static_cast<std::size_t>(end);
    memory_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile() {
    if (memory_ != MAP_FAILED) ::munmap(memory_, size_);
  }
  Result<ByteView> bytes() const {
    if (memory_ != MAP_FAILED)
      return ByteView(std::span(static_cast<const std::uint8_t*>(memory_), size_));
    return Error{ErrorCode::truncated, "an empty file"};
  }

 private:
  void* memory_ = MAP_FAILED;
  std::size_t size_ = 0;
};

Done read_feed(confine::Channel& channel, const FeedJob& job, const confine::Fd& fd) {
  feeds::Context context;
  context.tables = vuln::Distributions::parse(job.tables);
  for (const feeds::Library& library : job.libraries) context.libraries[library.cpe] = library;
  context.file_day = job.file_day;
  context.last_day = job.last_day;
  context.jobs = job.jobs;
  const MappedFile file(fd);
  const ByteView bytes = TRY(file.bytes().in(printable(job.name)));
  commit_planted_fault(bytes);
  const feeds::Summary summary =
      TRY(feeds::read_feed(bytes, job.name, context, [&](feeds::Batch&& batch) {
        return channel.send(static_cast<std::uint32_t>(WireType::feed_rows), encode_value(batch));
      }));
  return channel.send(static_cast<std::uint32_t>(WireType::feed_done), encode_value(summary));
}

// One file after another, until the parent has no more.
int run_feeds(confine::Channel& channel, confine::Message message) {
  if (!enter_sandbox(channel, Limits{})) return 1;
  for (;;) {
    Result<FeedJob> job = decode_value<FeedJob>(message.payload);
    if (!job || static_cast<WireType>(message.type) != WireType::feed) return 1;
    if (Done read = read_feed(channel, *job, message.fd); !read)
      send_failure(channel, read.error());
    Result<std::optional<confine::Message>> next = channel.receive();
    if (!next || !*next) return next ? 0 : 1;
    message = std::move(**next);
  }
}

}  // namespace

int run_confined_child(confine::Channel channel) {
  Result<std::optional<confine::Message>> message = channel.receive();
  if (!message || !*message) return 1;
  const auto type = static_cast<WireType>((*message)->type);
  if (type == WireType::job) return run_job(channel, std::move((*message)->payload));
  if (type == WireType::document) return run_document(channel, (*message)->payload);
  if (type == WireType::feed) return run_feeds(channel, std::move(**message));
  return 1;
}

}  // namespace fathom
