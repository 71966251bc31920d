// Members are read one at a time and thrown away when their facts are known, so that memory holds
// one member of each open archive. What they cost together is bounded for the file, not for each
// archive in it: bombs multiply by nesting and by members that share their bytes.

#include "analyzer/members.h"

#include <algorithm>
#include <array>

#include "analyzer/file_type.h"
#include "analyzer/jimage.h"
#include "archive/ar.h"
#include "archive/pyinstaller.h"
#include "archive/stream.h"
#include "archive/tar.h"
#include "archive/zip.h"
#include "base/digest.h"
#include "base/text.h"

namespace fathom {

namespace {

class MemberReader {
 public:
  MemberReader(MemberBudget& budget, std::uint64_t depth, FileFacts& facts)
      : budget_(budget), depth_(depth), facts_(facts) {}

  void read_zip(ByteView bytes);
  void read_jmod(ByteView bytes) { read_zip(bytes.clamped(4, bytes.size())); }  // behind its magic
  void read_ar(ByteView bytes);
  void read_pyinstaller(ByteView bytes);
  void read_tar(ByteView bytes) { read_tar_stream(*archive::source_of(bytes)); }
  void read_compressed(ByteView bytes);
  void gap(Error error) { add_gap(facts_, budget_.limits, "archive", std::move(error)); }

 private:
  void read_tar_stream(archive::ByteSource& source);
  void add(std::string_view path, const Result<Bytes>& contents);
  void add_view(std::string_view path, ByteView contents);
  // Whether one more member of `size` bytes may be read; says so when not.
  bool affordable(std::string_view path, std::uint64_t size);
  archive::InflateLimits inflate_limits() const {
    return {.output = std::min(budget_.bytes, budget_.limits.file_bytes),
            .ratio = budget_.limits.member_ratio,
            .ratio_from = kMiB};
  }
  static std::string place(std::string_view path) { return "member " + printable(path); }

  MemberBudget& budget_;
  std::uint64_t depth_;
  FileFacts& facts_;
};

void MemberReader::read_zip(ByteView bytes) {
  Result<archive::ZipFile> zip = archive::ZipFile::parse(bytes, budget_.limits);
  if (!zip) return gap(zip.error());
  for (const Error& problem : zip->problems()) gap(problem);
  for (const archive::ZipEntry& entry : zip->entries()) {
    if (entry.is_directory || !affordable(entry.path, entry.size)) continue;
    add(entry.path, zip->read(entry, inflate_limits()));
  }
}

void MemberReader::read_tar_stream(archive::ByteSource& source) {
  archive::TarReader tar(source, budget_.limits);
  for (;;) {
    Result<std::optional<archive::TarEntry>> entry = tar.next();
    if (!entry) gap(entry.error());
    if (!entry || !*entry) break;
    if ((*entry)->type != archive::TarType::regular) continue;
    if (!affordable((*entry)->path, (*entry)->size)) continue;
    add((*entry)->path, tar.read_all(budget_.bytes));
  }
  for (const Error& problem : tar.problems()) gap(problem);
}

void MemberReader::read_ar(ByteView bytes) {
  Result<archive::ArFile> ar = archive::ArFile::parse(bytes, budget_.limits);
  if (!ar) return gap(ar.error());
  for (const Error& problem : ar->problems()) gap(problem);
  // Of a member that is cut short, which is a problem, what is there counts.
  for (const archive::ArMember& member : ar->members())
    if (affordable(member.name, member.size))
      add_view(member.name, bytes.clamped(member.content_offset, member.size));
}

void MemberReader::read_pyinstaller(ByteView bytes) {
  Result<archive::PyInstallerArchive> archive =
      archive::PyInstallerArchive::parse(bytes, budget_.limits);
  if (!archive) return gap(archive.error());
  for (const Error& problem : archive->problems()) gap(problem);
  for (const archive::PyInstallerEntry& entry : archive->entries())
    if (entry.size > 0 && affordable(entry.path, entry.size))
      add(entry.path, archive->read(entry, inflate_limits()));
}

// Either one file, or a tar archive whose members then are ours: nobody thinks of the tar inside
// a .tar.gz as a file.
void MemberReader::read_compressed(ByteView bytes) {
  const archive::Compression compression = archive::sniff_compression(bytes.clamped(0, 16));
  const archive::InflateLimits stream_limits{.output = budget_.limits.member_bytes,
                                             .ratio = budget_.limits.member_ratio,
                                             .ratio_from = kMiB};
  std::array<std::uint8_t, 512> start{};
  auto peek = archive::decompress(archive::source_of(bytes), compression, stream_limits);
  Result<std::size_t> got = archive::read_fully(*peek, start);
  if (got && is_tar_header(ByteView(std::span(start).first(*got)))) {
    facts_.type += "-compressed tar archive";
    read_tar_stream(*archive::decompress(archive::source_of(bytes), compression, stream_limits));
    return;
  }
  facts_.type += "-compressed file";
  if (!affordable("content", 0)) return;
  archive::Inflated inflated = archive::inflate_all(bytes, compression, inflate_limits());
  for (const Error& problem : inflated.problems) gap(problem);
  if (!inflated.bytes.empty() || inflated.problems.empty())
    add("content", std::move(inflated.bytes));
}

bool MemberReader::affordable(std::string_view path, std::uint64_t size) {
  if (budget_.members == 0) {
    gap({ErrorCode::limit_exceeded,
         place(path) + ": more than " + with_thousands(budget_.limits.members) + " members"});
    return false;
  }
  if (size > budget_.bytes || size > budget_.limits.file_bytes) {
    gap({ErrorCode::limit_exceeded, place(path) + ": " + human_bytes(size) +
                                        " are more than is left of " +
                                        human_bytes(budget_.limits.member_bytes)});
    return false;
  }
  return true;
}

void MemberReader::add(std::string_view path, const Result<Bytes>& contents) {
  if (!contents) return gap(Error(contents.error()).in(place(path)));
  add_view(path, *contents);
}

void MemberReader::add_view(std::string_view path, ByteView contents) {
  --budget_.members;
  budget_.bytes -= std::min(budget_.bytes, contents.size());
  std::string name = utf8_or_escaped(path.substr(0, budget_.limits.path_bytes));
  facts_.members.push_back(
      {std::move(name), sha256_of(contents).text(), recover_file(contents, budget_, depth_ + 1)});
}

struct Reader {
  std::string_view type;  // a name in data/file_types.tsv
  void (MemberReader::*read)(ByteView);
};
constexpr auto kReaders = std::to_array<Reader>({
    {"zip archive", &MemberReader::read_zip},
    {"Java module (jmod)", &MemberReader::read_jmod},
    {"tar archive", &MemberReader::read_tar},
    {"ar archive", &MemberReader::read_ar},
    {"gzip", &MemberReader::read_compressed},
    {"zstd", &MemberReader::read_compressed},
    {"xz", &MemberReader::read_compressed},
    {"bzip2", &MemberReader::read_compressed},
    {"lzma", &MemberReader::read_compressed},
});

// Code that carries an archive behind itself: the loaders of Python applications and installers.
bool may_carry_zip(FileKind kind) {
  return kind == FileKind::elf || kind == FileKind::script || kind == FileKind::executable;
}

}  // namespace

void recover_members(ByteView bytes, MemberBudget& budget, std::uint64_t depth, FileFacts& facts) {
  const bool carries_zip = may_carry_zip(facts.kind) && ends_as_zip(bytes);
  // Not a text that only mentions it, such as the loader's own: the record must lead to a table.
  const bool carries_python = facts.kind == FileKind::elf &&
                              archive::PyInstallerArchive::is_in(bytes) &&
                              archive::PyInstallerArchive::parse(bytes, budget.limits);
  if (facts.kind != FileKind::archive && !carries_zip && !carries_python) return;
  // An analyzer has read it; what else is in it is the runtime's.
  if (is_java_image(bytes) && !facts.packages.empty()) return;
  MemberReader members(budget, depth, facts);
  auto reader = std::ranges::find(kReaders, facts.type, &Reader::type);
  if (reader == kReaders.end() && !carries_zip && !carries_python)
    return members.gap({ErrorCode::unsupported, facts.type + ": cannot be opened"});
  if (depth >= budget.limits.member_depth)
    return members.gap({ErrorCode::limit_exceeded, "archives in archives, more than " +
                                                       std::to_string(budget.limits.member_depth) +
                                                       " deep"});
  if (carries_zip) return members.read_zip(bytes);
  if (carries_python) return members.read_pyinstaller(bytes);
  (members.*reader->read)(bytes);
}

}  // namespace fathom
