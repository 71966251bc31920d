#include "lineage/lineage.h"

#include <algorithm>

#include "base/text.h"

namespace fathom::lineage {

namespace {

constexpr std::string_view kShell = "/bin/sh -c ";
constexpr std::string_view kNop = "#(nop) ";
constexpr std::string_view kBuildKit = "# buildkit";

const LayerRow* layer_at(std::int64_t index, const ImageRow& image) {
  if (index < 0 || static_cast<std::uint64_t>(index) >= image.layers.size()) return nullptr;
  return &image.layers[static_cast<std::size_t>(index)];
}

// BuildKit and the classic builder write build arguments in front of the command:
// "|2 HTTP_PROXY= VERSION=1.2 /bin/sh -c make". Their values may hold spaces, so what follows the
// last argument is found by the shell, not by counting words.
std::string_view without_arguments(std::string_view text) {
  if (!text.starts_with('|')) return text;
  std::size_t shell = text.find(kShell);
  return shell == text.npos ? text : text.substr(shell);
}

std::string layer_text(std::int64_t index, const ImageRow& image) {
  std::string out = "layer " + std::to_string(index);
  const LayerRow* layer = layer_at(index, image);
  std::string instruction = layer ? instruction_of(layer->created_by) : std::string();
  return instruction.empty() ? out : out + " (" + printable(instruction) + ")";
}

}  // namespace

std::string instruction_of(std::string_view created_by) {
  std::string_view text = trim(created_by);
  if (text.ends_with(kBuildKit)) text = trim(text.substr(0, text.size() - kBuildKit.size()));
  bool run = text.starts_with("RUN ");
  if (run) text = trim(text.substr(4));
  text = without_arguments(text);
  if (text.starts_with(kShell)) {
    text = trim(text.substr(kShell.size()));
    if (!run && text.starts_with(kNop)) return std::string(trim(text.substr(kNop.size())));
    run = true;
  }
  return run && !text.empty() ? "RUN " + std::string(text) : std::string(text);
}

Origin origin_of(const FileRow& file, const ImageRow& image) {
  Origin origin;
  if (const LayerRow* layer = layer_at(file.layer, image)) {
    origin.layer = file.layer;
    origin.layer_digest = layer->digest;
    origin.diff_id = layer->diff_id;
    origin.instruction = instruction_of(layer->created_by);
  }
  return origin;
}

std::string describe(const FileRow& file, const ImageRow& image) {
  if (file.layer < 0) return "no layer";
  std::string out = layer_text(file.layer, image);
  if (file.shadowed) out += ", replaced or deleted by " + layer_text(file.shadowed_by, image);
  return out;
}

}  // namespace fathom::lineage
