#include "scan/functions.h"

#include "confine/channel_store.h"
#include "confine/child.h"
#include "scan/examine.h"
#include "scan/wire.h"

namespace fathom {
namespace {

constexpr int kPatienceMs = 300'000;  // a last resort: the work itself is bounded

Result<code::Listing> listen(confine::Channel& channel, confine::StoreServer& server) {
  for (;;) {
    std::optional<confine::Message> message = TRY(channel.receive(kPatienceMs));
    if (!message) return Error{ErrorCode::crashed, "the confined reader ended early"};
    bool served = TRY(server.serve(*message, channel));
    if (served) continue;
    switch (static_cast<WireType>(message->type)) {
      case WireType::sandbox:
        continue;
      case WireType::functions:
        return decode_value<code::Listing>(message->payload);
      case WireType::failed: {
        Failure failure = TRY(decode_value<Failure>(message->payload));
        return Error{failure.code, failure.message};
      }
      default:
        return Error{ErrorCode::malformed, "the confined reader sent a message of another job"};
    }
  }
}

}  // namespace

Result<code::Listing> list_functions_confined(const std::string& path, const std::string& wanted,
                                              const Limits& limits, bool fresh_program) {
  confine::StoreServer server = TRY(confine::StoreServer::open(path));
  if (server.kind() == confine::StoreKind::folder) return Error{ErrorCode::usage, "a folder, not a program"};
  Job job;
  job.task = Job::Task::functions;
  job.wanted_function = wanted;
  job.limits.assign(reinterpret_cast<const char*>(&limits), sizeof limits);
  confine::Child child = TRY(confine::Child::start(limits, {run_confined_child, fresh_program}));
  TRY(child.channel().send(static_cast<std::uint32_t>(WireType::job), encode_value(job)));
  Result<code::Listing> listing = listen(child.channel(), server);
  std::string death = child.finish(!listing);
  bool crashed = !listing && listing.error().code == ErrorCode::crashed && !death.empty();
  if (crashed) return Error{ErrorCode::crashed, "the confined reader died: " + death};
  return listing;
}

Done answer_functions_job(confine::Channel& channel, const Job& job, const Limits& limits) {
  std::unique_ptr<image::Store> store = confine::channel_store(channel, confine::StoreKind::file);
  std::unique_ptr<image::Blob> blob = TRY(store->open(""));
  Bytes bytes = TRY(image::read_all(*blob, limits.file_bytes));
  code::Listing listing = TRY(code::list_functions(bytes, job.wanted_function, limits));
  return channel.send(static_cast<std::uint32_t>(WireType::functions), encode_value(listing));
}

}  // namespace fathom
