#include <gtest/gtest.h>

#include <functional>

#include "analyzer/analyzer.h"
#include "analyzer/rpm_header.h"
#include "analyzer/rpm_store.h"

namespace fathom {
namespace {

std::string big(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
  return out;
}
std::string little(std::uint64_t value, int bytes) {
  std::string out = big(value, bytes);
  return {out.rbegin(), out.rend()};
}

// ---- Headers

class TestHeader {
 public:
  TestHeader& texts(std::uint32_t tag, const std::vector<std::string>& values, int type = 8) {
    std::string data;
    for (const std::string& value : values) data += value + '\0';
    return add(tag, type, values.size(), data);
  }
  TestHeader& text(std::uint32_t tag, const std::string& value) { return texts(tag, {value}, 6); }
  TestHeader& numbers(std::uint32_t tag, const std::vector<std::uint64_t>& values, int size = 4) {
    std::string data;
    for (std::uint64_t value : values) data += big(value, size);
    return add(tag, size == 4 ? 4 : 3, values.size(), data);
  }
  TestHeader& add(std::uint32_t tag, int type, std::uint64_t count, const std::string& data) {
    entries_ += big(tag, 4) + big(static_cast<std::uint64_t>(type), 4) + big(data_.size(), 4) +
                big(count, 4);
    data_ += data;
    ++count_;
    return *this;
  }
  std::string bytes() const { return big(count_, 4) + big(data_.size(), 4) + entries_ + data_; }

 private:
  std::string entries_, data_;
  std::uint64_t count_ = 0;
};

const std::string kDigest(64, 'a');

TestHeader sample() {
  return TestHeader()
      .text(1000, "alpha-libs")
      .text(1001, "1.2")
      .text(1002, "3.el9")
      .numbers(1003, {1})
      .text(1014, "MIT")
      .text(1022, "x86_64")
      .text(1044, "alpha-1.2-3.el9.src.rpm")
      .numbers(1116, {0, 0, 1, 1})
      .texts(1117, {"alpha", "alfa", "folder", "ghost"})
      .texts(1118, {"/usr/bin/", "/var/"})
      .texts(1035, {kDigest, "", "", ""})
      .numbers(1030, {0100755, 0120777, 0040755, 0100644}, 2)
      .numbers(1037, {0, 0, 0, 64})
      .numbers(5011, {8});
}

RpmPackage read(const TestHeader& header) {
  const std::string bytes = header.bytes();
  Result<RpmPackage> out = read_rpm_header(ByteView::of(bytes), {});
  EXPECT_TRUE(out) << out.error().message;
  return out ? *out : RpmPackage{};
}

TEST(RpmHeader, IsThePackageAndItsFiles) {
  RpmPackage package = read(sample());
  EXPECT_EQ(package.name, "alpha-libs");
  EXPECT_EQ(package.evr(), "1:1.2-3.el9");
  EXPECT_EQ(package.license, "MIT");
  ASSERT_EQ(package.files.size(), 2u) << "neither folders nor ghosts are installed files";
  EXPECT_EQ(package.files[0].path, "usr/bin/alpha");
  EXPECT_EQ(package.files[0].sha256, kDigest);
  EXPECT_EQ(package.files[1].sha256, "");
  EXPECT_TRUE(package.problems.empty());
}

TEST(RpmHeader, OldPackagesHaveWholePathsAndMd5) {
  RpmPackage package = read(TestHeader()
                                .text(1000, "a")
                                .text(1001, "1")
                                .texts(1027, {"/etc/a", "///"})
                                .texts(1035, {std::string(32, 'B'), ""}));
  EXPECT_EQ(package.evr(), "1");
  ASSERT_EQ(package.files.size(), 2u);
  EXPECT_EQ(package.files[0].md5, std::string(32, 'b'));
  EXPECT_EQ(package.files[1].path, "");
}

TEST(RpmHeader, LiesAreProblemsAndTheRestIsRead) {
  auto problems = [](const TestHeader& header) { return read(header).problems.size(); };
  TestHeader base = TestHeader().text(1000, "a").text(1001, "1");
  EXPECT_EQ(problems(base), 0u);
  EXPECT_EQ(problems(TestHeader(base).add(1117, 8, 9, std::string("x\0", 2))), 2u)
      << "too few names, in folders that are not there";
  EXPECT_EQ(problems(TestHeader(base).add(1037, 4, 1u << 30, "")), 1u);
  EXPECT_EQ(problems(TestHeader(base).texts(1117, {"x"}).texts(1118, {"/"}).numbers(1116, {7})),
            1u);
  EXPECT_EQ(
      problems(
          TestHeader(base).texts(1027, {"/x", "/y"}).texts(1035, {"00", "00"}).numbers(5011, {99})),
      1u)
      << "said once";
}

TEST(RpmHeader, WithoutNameOrBoundsItIsNone) {
  const std::string bytes = sample().bytes();
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(read_rpm_header(ByteView::of(bytes.substr(0, n)), {})) << n;
  EXPECT_FALSE(read_rpm_header(ByteView::of(TestHeader().text(1001, "1").bytes()), {}));
  EXPECT_FALSE(read_rpm_header(ByteView::of(big(~0u, 4) + big(0, 4) + bytes), {}));
}

TEST(RpmHeader, NamesItsSource) {
  EXPECT_EQ(split_source_rpm("a-b-1.2-3.el9.src.rpm").name, "a-b");
  EXPECT_EQ(split_source_rpm("a-b-1.2-3.el9.src.rpm").version, "1.2-3.el9");
  EXPECT_EQ(split_source_rpm("a-1-2.nosrc.rpm").name, "a");
  for (const char* other : {"", "(none)", "a.src.rpm", "-1-2.src.rpm", "a-1.src.rpm"})
    EXPECT_EQ(split_source_rpm(other).name, "") << other;
}

// ---- Stores: two packages each, the second too large for one page

std::string large() {
  std::vector<std::string> names(400);
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = "file-" + std::to_string(i);
  return TestHeader().text(1000, "large").text(1001, "2").texts(1027, names).bytes();
}

constexpr std::uint64_t kPage = 512;

void pad(std::string& page) { page.resize(kPage); }

struct TestBdb {
  bool big_endian = false;
  std::function<void(std::string&)> change = [](std::string&) {};

  std::string number(std::uint64_t value, int bytes) const {
    return big_endian ? big(value, bytes) : little(value, bytes);
  }
  std::string page(std::uint64_t number_, std::uint64_t next, std::uint64_t entries,
                   std::uint64_t used, int type) const {
    return std::string(8, '\0') + number(number_, 4) + number(0, 4) + number(next, 4) +
           number(entries, 2) + number(used, 2) + '\0' + static_cast<char>(type);
  }
  // Items from the end of the page.
  std::string hash_page(std::uint64_t at, const std::vector<std::string>& items) const {
    std::string head = page(at, 0, items.size(), 0, 13), body;
    std::uint64_t offset = kPage;
    for (const std::string& item : items) {
      offset -= item.size();
      head += number(offset, 2);
      body = item + body;
    }
    return head + std::string(kPage - head.size() - body.size(), '\0') + body;
  }
  std::string bytes() const {
    std::string out = std::string(12, '\0') + number(0x061561, 4) + number(9, 4) +
                      number(kPage, 4) + '\0' + '\10';
    pad(out);
    const std::string small = TestHeader().text(1000, "small").text(1001, "1").bytes(),
                      big_one = large();
    out += hash_page(1, {'\1' + number(0, 4), '\1' + number(7, 4), '\1' + number(2, 4),
                         '\1' + small, '\1' + number(1, 4),
                         std::string("\3\0\0\0", 4) + number(2, 4) + number(big_one.size(), 4)});
    for (std::uint64_t at = 0, number_ = 2; at < big_one.size(); ++number_) {
      std::string part = big_one.substr(at, kPage - 26);
      at += part.size();
      std::string next =
          page(number_, at < big_one.size() ? number_ + 1 : 0, 1, part.size(), 7) + part;
      pad(next);
      out += next;
    }
    change(out);
    return out;
  }
};

std::string ndb() {
  std::string slots, blobs;
  std::uint64_t block = 4096 / 16, key = 2;
  for (const std::string& header :
       {TestHeader().text(1000, "small").text(1001, "1").bytes(), large()}) {
    std::string blob = "BlbS" + little(key, 4) + little(1, 4) + little(header.size(), 4) + header;
    blob.resize((blob.size() + 12 + 15) / 16 * 16 - 12);
    blob += little(0, 4) + little(header.size(), 4) + "BlbE";
    slots += "Slot" + little(key, 4) + little(block, 4) + little(blob.size() / 16, 4);
    block += blob.size() / 16;
    blobs += blob;
    --key;
  }
  std::string out = "RpmP" + little(0, 4) + little(1, 4) + little(1, 4) + little(3, 4);
  out.resize(32);
  out += slots;
  while (out.size() < 4096) out += "Slot" + std::string(12, '\0');
  return out + blobs;
}

std::string varint(std::uint64_t value) {
  std::string out(1, static_cast<char>(value & 0x7f));
  for (value >>= 7; value > 0; value >>= 7)
    out.insert(out.begin(), static_cast<char>(value | 0x80));
  return out;
}

std::string record(const std::vector<std::string>& values,
                   const std::vector<std::uint64_t>& types) {
  std::string head, body;
  for (std::uint64_t type : types) head += varint(type);
  for (const std::string& value : values) body += value;
  return varint(head.size() + 1) + head + body;
}

// Cells from the end of the page.
std::string leaf(const std::vector<std::string>& cells, std::size_t start = 0) {
  std::string head = '\x0d' + big(0, 2) + big(cells.size(), 2) + big(0, 2) + '\0', body;
  std::uint64_t offset = kPage;
  for (const std::string& cell : cells) {
    offset -= cell.size();
    head += big(offset, 2);
    body = cell + body;
  }
  return head + std::string(kPage - start - head.size() - body.size(), '\0') + body;
}

std::string sqlite() {
  const std::string schema = record({"table", "Packages", "Packages", "\2", "sql"},
                                    {13 + 2 * 5, 13 + 2 * 8, 13 + 2 * 8, 1, 13 + 2 * 3});
  std::string out("SQLite format 3\0", 16);
  out += big(kPage, 2) + "\1\1" + '\0' + "\x40\x20\x20";
  out.resize(100);
  out += leaf({varint(schema.size()) + '\1' + schema}, 100);
  // Page 2 leads to leaf 3 and, as its last child, to leaf 4.
  std::string interior =
      '\x05' + big(0, 2) + big(1, 2) + big(0, 2) + '\0' + big(4, 4) + big(kPage - 5, 2);
  interior.resize(kPage - 5);
  out += interior + big(3, 4) + '\1';
  const std::string small = TestHeader().text(1000, "small").text(1001, "1").bytes(),
                    big_one = large();
  const std::string row = record({small}, {0, 12 + 2 * small.size()});
  const std::string large_row = record({big_one}, {0, 12 + 2 * big_one.size()});
  const std::uint64_t least = (kPage - 12) * 32 / 255 - 23, most = kPage - 35;
  std::uint64_t here = least + (large_row.size() - least) % (kPage - 4);
  if (here > most) here = least;
  out += leaf({varint(large_row.size()) + '\1' + large_row.substr(0, here) + big(5, 4)});
  out += leaf({varint(row.size()) + '\2' + row});
  for (std::uint64_t at = here, number = 5; at < large_row.size(); ++number) {
    std::string part = large_row.substr(at, kPage - 4);
    at += part.size();
    std::string next = big(at < large_row.size() ? number + 1 : 0, 4) + part;
    pad(next);
    out += next;
  }
  return out;
}

FileFacts facts_of(const std::string& bytes) { return recover(ByteView::of(bytes), {}); }

TEST(RpmStore, EveryFormGivesTheSamePackages) {
  for (const std::string& bytes :
       {TestBdb{}.bytes(), TestBdb{.big_endian = true}.bytes(), ndb(), sqlite()}) {
    FileFacts facts = facts_of(bytes);
    EXPECT_TRUE(facts.gaps.empty()) << facts.gaps[0].reason;
    EXPECT_EQ(facts.kind, FileKind::database);
    ASSERT_EQ(facts.packages.size(), 2u) << facts.type;
    EXPECT_EQ(facts.packages[0].component.name, "large") << facts.type;
    EXPECT_EQ(facts.packages[0].component.evidence[0].place.text, "package 1");
    EXPECT_EQ(facts.packages[0].owned.size(), 400u);
    EXPECT_EQ(facts.packages[1].component.name, "small");
    EXPECT_EQ(facts.packages[1].component.purl, "pkg:rpm/small@1");
  }
}

TEST(RpmStore, EveryPrefixIsReadPolitely) {
  for (const std::string& bytes : {TestBdb{}.bytes(), ndb(), sqlite()})
    for (std::size_t n = 0; n < bytes.size(); n += 7) {
      FileFacts facts = facts_of(bytes.substr(0, n));
      EXPECT_LT(facts.packages.size(), 3u);
      if (facts.packages.size() < 2 && facts.kind == FileKind::database) {
        EXPECT_FALSE(facts.gaps.empty()) << n;
      }
    }
}

TEST(RpmStore, CirclesAndLiesAreGaps) {
  auto gaps = [](const std::string& bytes) { return facts_of(bytes).gaps.size(); };
  // An overflow page that leads to itself; one that is no overflow page; a value of 4 GB.
  EXPECT_EQ(
      gaps(TestBdb{.change = [](std::string& b) { b.replace(3 * kPage + 16, 4, little(3, 4)); }}
               .bytes()),
      1u);
  EXPECT_EQ(gaps(TestBdb{.change = [](std::string& b) { b[3 * kPage + 25] = 5; }}.bytes()), 1u);
  EXPECT_EQ(
      gaps(TestBdb{.change = [](std::string& b) { b.replace(20, 4, little(513, 4)); }}.bytes()),
      1u);
  std::string circle = sqlite();
  circle.replace(kPage + 8, 4, big(2, 4));
  EXPECT_GE(gaps(circle), 1u);
  std::string chain = sqlite();
  chain.replace(4 * kPage, 4, big(5, 4));
  EXPECT_EQ(gaps(chain), 1u);
  std::string slot = ndb();
  slot.replace(32 + 8, 4, little(~0u, 4));
  EXPECT_EQ(gaps(slot), 1u);
  std::string tail = ndb();
  tail.replace(tail.size() - 4, 4, "XXXX");
  EXPECT_EQ(gaps(tail), 1u);
}

TEST(RpmStore, OtherDatabasesAreLeftAlone) {
  std::string other = sqlite();
  other.replace(other.find("Packages"), 8, "packages");
  FileFacts facts = facts_of(other);
  EXPECT_TRUE(facts.packages.empty());
  EXPECT_TRUE(facts.inert);
}

}  // namespace
}  // namespace fathom
