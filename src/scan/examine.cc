#include "scan/examine.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "confine/channel_store.h"
#include "confine/child.h"
#include "scan/wire.h"

namespace fathom {
namespace {

class Examination {
 public:
  Examination(const Target& target, const ExamineOptions& options, confine::StoreServer server)
      : target_(target), options_(options), server_(std::move(server)) {}

  Result<std::vector<image::ImageChoice>> list() {
    list_only_ = true;
    start_over(0);
    const std::string death = TRY(run_child());
    if (death.empty()) return std::move(choices_);
    return Error{ErrorCode::crashed, "the confined reader died while opening it: " + death};
  }

  // Starts children until one comes to the end of the image.
  Result<Examined> run() {
    for (std::uint64_t deaths = 0;; ++deaths) {
      start_over(deaths);
      std::string death = TRY(run_child());
      if (death.empty()) return finish();
      TRY(learn_from(death));
    }
  }

 private:
  // The same image gives the same stream, so whatever a dead child had sent comes again; only the
  // facts, which cost the work, are kept.
  void start_over(std::uint64_t deaths) {
    result_.layers.clear();
    result_.attached_sboms.clear();
    attached_gaps_.clear();
    working_ = {};
    hash_only_ = deaths >= options_.limits.restarts;
  }

  Job make_job() const {
    Job job;
    job.scheme = target_.scheme;
    job.platform = target_.platform;
    job.reference = target_.reference;
    job.file_name = target_.image ? target_.path : target_.path.substr(target_.path.rfind('/') + 1);
    job.kind = server_.kind();
    job.jobs = options_.jobs;
    job.limits.assign(reinterpret_cast<const char*>(&options_.limits), sizeof options_.limits);
    job.tables = options_.tables;
    job.known.assign(known_.begin(), known_.end());
    job.suspects.assign(suspects_.begin(), suspects_.end());
    for (const auto& [digest, why] : killers_) job.skipped.push_back(digest);
    for (const auto& [layer, why] : killer_layers_) job.skipped_layers.push_back(layer);
    job.hash_only = hash_only_;
    job.list_only = list_only_;
    return job;
  }

  // How the child died, or "" when it came to the end.
  Result<std::string> run_child() {
    confine::ChildOptions how{run_confined_child, options_.fresh_program};
    confine::Child child = TRY(confine::Child::start(options_.limits, how));
    Result<bool> reached_end = false;
    std::string stalled;
    if (child.channel().send(static_cast<std::uint32_t>(WireType::job), encode_value(make_job()))) {
      reached_end = listen(child.channel());
      if (!reached_end && reached_end.error().code == ErrorCode::io) {
        stalled = "killed: " + reached_end.error().message;
        result_.incomplete = true;
      }
    }
    bool at_end = reached_end && *reached_end;
    std::string death = child.finish(!at_end && !reached_end);
    if (failure_) return *failure_;
    if (at_end) return std::string();
    if (!stalled.empty()) return stalled;
    if (!reached_end) return "sent what the parent cannot read: " + reached_end.error().message;
    return death.empty() ? "ended early" : death;
  }

  // True at the end of the image, false when the child closed the channel before.
  Result<bool> listen(confine::Channel& channel) {
    for (;;) {
      std::optional<confine::Message> message = TRY(channel.receive(options_.stall_seconds * 1000));
      if (!message) return false;
      if (TRY(server_.serve(*message, channel))) continue;
      auto type = static_cast<WireType>(message->type);
      if (type == WireType::done) return true;
      TRY(take(type, message->payload));
      if (failure_) return false;
    }
  }

  Done take(WireType type, std::string_view payload) {
    switch (type) {
      case WireType::sandbox:
        return take_sandbox(TRY(decode_value<SandboxMessage>(payload)));
      case WireType::image_info:
        return take_info(TRY(decode_value<image::ImageInfo>(payload)));
      case WireType::attached:
        return take_attached(TRY(decode_value<AttachedMessage>(payload)));
      case WireType::working:
        return take_working(TRY(decode_value<Working>(payload)));
      case WireType::entries:
        return take_entries(TRY(decode_value<Entries>(payload)));
      case WireType::facts:
        return take_facts(TRY(decode_value<FactsMessage>(payload)));
      case WireType::layer_done:
        return take_layer(TRY(decode_value<LayerDone>(payload)));
      case WireType::choices: {
        Choices choices = TRY(decode_value<Choices>(payload));
        choices_ = std::move(choices.images);
        return Ok{};
      }
      case WireType::failed: {
        Failure failure = TRY(decode_value<Failure>(payload));
        failure_ = Error{failure.code, failure.message};
        return Ok{};
      }
      default:
        return Error{ErrorCode::malformed, "a message of unknown type"};
    }
  }

  Done take_sandbox(SandboxMessage message) {
    result_.notes.clear();
    for (const std::string& wall : message.missing)
      result_.notes.push_back("Confinement is weaker here: " + wall);
    return Ok{};
  }

  Done take_info(image::ImageInfo info) {
    if (info.layers.size() > options_.limits.layers)
      return Error{ErrorCode::limit_exceeded, "more layers than the limit"};
    result_.layers.assign(info.layers.size(), {});
    result_.info = std::move(info);
    return Ok{};
  }

  Done take_attached(AttachedMessage message) {
    if (message.index >= result_.info.attached.size())
      return Error{ErrorCode::malformed, "a document that is attached to nothing"};
    if (message.document)
      result_.attached_sboms.push_back({message.index, std::move(*message.document)});
    for (Gap& gap : message.gaps) attached_gaps_.push_back(std::move(gap));
    return Ok{};
  }

  Done take_working(Working working) {
    working_ = std::move(working);
    if (working_.layer >= 0)
      log::progress("reading layer " + std::to_string(working_.layer + 1) + " of " +
                    std::to_string(result_.layers.size()) + ", " + with_thousands(known_.size()) +
                    " distinct files examined");
    return Ok{};
  }

  Done take_entries(Entries batch) {
    if (batch.layer >= result_.layers.size())
      return Error{ErrorCode::malformed, "entries of a layer that does not exist"};
    std::vector<image::Entry>& entries = result_.layers[batch.layer].entries;
    entries.insert(entries.end(), std::make_move_iterator(batch.entries.begin()),
                   std::make_move_iterator(batch.entries.end()));
    return Ok{};
  }

  Done take_facts(FactsMessage message) {
    if (!known_.insert(message.digest).second) return Ok{};
    Result<FileFacts> facts = decode_facts(message.facts);
    if (!facts) {
      known_.erase(message.digest);
      return std::move(facts).error().in("facts of " + printable(message.digest));
    }
    if (options_.on_facts) options_.on_facts(message.digest, *facts);
    return Ok{};
  }

  Done take_layer(LayerDone done) {
    if (done.index >= result_.layers.size())
      return Error{ErrorCode::malformed, "end of a layer that does not exist"};
    image::Layer& layer = result_.layers[done.index];
    layer.info = std::move(done.info);
    layer.gaps = std::move(done.gaps);
    layer.complete = done.complete;
    return Ok{};
  }

  // Several files in flight: each is tried alone next time. One: it is the one.
  Done learn_from(const std::string& death) {
    log::progress_done();
    log::warning("the confined reader died (" + death + "); going on without what killed it");
    if (working_.digests.size() > 1) {
      bool new_suspects = false;
      for (const std::string& digest : working_.digests)
        new_suspects |= suspects_.insert(digest).second;
      if (new_suspects) return Ok{};
    }
    if (!working_.digests.empty()) {
      for (const std::string& digest : working_.digests) killers_[digest] = death;
      return Ok{};
    }
    if (working_.layer < 0)
      return Error{ErrorCode::crashed, "the confined reader died while opening it: " + death};
    auto layer = static_cast<std::uint64_t>(working_.layer);
    if (!killer_layers_.emplace(layer, death).second)
      return Error{ErrorCode::crashed, "the confined reader keeps dying: " + death};
    return Ok{};
  }

  Result<Examined> finish() {
    log::progress_done();
    for (const auto& [layer, death] : killer_layers_)
      result_.layers[layer].gaps.push_back(
          {"confine", "", "", static_cast<std::int64_t>(layer), ErrorCode::crashed,
           "the confined reader died while reading this layer: " + death});
    for (Gap& gap : attached_gaps_) result_.gaps.push_back(std::move(gap));
    for (const Attachment& attached : result_.info.attached)
      if (const auto killer = killers_.find(attached.digest); killer != killers_.end())
        result_.gaps.push_back(
            {"confine", "", attached.digest, -1, ErrorCode::crashed,
             "the confined reader died on the attached " + attached.kind + ": " + killer->second});
    for (std::size_t i = 0; i < result_.layers.size(); ++i)
      for (const image::Entry& entry : result_.layers[i].entries) add_gap_of(entry, i);
    return std::move(result_);
  }

  void add_gap_of(const image::Entry& entry, std::size_t layer) {
    if (entry.digest.empty() || known_.contains(entry.digest)) return;
    auto killer = killers_.find(entry.digest);
    bool killed = killer != killers_.end();
    if (!killed && !hash_only_) return;  // read_layer has said why it was not examined
    result_.gaps.push_back({"confine", entry.path, entry.digest, static_cast<std::int64_t>(layer),
                            ErrorCode::crashed,
                            killed ? "the confined reader died on this file: " + killer->second
                                   : "not examined: the confined reader died too often"});
  }

  const Target& target_;
  const ExamineOptions& options_;
  confine::StoreServer server_;
  Examined result_;
  Working working_;
  std::set<std::string> known_, suspects_;
  std::map<std::string, std::string> killers_;  // digest → how the child died
  std::map<std::uint64_t, std::string> killer_layers_;
  std::vector<Gap> attached_gaps_;
  bool hash_only_ = false, list_only_ = false;
  std::vector<image::ImageChoice> choices_;
  std::optional<Error> failure_;
};

}  // namespace

Result<confine::StoreServer> open_server(const Target& target, const ExamineOptions& options) {
  if (!target.image) return confine::StoreServer::open(target.path).in(target.path);
  std::unique_ptr<image::Store> store = TRY(registry::open_store(*target.image, options.registry));
  return confine::StoreServer::of_registry(std::move(store));
}

Result<Examined> examine(const Target& target, const ExamineOptions& options) {
  confine::StoreServer server = TRY(open_server(target, options));
  return Examination(target, options, std::move(server)).run();
}

Result<std::vector<Target>> all_images(const Target& target, const ExamineOptions& options) {
  confine::StoreServer server = TRY(open_server(target, options));
  const std::vector<image::ImageChoice> choices =
      TRY(Examination(target, options, std::move(server)).list());
  std::vector<Target> targets;
  for (const image::ImageChoice& choice : choices) {
    Target one = target;
    one.platform = choice.platform;
    if (!choice.digest.empty()) {
      one.reference = choice.digest;
      if (one.image) one.image->digest = TRY(parse_digest(choice.digest));
    }
    targets.push_back(std::move(one));
  }
  return targets;
}

}  // namespace fathom
