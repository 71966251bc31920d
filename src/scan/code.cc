// The child says which files it works on before it begins; if it dies, these are tried one by one
// in a fresh child, and the one that kills it alone becomes a gap. Facts arrive one file at a time
// and are judged and dropped at once: a large program's are tens of megabytes.

#include "scan/code.h"

#include <algorithm>
#include <set>

#include "analyzer/code_facts.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/text.h"
#include "confine/child.h"
#include "scan/contents.h"
#include "scan/wire.h"

namespace fathom {
namespace {

class CodeExamination {
 public:
  using Take = std::function<void(const std::string&, const CodeFacts&)>;
  CodeExamination(const Target& target, const ExamineOptions& options, const Take& take)
      : target_(target), options_(options), take_(take) {}

  void add(CodeFile file) { files_.push_back(std::move(file)); }
  void add_gap(const CodeFile& file, ErrorCode code, std::string reason) {
    gaps_.push_back({"code", file.path, file.digest, static_cast<std::int64_t>(file.layer), code,
                     std::move(reason)});
  }

  std::vector<Gap> run() {
    bool alone = false;
    while (!files_.empty()) {
      working_.clear();
      Result<std::string> death = run_child(alone);
      if (!death) {
        for (const CodeFile& file : files_)
          add_gap(file, death.error().code, death.error().message);
        break;
      }
      if (death->empty()) {
        for (const CodeFile& file : files_)
          add_gap(file, ErrorCode::not_found, "the file could not be read again");
        break;
      }
      if (alone || working_.size() == 1 || working_.empty()) give_up(*death);
      alone = true;
    }
    std::ranges::sort(gaps_);
    return std::move(gaps_);
  }

 private:
  void give_up(const std::string& death) {
    if (working_.empty() && !files_.empty()) working_ = {files_.front().digest};
    for (const std::string& digest : working_) {
      auto file = std::ranges::find(files_, digest, &CodeFile::digest);
      if (file == files_.end()) continue;
      add_gap(*file, ErrorCode::crashed, "the confined reader died on the code: " + death);
      files_.erase(file);
    }
  }

  // How the child died, or "" when it came to the end.
  Result<std::string> run_child(bool alone) {
    confine::StoreServer server = TRY(open_server(target_, options_));
    Job job;
    job.task = Job::Task::code;
    job.code_files = files_;
    job.scheme = target_.scheme;
    job.platform = target_.platform;
    job.reference = target_.reference;
    job.file_name = target_.image ? target_.path : target_.path.substr(target_.path.rfind('/') + 1);
    job.kind = server.kind();
    job.jobs = alone ? 1 : options_.jobs;
    job.limits.assign(reinterpret_cast<const char*>(&options_.limits), sizeof options_.limits);
    confine::Child child =
        TRY(confine::Child::start(options_.limits, {run_confined_child, options_.fresh_program}));
    TRY(child.channel().send(static_cast<std::uint32_t>(WireType::job), encode_value(job)));
    Result<bool> reached_end = listen(child.channel(), server);
    const std::string death = child.finish(!reached_end);
    if (reached_end && *reached_end) return std::string();
    if (!reached_end) return "stopped: " + reached_end.error().message;
    return death.empty() ? "ended early" : death;
  }

  Result<bool> listen(confine::Channel& channel, confine::StoreServer& server) {
    for (;;) {
      std::optional<confine::Message> message = TRY(channel.receive(options_.stall_seconds * 1000));
      if (!message) return false;
      if (TRY(server.serve(*message, channel))) continue;
      switch (static_cast<WireType>(message->type)) {
        case WireType::done:
          return true;
        case WireType::sandbox:
          break;
        case WireType::working:
          working_ = TRY(decode_value<Working>(message->payload)).digests;
          log::progress("reading code, " + with_thousands(files_.size()) + " files to go");
          break;
        case WireType::code_facts:
          TRY(take(message->payload));
          break;
        case WireType::failed: {
          const Failure failure = TRY(decode_value<Failure>(message->payload));
          return Error{failure.code, failure.message};
        }
        default:
          return Error{ErrorCode::malformed, "a message of another job"};
      }
    }
  }

  Done take(std::string_view payload) {
    const CodeMessage message = TRY(decode_value<CodeMessage>(payload));
    auto file = std::ranges::find(files_, message.digest, &CodeFile::digest);
    if (file == files_.end()) return Ok{};
    if (message.error.empty()) {
      const CodeFacts facts = TRY(decode_code_facts(message.facts, file->question));
      take_(message.digest, facts);
    } else {
      add_gap(*file, ErrorCode::unsupported, "code not examined: " + printable(message.error));
    }
    files_.erase(file);
    return Ok{};
  }

  const Target& target_;
  const ExamineOptions& options_;
  const Take& take_;
  std::vector<CodeFile> files_;  // those that nothing was heard of yet
  std::vector<std::string> working_;
  std::vector<Gap> gaps_;
};

// ---- The child

class CodeWorker {
 public:
  CodeWorker(confine::Channel& channel, const Job& job, const Limits& limits)
      : channel_(channel), job_(job), limits_(limits) {}

  Done run(image::Image& image) {
    for (const CodeFile& file : job_.code_files)
      wanted_.emplace(FilePlace{file.layer, file.path}, &file);
    for (std::size_t layer = 0; layer < image.info().layers.size(); ++layer) {
      const bool any =
          std::ranges::any_of(wanted_, [&](const auto& row) { return row.first.layer == layer; });
      if (!any) continue;
      image.read_layer(layer, [&](image::Entry entry, std::optional<Bytes> content) {
        auto file = content ? wanted_.find({layer, entry.path}) : wanted_.end();
        if (file == wanted_.end()) return;
        pending_bytes_ += content->size();
        pending_.push_back({file->second, std::move(*content)});
        wanted_.erase(file);
        if (pending_.size() >= job_.jobs || pending_bytes_ >= limits_.batch_bytes) flush();
      });
      flush();
      TRY(std::move(failure_));
    }
    return channel_.send(static_cast<std::uint32_t>(WireType::done), {});
  }

 private:
  struct Pending {
    const CodeFile* file = nullptr;
    Bytes content;
  };

  void flush() {
    if (failure_ && !pending_.empty()) failure_ = recover_pending();
    pending_.clear();
    pending_bytes_ = 0;
  }

  Done recover_pending() {
    Working working;
    for (const Pending& one : pending_) working.digests.push_back(one.file->digest);
    TRY(channel_.send(static_cast<std::uint32_t>(WireType::working), encode_value(working)));
    const std::vector<CodeMessage> messages =
        parallel_map(pending_, job_.jobs, [&](const Pending& one) {
          CodeMessage message{one.file->digest, {}, {}};
          Result<CodeFacts> facts = recover_code(one.content, one.file->question, limits_);
          facts ? message.facts = encode(*facts) : message.error = facts.error().message;
          return message;
        });
    for (const CodeMessage& message : messages)
      TRY(channel_.send(static_cast<std::uint32_t>(WireType::code_facts), encode_value(message)));
    return Ok{};
  }

  confine::Channel& channel_;
  const Job& job_;
  const Limits& limits_;
  std::map<FilePlace, const CodeFile*> wanted_;
  std::vector<Pending> pending_;
  std::uint64_t pending_bytes_ = 0;
  Done failure_ = Ok{};
};

}  // namespace

std::vector<Gap> examine_code(
    const Target& target, const image::FileTree& tree,
    const std::map<std::string, CodeQuestion>& questions, const ExamineOptions& options,
    const std::function<void(const std::string&, const CodeFacts&)>& take) {
  std::set<std::string> missing;
  for (const auto& [digest, question] : questions) missing.insert(digest);
  CodeExamination examination(target, options, take);
  for (const image::TreeFile& file : tree.files()) {
    if (file.entry.type != archive::TarType::regular || missing.erase(file.entry.digest) == 0)
      continue;
    examination.add({static_cast<std::uint64_t>(std::max<std::int64_t>(file.layer, 0)),
                     file.entry.path, file.entry.digest, questions.at(file.entry.digest)});
  }
  for (const std::string& digest : missing)
    examination.add_gap({0, {}, digest, {}}, ErrorCode::unsupported,
                        "code not examined: the file is inside an archive");
  std::vector<Gap> gaps = examination.run();
  log::progress_done();
  return gaps;
}

Done answer_code_job(confine::Channel& channel, const Job& job, const Limits& limits) {
  std::unique_ptr<image::Store> store = confine::channel_store(channel, job.kind);
  std::unique_ptr<image::Image> image = TRY(open_job_image(*store, job, limits));
  return CodeWorker(channel, job, limits).run(*image);
}

}  // namespace fathom
