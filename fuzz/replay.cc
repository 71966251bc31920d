// Feeds every file of a folder (and the empty input, and every short prefix of the first files) to
// a fuzz target, each in a buffer of exactly its size, so that the sanitizers see any overrun. The
// ordinary tests replay the corpus with this; libFuzzer finds new entries for it.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kPrefixesOf = 256;  // bytes

void run_exactly(const std::string& bytes, std::size_t size) {
  std::unique_ptr<std::uint8_t[]> copy(new std::uint8_t[size]);
  std::copy_n(bytes.begin(), size, reinterpret_cast<char*>(copy.get()));
  LLVMFuzzerTestOneInput(copy.get(), size);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> paths;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      std::fprintf(stderr, "replay: no folder %s\n", argv[i]);
      return 1;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i]))
      if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  if (paths.empty()) {
    std::fprintf(stderr, "replay: no corpus\n");
    return 1;
  }
  run_exactly({}, 0);
  for (const std::filesystem::path& path : paths) {
    std::ifstream in(path, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    for (std::size_t n = 0; n < std::min(bytes.size(), kPrefixesOf); n += 7) run_exactly(bytes, n);
    run_exactly(bytes, bytes.size());
  }
  std::printf("replayed %zu inputs\n", paths.size());
}
