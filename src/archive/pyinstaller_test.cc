#include "archive/pyinstaller.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace fathom::archive {
namespace {

std::string big(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
  return out;
}

std::string deflated(std::string text) {
  uLongf size = compressBound(text.size());
  std::string out(size, '\0');
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(text.data()),
           text.size());
  out.resize(size);
  return out;
}

std::string row(std::uint64_t at, std::uint64_t packed, std::uint64_t size, bool compressed,
                char type, const std::string& name) {
  std::string out =
      big(at, 4) + big(packed, 4) + big(size, 4) + static_cast<char>(compressed) + type + name;
  out.resize((out.size() + 4 + 15) / 16 * 16 - 4);
  return big(out.size() + 4, 4) + out;
}

struct Sample {
  std::string loader = "the loader", metadata = "Metadata-Version: 2.1\n",
              library =
                  "\x7f"
                  "ELF";
  std::uint64_t stated_size = 22;

  std::string bytes() const {
    const std::string packed = deflated(metadata);
    const std::string table =
        row(0, packed.size(), stated_size, true, 'x', "foo.dist-info/METADATA") +
        row(packed.size(), library.size(), library.size(), false, 'b', "libx.so");
    const std::uint64_t at = packed.size() + library.size();
    std::string record = std::string("MEI\014\013\012\013\016", 8) +
                         big(at + table.size() + 88, 4) + big(at, 4) + big(table.size(), 4) +
                         big(311, 4) + "libpython3.11.so";
    record.resize(88);
    return loader + packed + library + table + record;
  }
};

TEST(PyInstaller, MembersAreRead) {
  const std::string bytes = Sample{}.bytes() + "padding";
  ASSERT_TRUE(PyInstallerArchive::is_in(ByteView::of(bytes)));
  Result<PyInstallerArchive> archive = PyInstallerArchive::parse(ByteView::of(bytes), {});
  ASSERT_TRUE(archive) << archive.error().message;
  ASSERT_EQ(archive->entries().size(), 2u);
  Result<Bytes> metadata = archive->read(archive->entries()[0], {});
  ASSERT_TRUE(metadata);
  EXPECT_EQ(ByteView(*metadata).as_text(), Sample{}.metadata);
  EXPECT_EQ(archive->entries()[1].path, "libx.so");
  EXPECT_EQ(ByteView(*archive->read(archive->entries()[1], {})).as_text(), Sample{}.library);
  EXPECT_TRUE(archive->problems().empty());
}

TEST(PyInstaller, LiesAreErrors) {
  const std::string wrong = Sample{.stated_size = 21}.bytes();
  Result<PyInstallerArchive> archive = PyInstallerArchive::parse(ByteView::of(wrong), {});
  ASSERT_TRUE(archive);
  EXPECT_FALSE(archive->read(archive->entries()[0], {}));
  EXPECT_FALSE(archive->read(archive->entries()[1], {.output = 2}));
  const std::string bytes = Sample{}.bytes();
  for (std::size_t n = 0; n < bytes.size(); ++n)
    (void)PyInstallerArchive::parse(ByteView::of(bytes.substr(0, n)), {});
  EXPECT_FALSE(PyInstallerArchive::parse(ByteView::of(bytes.substr(60)), {}));
}

}  // namespace
}  // namespace fathom::archive
