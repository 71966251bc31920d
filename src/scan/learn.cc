#include "scan/learn.h"

#include "analyzer/object_members.h"
#include "confine/channel_store.h"
#include "scan/ask_child.h"
#include "scan/wire.h"

namespace fathom {

Result<signature::RawMembers> learn_confined(const Target& target, const ExamineOptions& options) {
  Job job;
  job.task = Job::Task::learn;
  std::string answer = TRY(ask_child(target, options, std::move(job), WireType::members));
  return decode_value<signature::RawMembers>(answer);
}

Done answer_learn_job(confine::Channel& channel, const Job& job, const Limits& limits) {
  if (job.kind != confine::StoreKind::file)
    return Error{ErrorCode::usage, "not a file; name archives, objects or shared objects"};
  std::unique_ptr<image::Store> store = confine::channel_store(channel, job.kind);
  std::unique_ptr<image::Blob> blob = TRY(store->open(""));
  const Bytes bytes = TRY(image::read_all(*blob, limits.file_bytes));
  const signature::RawMembers members = TRY(read_object_members(bytes, job.file_name, limits));
  return channel.send(static_cast<std::uint32_t>(WireType::members), encode_value(members));
}

}  // namespace fathom
