#include "scan/sandbox.h"

#include <algorithm>

#include "base/text.h"
#include "scan/ask_child.h"
#include "scan/contents.h"
#include "scan/wire.h"

namespace fathom {
namespace {

const FileFacts* facts_of(const Inspected& inspected, const image::TreeFile* file) {
  if (file == nullptr) return nullptr;
  auto found = inspected.facts.find(file->entry.digest);
  return found == inspected.facts.end() ? nullptr : &found->second;
}

bool is_program(const Inspected& inspected, const image::TreeFile* file) {
  const FileFacts* facts = facts_of(inspected, file);
  return facts != nullptr && facts->elf.has_value();
}

// By PATH of the configuration, as execvp does it.
std::string found_by_path(const Inspected& inspected, const std::string& name) {
  if (name.find('/') != name.npos) return name;
  std::string_view folders = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  for (const std::string& variable : inspected.examined.info.env)
    if (variable.starts_with("PATH=")) folders = std::string_view(variable).substr(5);
  while (!folders.empty()) {
    std::size_t colon = folders.find(':');
    std::string path = std::string(folders.substr(0, colon)) + "/" + name;
    folders = colon == folders.npos ? std::string_view() : folders.substr(colon + 1);
    if (inspected.tree.find(path) != nullptr) return path;
  }
  return name;
}

Result<std::vector<std::string>> configured(const Inspected& inspected) {
  const image::ImageInfo& info = inspected.examined.info;
  const std::vector<std::string>& start = info.entrypoint.empty() ? info.command : info.entrypoint;
  if (!start.empty()) return std::vector<std::string>{found_by_path(inspected, start[0])};
  std::vector<std::string> programs;
  for (const image::TreeFile& file : inspected.tree.files()) {
    const FileFacts* facts = file.shadowed ? nullptr : facts_of(inspected, &file);
    if (facts != nullptr && facts->elf) programs.push_back(file.entry.path);
  }
  if (programs.size() == 1) return programs;
  return Error{ErrorCode::usage,
               "nothing says which program it starts; name programs after the target"};
}

class Planner {
 public:
  explicit Planner(const Inspected& inspected) : inspected_(inspected) {}

  Result<SandboxProgram> plan(const std::string& path) {
    const image::TreeFile* file = inspected_.tree.find(path);
    if (file == nullptr)
      return Error{ErrorCode::usage, "there is no file \"" + printable(path) + "\" in the target"};
    if (!is_program(inspected_, file))
      return Error{ErrorCode::usage, "\"" + printable(path) +
                                         "\" is no program but a script or data; name the programs "
                                         "that it starts after the target"};
    SandboxProgram out;
    add(out, file, path, false);
    LinkRow row = link_rows(inspected_, {path}, "").at(0);
    for (const LinkedLibrary& library : row.libraries) {
      const image::TreeFile* found =
          library.file.empty() ? nullptr : inspected_.tree.find(library.file);
      if (found == nullptr)
        out.missing.push_back(library.name);
      else
        add(out, found, library.file, library.is_loader);
    }
    bool has_loader = std::any_of(out.files.begin(), out.files.end(),
                                  [](const SandboxFile& one) { return one.is_interpreter; });
    if (!row.interpreter.empty() && !has_loader) add_interpreter(out, row);
    return out;
  }

 private:
  void add(SandboxProgram& program, const image::TreeFile* file, std::string name,
           bool is_interpreter) {
    while (name.starts_with('/')) name.erase(0, 1);
    // Hard links have their content elsewhere: the first entry with that content has it.
    const image::TreeFile* holder = file;
    if (file->entry.type != archive::TarType::regular)
      for (const image::TreeFile& other : inspected_.tree.files())
        if (other.entry.digest == file->entry.digest &&
            other.entry.type == archive::TarType::regular) {
          holder = &other;
          break;
        }
    program.files.push_back({std::move(name), holder->entry.path,
                             static_cast<std::uint64_t>(std::max<std::int64_t>(holder->layer, 0)),
                             is_interpreter});
  }

  void add_interpreter(SandboxProgram& program, const LinkRow& row) {
    const image::TreeFile* file =
        row.interpreter_file.empty() ? nullptr : inspected_.tree.find(row.interpreter_file);
    if (file == nullptr) {
      program.missing.push_back(row.interpreter);
      return;
    }
    // musl's is the library as well.
    for (SandboxFile& known : program.files)
      if (known.path == file->entry.path) {
        known.is_interpreter = true;
        return;
      }
    add(program, file, row.interpreter_file, true);
  }

  const Inspected& inspected_;
};

Result<sandbox::StaticSet> set_of(const SandboxProgram& program,
                                  const std::map<FilePlace, Bytes>& contents,
                                  const Limits& limits) {
  std::vector<sandbox::ProgramFile> files;
  std::vector<sandbox::Question> unresolved;
  for (const SandboxFile& file : program.files) {
    auto content = contents.find({file.layer, file.path});
    if (content == contents.end())
      unresolved.push_back({file.name, "", 0, "the file could not be read"});
    else
      files.push_back({file.name, content->second, file.is_interpreter});
  }
  for (const std::string& name : program.missing)
    unresolved.push_back({name, "", 0, "a library that is not in the target"});
  sandbox::StaticSet set = TRY(sandbox::static_system_calls(files, limits));
  set.unresolved.insert(set.unresolved.end(), unresolved.begin(), unresolved.end());
  return set;
}

}  // namespace

Result<sandbox::StaticSet> sandbox_set(const Target& target, const std::vector<std::string>& paths,
                                       const ExamineOptions& options) {
  Inspected inspected = TRY(inspect(target, options));
  std::vector<std::string> programs = paths;
  if (programs.empty()) programs = TRY(configured(inspected));
  Job job;
  job.task = Job::Task::sandbox;
  Planner planner(inspected);
  for (const std::string& path : programs) job.programs.push_back(TRY(planner.plan(path)));
  std::string answer = TRY(ask_child(target, options, std::move(job), WireType::system_calls));
  return decode_value<sandbox::StaticSet>(answer);
}

Done answer_sandbox_job(confine::Channel& channel, const Job& job, const Limits& limits) {
  std::unique_ptr<image::Store> store = confine::channel_store(channel, job.kind);
  std::unique_ptr<image::Image> image = TRY(open_job_image(*store, job, limits));
  std::vector<FilePlace> wanted;
  for (const SandboxProgram& program : job.programs)
    for (const SandboxFile& file : program.files) wanted.push_back({file.layer, file.path});
  std::map<FilePlace, Bytes> contents = TRY(read_contents(*image, wanted, limits));
  std::vector<sandbox::StaticSet> sets;
  for (const SandboxProgram& program : job.programs)
    sets.push_back(TRY(set_of(program, contents, limits)));
  return channel.send(static_cast<std::uint32_t>(WireType::system_calls),
                      encode_value(sandbox::together(std::move(sets))));
}

}  // namespace fathom
