// What every SBOM format writes, arranged once: which component stands in which file, and under
// which names other tools know it.

#pragma once

#include <string>
#include <vector>

#include "model/report.h"
#include "report/reporter.h"

namespace fathom::bom {

struct Item {
  const Component* component = nullptr;
  // Never empty. A C library that is the distribution's build has the purl of that package; what
  // has none of its own is pkg:generic.
  std::string purl;
  // Never empty unless nothing is left of the name. When the component has none it is derived from
  // its names, the way others do it: a guess that helps readers whose data know only CPEs.
  std::string cpe;
  bool cpe_is_derived = false;
};

// A file that something was compiled into.
struct File {
  std::string path, digest;
  std::int64_t layer = -1;
  const Component* owner = nullptr;  // the package that installed it, or null
  std::vector<std::size_t> items;
};

struct Bom {
  std::vector<Item> items;                 // in the order of the report
  std::vector<File> files;                 // in the order of their first item
  std::vector<std::ptrdiff_t> file_of;     // of each item; -1: it stands in none
  std::vector<std::ptrdiff_t> package_of;  // of each file: index of the owner's item, or -1
};

// Views the report.
Bom arrange(const Report& report);

// The time that a document carries: of the report when it is asked for, else when the image was
// made, else the beginning of 1970. So the same image gives the same bytes. "2026-11-24T12:00:00Z".
std::string time_of(const Report& report, const ReportOptions& options);

// "line 1234 of ssl_lib.c" of an evidence: the source that a call in the code stands in.
struct Frame {
  std::string source;  // empty: the evidence tells of no line
  std::uint64_t line = 0;
};
Frame frame_of(const Evidence& evidence);

// Why fathom believes in it, as prose, for formats that have no words for evidence.
std::string reasons(const Component& component);

}  // namespace fathom::bom
