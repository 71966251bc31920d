// A whole target from memory: found by looking, opened, every layer read, the layers flattened.

#include <cstdlib>
#include <string>

#include "image/file_tree.h"
#include "image/testing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  using namespace fathom::image;
  Limits limits;
  limits.image_inflated = 8 * kMiB;
  limits.file_bytes = 1 * kMiB;
  limits.entries = 2000;
  limits.json_nodes = 20'000;
  testing::MemoryStore store(std::string(ByteView(std::span(data, size)).as_text()));
  testing::Everything all = testing::read_everything(store, {}, limits);
  if (!all.opened) return all.error.message.empty() ? std::abort(), 0 : 0;
  for (const Layer& layer : all.layers) {
    if (!layer.complete && layer.gaps.empty()) std::abort();  // a silent miss
    if (layer.gaps.size() > limits.problems + 200) std::abort();
    for (const Entry& entry : layer.entries)
      if (entry.path.starts_with('/') || ("/" + entry.path + "/").find("/../") != std::string::npos)
        std::abort();
  }
  (void)flatten(all.layers, limits);
  return 0;
}
