#include "scan/functions.h"

#include "confine/channel_store.h"
#include "scan/ask_child.h"
#include "scan/contents.h"
#include "scan/wire.h"

namespace fathom {
namespace {

Result<Bytes> program_of(image::Store& store, const Job& job, const Limits& limits) {
  if (job.wanted_file.empty()) {
    std::unique_ptr<image::Blob> blob = TRY(store.open(""));
    return image::read_all(*blob, limits.file_bytes);
  }
  std::unique_ptr<image::Image> image = TRY(open_job_image(store, job, limits));
  FilePlace place = TRY(find_place(*image, job.wanted_file, limits));
  std::map<FilePlace, Bytes> contents = TRY(read_contents(*image, {place}, limits));
  if (contents.empty()) return Error{ErrorCode::io, "the file could not be read"};
  return std::move(contents.begin()->second);
}

}  // namespace

Result<code::Listing> list_functions_confined(const Target& target, const std::string& path,
                                              const std::string& wanted,
                                              const ExamineOptions& options) {
  Job job;
  job.task = Job::Task::functions;
  job.wanted_function = wanted;
  job.wanted_file = path;
  std::string answer = TRY(ask_child(target, options, std::move(job), WireType::functions));
  return decode_value<code::Listing>(answer);
}

Result<code::ProgramPrint> print_program_confined(const Target& target, const std::string& path,
                                                  const ExamineOptions& options) {
  Job job;
  job.task = Job::Task::print;
  job.wanted_file = path;
  std::string answer = TRY(ask_child(target, options, std::move(job), WireType::program_print));
  return decode_value<code::ProgramPrint>(answer);
}

Done answer_print_job(confine::Channel& channel, const Job& job, const Limits& limits) {
  std::unique_ptr<image::Store> store = confine::channel_store(channel, job.kind);
  Bytes bytes = TRY(program_of(*store, job, limits));
  code::ProgramPrint print = TRY(code::print_program(bytes, limits));
  return channel.send(static_cast<std::uint32_t>(WireType::program_print), encode_value(print));
}

Done answer_functions_job(confine::Channel& channel, const Job& job, const Limits& limits) {
  std::unique_ptr<image::Store> store = confine::channel_store(channel, job.kind);
  if (job.wanted_file.empty() && job.kind != confine::StoreKind::file)
    return Error{ErrorCode::usage, "not a program; name a program in it after the target"};
  Bytes bytes = TRY(program_of(*store, job, limits));
  code::Listing listing = TRY(code::list_functions(bytes, job.wanted_function, limits));
  return channel.send(static_cast<std::uint32_t>(WireType::functions), encode_value(listing));
}

}  // namespace fathom
