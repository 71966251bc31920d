// Every bound that fathom holds foreign input against, in one place. They count work (bytes,
// entries, depth), never time, so that a result does not depend on the speed of a machine.
// Going over one is a gap in the report, not a crash and not silence.

#pragma once

#include <cstdint>

namespace fathom {

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;

struct Limits {
  // Images
  std::uint64_t manifest_bytes = 4 * kMiB;    // one manifest, index, or config document
  std::uint64_t layers = 512;                 // layers of one image
  std::uint64_t index_depth = 4;              // image indexes inside image indexes
  std::uint64_t image_inflated = 64 * kGiB;   // all layers of one image, decompressed
  std::uint64_t inflate_ratio = 1500;         // output/input of one layer, once output > 64 MiB
  std::uint64_t entries = 2'000'000;          // tar entries of one image
  std::uint64_t path_bytes = 4096;            // one path
  std::uint64_t path_depth = 256;             // components of one path
  std::uint64_t symlink_hops = 40;            // as the kernel
  std::uint64_t tar_header_bytes = 1 * kMiB;  // one PAX header or GNU long name
  std::uint64_t sparse_regions = 65'536;      // of one sparse tar member

  // Files
  std::uint64_t file_bytes = 1 * kGiB;      // larger ones are hashed, not examined
  std::uint64_t batch_bytes = 48 * kMiB;    // file contents held at once before a recover round
  std::uint64_t member_depth = 4;           // archives in archives
  std::uint64_t member_bytes = 512 * kMiB;  // all members of one file, decompressed
  std::uint64_t members = 100'000;          // of one file
  std::uint64_t member_ratio = 1000;        // output/input of one member, once output > 1 MiB

  // Formats
  std::uint64_t elf_sections = 65'536;
  std::uint64_t elf_segments = 65'535;
  std::uint64_t elf_symbols = 8'000'000;
  std::uint64_t dynamic_entries = 65'536;
  std::uint64_t notes = 4096;
  std::uint64_t strings = 2'000'000;      // kept per file
  std::uint64_t text_bytes = 4096;        // of one text kept in the facts
  std::uint64_t texts = 65'536;           // version-like texts kept per file
  std::uint64_t packages = 200'000;       // package claims of one file
  std::uint64_t owned_paths = 1'000'000;  // files that the package lists in one file name
  std::uint64_t rpm_entries = 65'536;     // of one rpm header
  std::uint64_t audit_bytes = 8 * kMiB;   // an embedded dependency list, decompressed
  std::uint64_t json_depth = 64;
  std::uint64_t json_nodes = 4'000'000;
  std::uint64_t report_bytes = 200 * kMiB;       // fathom's own JSON report, read back
  std::uint64_t report_nodes = 16'000'000;       // values in it
  std::uint64_t copyright_bytes = 1 * kMiB;      // larger texts are not looked through for licences
  std::uint64_t copyright_paragraphs = 100'000;  // of one machine-readable copyright file
  std::uint64_t licenses = 64;                   // kept of one text
  std::uint64_t sbom_bytes = 128 * kMiB;         // one bill of materials
  std::uint64_t sbom_entries = 200'000;          // components and files that it names
  std::uint64_t sbom_texts = 64;                 // licences, digests, places of one entry
  std::uint64_t xml_depth = 64;
  std::uint64_t xml_nodes = 4'000'000;
  std::uint64_t attached_sboms = 64;  // documents that are fetched from beside an image
  std::uint64_t problems = 100;       // kept per file; the rest are counted

  // The confined child
  std::uint64_t message_bytes = 256 * kMiB;  // one message from the child
  std::uint64_t child_address_space = 16 * kGiB;
  std::uint64_t child_cpu_seconds = 3600;  // a last resort: the report is marked incomplete
  std::uint64_t restarts = 32;             // of a child that keeps dying
};

}  // namespace fathom
