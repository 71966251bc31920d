#include "scan/functions.h"

#include "analyzer/analyzer.h"
#include "archive/ar.h"
#include "base/text.h"
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

// The listing, and facts that hold nothing but hashes: their codec is compact and strict.
struct FunctionsMessage {
  code::Listing listing;
  std::string facts;
};

template <class Codec>
void describe(Codec& codec, FunctionsMessage& message) {
  codec(message.listing, message.facts);
}

std::string names_of(const archive::ArFile& ar) {
  constexpr std::size_t kMost = 8;
  std::vector<std::string> names;
  for (const archive::ArMember& member : ar.members()) {
    if (names.size() == kMost) {
      names.push_back("… (" + with_thousands(ar.members().size()) + " in all)");
      break;
    }
    names.push_back(printable(member.name));
  }
  return join(names, " ");
}

// The file itself, or the member that is asked for.
Result<Bytes> member_of(Bytes bytes, const std::string& wanted, const Limits& limits) {
  if (!archive::looks_like_ar(bytes)) {
    if (wanted.empty()) return bytes;
    return Error{ErrorCode::usage, "not an ar archive, so it has no member " + printable(wanted)};
  }
  archive::ArFile ar = TRY(archive::ArFile::parse(bytes, limits));
  for (const archive::ArMember& member : ar.members()) {
    if (wanted.empty() || member.name != wanted) continue;
    std::span<const std::uint8_t> contents = TRY(ar.read(member)).span();
    return Bytes(contents.begin(), contents.end());
  }
  if (wanted.empty())
    return Error{ErrorCode::usage,
                 "an archive; name a member of it, as in FILE.a(NAME): " + names_of(ar)};
  return Error{ErrorCode::usage, "no member " + printable(wanted) + "; there are: " + names_of(ar)};
}

}  // namespace

MemberName split_member(std::string_view name) {
  std::size_t open = name.rfind('(');
  if (!name.ends_with(')') || open == name.npos || open == 0) return {std::string(name), {}};
  return {std::string(name.substr(0, open)),
          std::string(name.substr(open + 1, name.size() - open - 2))};
}

Result<FunctionsAnswer> list_functions_confined(const Target& target, const MemberName& file,
                                                const std::string& wanted,
                                                const ExamineOptions& options) {
  Job job;
  job.task = Job::Task::functions;
  job.wanted_function = wanted;
  job.wanted_file = file.path;
  job.wanted_member = file.member;
  std::string answer = TRY(ask_child(target, options, std::move(job), WireType::functions));
  FunctionsMessage message = TRY(decode_value<FunctionsMessage>(answer));
  FileFacts facts = TRY(decode_facts(message.facts));
  return FunctionsAnswer{std::move(message.listing), std::move(facts.functions)};
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
  Bytes file = TRY(program_of(*store, job, limits));
  Bytes bytes = TRY(member_of(std::move(file), job.wanted_member, limits));
  code::Listing listing = TRY(code::list_functions(bytes, job.wanted_function, limits));
  FunctionsMessage message{std::move(listing), {}};
  const FileFacts facts = TRY(hash_functions(bytes, limits));
  for (const Gap& gap : facts.gaps) message.listing.problems.push_back(gap.reason);
  message.facts = encode(facts);
  return channel.send(static_cast<std::uint32_t>(WireType::functions), encode_value(message));
}

}  // namespace fathom
