// What the parent and the confined child say to each other beyond the store's requests.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/limits.h"
#include "confine/channel_store.h"
#include "facts/code_facts.h"
#include "feeds/codec.h"
#include "image/choices.h"
#include "image/image.h"
#include "model/codec.h"
#include "policy/codec.h"

namespace fathom {

enum class WireType : std::uint32_t {
  job = confine::kFirstFreeType,  // parent → child: Job
  sandbox,                        // child → parent from here on: SandboxOutcome's texts
  image_info,                     // image::ImageInfo
  attached,                       // AttachedMessage
  working,                        // Working
  entries,                        // Entries
  facts,                          // FactsMessage
  layer_done,                     // LayerDone
  choices,                        // Choices: the answer to a job that only lists
  failed,                         // Failure: there is no image to scan
  done,
  document,       // parent → child instead of a job: Document
  document_read,  // the value that was in it, or failed
  functions,      // code::Listing
  program_print,  // code::ProgramPrint
  system_calls,   // sandbox::StaticSet
  feed,  // parent → child instead of a job, as often as there are files: FeedJob, with the file
  feed_rows,   // child → parent: feeds::Batch …
  feed_done,   // … and at the end feeds::Summary, or failed
  code_facts,  // CodeMessage
  members,     // signature::RawMembers
};

// Limits travel as the plain struct they are: both ends are the same program.
static_assert(std::is_trivially_copyable_v<Limits>);

// A program with what it is linked with, in load order, and where the contents are.
struct SandboxFile {
  std::string name, path;
  std::uint64_t layer = 0;
  bool is_interpreter = false;
};
struct SandboxProgram {
  std::vector<SandboxFile> files;
  std::vector<std::string> missing;  // libraries that are not there
};

// A program whose code is asked about, and where its content is.
struct CodeFile {
  std::uint64_t layer = 0;
  std::string path, digest;
  CodeQuestion question;
};

struct Job {
  enum class Task : std::uint8_t { scan, functions, print, sandbox, code, learn };
  Task task = Task::scan;
  std::string wanted_function;           // functions: the one to show in full
  std::string wanted_file;               // functions, print: of the image; empty: the target itself
  std::string wanted_member;             // functions: of the file, which is an ar archive
  std::vector<SandboxProgram> programs;  // sandbox
  std::vector<CodeFile> code_files;      // code
  std::string scheme, platform, reference, file_name;
  confine::StoreKind kind = confine::StoreKind::file;
  std::uint64_t jobs = 1;
  std::string limits;                         // the bytes of a Limits
  std::string tables;                         // of a TableFilter
  std::vector<std::string> known;             // digests whose facts the parent already has
  std::vector<std::string> suspects;          // digests to examine one at a time
  std::vector<std::string> skipped;           // digests never to examine again
  std::vector<std::uint64_t> skipped_layers;  // layers never to read again
  bool hash_only = false;                     // examine nothing that is not known
  bool list_only = false;                     // say which images there are, read none
};

struct Choices {
  std::vector<image::ImageChoice> images;
};

// What dies if the child dies now.
struct Working {
  std::int64_t layer = -1;           // -1: opening the image
  std::vector<std::string> digests;  // empty: reading the layer itself
};

struct Entries {
  std::uint64_t layer = 0;
  std::vector<image::Entry> entries;
};

struct FactsMessage {
  std::string digest;
  std::string facts;  // encode(FileFacts)
};

struct CodeMessage {
  std::string digest;
  std::string facts;  // encode(CodeFacts), or …
  std::string error;  // … why there are none
};

struct LayerDone {
  std::uint64_t index = 0;
  image::LayerInfo info;
  std::vector<Gap> gaps;
  bool complete = true;
};

// A document that lies beside the image, or why it could not be read.
struct AttachedMessage {
  std::uint64_t index = 0;  // in ImageInfo::attached
  std::optional<SbomDocument> document;
  std::vector<Gap> gaps;
};

struct Failure {
  ErrorCode code = ErrorCode::malformed;
  std::string message;
};

struct SandboxMessage {
  std::vector<std::string> missing;
};

// See scan/feeds.h. The file comes along as a descriptor.
struct FeedJob {
  std::string name, file_day, last_day;
  std::string tables;                     // section "distributions" of the built-in pack
  std::vector<feeds::Library> libraries;  // of the built-in pack
  std::uint64_t jobs = 1;
};

enum class DocumentKind : std::uint8_t {
  report,
  ignore_file,
  vex,
  baseline,
  functions,
  bases,
  sbom
};

// See scan/documents.h.
struct Document {
  DocumentKind kind = DocumentKind::report;
  std::string name, text;
};

namespace feeds {

template <class Codec>
void describe(Codec& codec, Library& l) {
  codec(l.cpe, l.name, l.scheme);
}

}  // namespace feeds

template <class Codec>
void describe(Codec& codec, FeedJob& f) {
  codec(f.name, f.file_day, f.last_day, f.tables, f.libraries, f.jobs);
}
template <class Codec>
void describe(Codec& codec, Document& d) {
  codec(d.kind, d.name, d.text);
}
template <class Codec>
void describe(Codec& codec, SandboxFile& f) {
  codec(f.name, f.path, f.layer, f.is_interpreter);
}
template <class Codec>
void describe(Codec& codec, SandboxProgram& p) {
  codec(p.files, p.missing);
}
template <class Codec>
void describe(Codec& codec, CodeFile& f) {
  codec(f.layer, f.path, f.digest, f.question);
}
template <class Codec>
void describe(Codec& codec, CodeMessage& m) {
  codec(m.digest, m.facts, m.error);
}
template <class Codec>
void describe(Codec& codec, Job& j) {
  codec(j.task, j.wanted_function, j.wanted_file, j.wanted_member, j.programs, j.code_files, j.scheme, j.platform,
        j.reference, j.file_name, j.kind, j.jobs, j.limits, j.tables, j.known, j.suspects,
        j.skipped, j.skipped_layers, j.hash_only, j.list_only);
}
template <class Codec>
void describe(Codec& codec, Working& w) {
  codec(w.layer, w.digests);
}
template <class Codec>
void describe(Codec& codec, Entries& e) {
  codec(e.layer, e.entries);
}
template <class Codec>
void describe(Codec& codec, FactsMessage& f) {
  codec(f.digest, f.facts);
}
template <class Codec>
void describe(Codec& codec, LayerDone& l) {
  codec(l.index, l.info, l.gaps, l.complete);
}
template <class Codec>
void describe(Codec& codec, AttachedMessage& a) {
  codec(a.index, a.document, a.gaps);
}
template <class Codec>
void describe(Codec& codec, Failure& f) {
  codec(f.code, f.message);
}
template <class Codec>
void describe(Codec& codec, SandboxMessage& s) {
  codec(s.missing);
}

namespace image {

template <class Codec>
void describe(Codec& codec, ImageChoice& c) {
  codec(c.digest, c.platform);
}
template <class Codec>
void describe(Codec& codec, LayerInfo& l) {
  codec(l.digest, l.diff_id, l.media_type, l.size, l.created_by, l.created, l.empty);
}
template <class Codec>
void describe(Codec& codec, ImageInfo& i) {
  codec(i.source, i.digest, i.platform, i.names, i.created, i.user, i.working_dir, i.entrypoint,
        i.command, i.env, i.labels, i.annotations, i.statements, i.exposed_ports, i.history,
        i.layers, i.gaps, i.asked_for_attached, i.attached);
}
template <class Codec>
void describe(Codec& codec, Entry& e) {
  codec(e.path, e.type, e.mode, e.uid, e.gid, e.mtime, e.size, e.link_target, e.digest, e.whiteout,
        e.opaque, e.has_capabilities, e.capabilities);
}

}  // namespace image

template <class Codec>
void describe(Codec& codec, Choices& c) {
  codec(c.images);
}

}  // namespace fathom
