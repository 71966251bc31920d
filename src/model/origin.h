// Where the files and components of an image come from, as far as the image itself shows it: the
// base that it was built on, a package whose checksum fits, a revision of somebody's sources that
// the program names, a statement that names the file's digest. The section "origin" of the report.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/evidence.h"

namespace fathom {

// Whose a file, component or layer is.
enum class Side {
  unknown,  // nothing shows where the base ends
  base,     // of the base image
  yours,    // added or changed after it
};
std::string_view name_of(Side side);

// What the owner's package data say about the content of a file.
enum class Checksum {
  none,          // no package claims the file
  same,          // it is what was installed
  changed,       // it is not
  not_recorded,  // a package claims the path and states no checksum
  unread,        // the content could not be hashed
};
std::string_view name_of(Checksum checksum);

// Why the origin of a file is known; the first that applies. How strong each is, docs/origin.md
// says.
enum class Explained {
  no,
  package,   // a package owns it, and it is what was installed
  attested,  // a statement names its digest
  revision,  // it names the revision of the sources it was built from
  database,  // a package manager's or fathom's own evidence of packages: it is what names them
  base,      // it lies in the layers of a recognised base image
};
std::string_view name_of(Explained explained);

// A revision of sources that stands in a program.
struct Revision {
  std::string of;      // "program", "compiler", "dependency"
  std::string system;  // "git", "hg"
  std::string id;      // as it stands there; may be shortened
  std::string time;    // of the commit, or empty
  std::string source;  // repository or module, or empty
  bool modified = false;
  Evidence evidence;
};

// A statement (in-toto) that names a digest.
struct Attested {
  std::string predicate;     // its type: "https://slsa.dev/provenance/v1"
  std::string name;          // of the subject, as the statement calls it
  std::string builder;       // or empty
  bool in_envelope = false;  // signed, as it says; nobody has verified the signature
  Evidence evidence;
};

// A statement (in-toto, attestation framework 0.1 to 1) as it was found, with all that it is about.
struct Statement {
  struct Subject {
    std::string name, digest;  // "sha256:…"
  };
  std::string predicate;
  std::string builder;       // of a provenance predicate, or empty
  bool in_envelope = false;  // of DSSE: signed, as it says
  std::string where;         // what it was read from, when that is no file of the image
  Place place;               // line of a file with one statement per line, else the whole file
  std::vector<Subject> subjects;
  std::uint64_t subjects_left_out = 0;  // over the limit, or without a digest that is computed here
};

struct FileOrigin {
  Side side = Side::unknown;
  Explained explained = Explained::no;
  Checksum checksum = Checksum::none;
  std::string claimed_by;  // Component::id of a package that lists the path, not being its owner
  std::string build_id;    // hex, or Go's own
  std::vector<std::string> compilers;  // as the file states them, distinct
  std::vector<Revision> revisions;
  std::vector<Attested> attested;
};

// How the base image and its last layer were found.
enum class BaseBy {
  nothing,       // no base was recognised
  layers,        // the digests of its layers are known
  stated,        // a label or annotation names it
  packages,      // its packages are exactly those
  distribution,  // its os-release, and how its layer was made
};
std::string_view name_of(BaseBy by);

// A package of the base for which its release has an update.
struct BaseUpdate {
  std::string component;  // Component::id
  std::string name, installed, available;
  std::vector<std::string> fixes;  // ids of findings, as in the report
};

struct BaseImage {
  std::string name;    // "debian:12", or empty
  std::string digest;  // of its manifest, as a label states it or the data have it; or empty
  BaseBy by = BaseBy::nothing;
  std::uint64_t layers = 0;         // its layers are the first of the image
  bool end_is_known = false;        // false: layers after the last one may be the base's as well
  std::string created;              // day, or empty
  std::int64_t age_days = -1;       // at the report's time; -1: not known
  std::string end_of_life;          // day on which its release gets no more fixes, or empty
  bool updates_known = false;       // the data have advisories for its packages
  std::vector<BaseUpdate> updates;  // by name
  std::vector<Evidence> evidence;
};

struct OriginCount {
  Explained explained = Explained::no;
  std::uint64_t files = 0, bytes = 0;
};

struct Origins {
  BaseImage base;
  std::vector<OriginCount> counts;  // of regular files with content that are not members; all kinds
  std::vector<Revision> revisions;  // of the image itself: its labels and annotations
  std::vector<Attested> attested;   // statements about the image itself
};

}  // namespace fathom
