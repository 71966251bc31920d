#include "scan/ask_child.h"

#include "confine/channel_store.h"
#include "confine/child.h"

namespace fathom {
namespace {

Result<std::string> listen(confine::Channel& channel, confine::StoreServer& server, WireType answer,
                           int patience_ms) {
  for (;;) {
    std::optional<confine::Message> message = TRY(channel.receive(patience_ms));
    if (!message) return Error{ErrorCode::crashed, "the confined reader ended early"};
    bool served = TRY(server.serve(*message, channel));
    if (served) continue;
    auto type = static_cast<WireType>(message->type);
    if (type == WireType::sandbox) continue;
    if (type == answer) return std::move(message->payload);
    if (type != WireType::failed)
      return Error{ErrorCode::malformed, "the confined reader sent a message of another job"};
    Failure failure = TRY(decode_value<Failure>(message->payload));
    return Error{failure.code, failure.message};
  }
}

}  // namespace

Result<std::string> ask_child(const Target& target, const ExamineOptions& options, Job job,
                              WireType answer) {
  confine::StoreServer server = TRY(open_server(target, options));
  job.scheme = target.scheme;
  job.platform = target.platform;
  job.reference = target.reference;
  job.file_name = target.image ? target.path : target.path.substr(target.path.rfind('/') + 1);
  job.kind = server.kind();
  job.jobs = options.jobs;
  job.limits.assign(reinterpret_cast<const char*>(&options.limits), sizeof options.limits);
  confine::Child child =
      TRY(confine::Child::start(options.limits, {run_confined_child, options.fresh_program}));
  TRY(child.channel().send(static_cast<std::uint32_t>(WireType::job), encode_value(job)));
  Result<std::string> payload =
      listen(child.channel(), server, answer, options.stall_seconds * 1000);
  std::string death = child.finish(!payload);
  bool crashed = !payload && payload.error().code == ErrorCode::crashed && !death.empty();
  if (crashed) return Error{ErrorCode::crashed, "the confined reader died: " + death};
  return payload;
}

}  // namespace fathom
