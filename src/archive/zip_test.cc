#include "archive/zip.h"

#include <gtest/gtest.h>
#include <libdeflate.h>

#include <string>

namespace fathom::archive {
namespace {

using std::string_literals::operator""s;

std::string little(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i, value >>= 8) out += static_cast<char>(value & 0xff);
  return out;
}

std::string deflated(std::string_view text) {
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(6);
  std::string out(libdeflate_deflate_compress_bound(compressor, text.size()), '\0');
  out.resize(
      libdeflate_deflate_compress(compressor, text.data(), text.size(), out.data(), out.size()));
  libdeflate_free_compressor(compressor);
  return out;
}

// What a header says about a member; both headers are made from one, unless a test has another
// idea.
struct Header {
  std::string name;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint64_t compressed_size = 0;
  std::uint64_t size = 0;
  std::string extra = {};

  std::string common() const {
    return little(flags, 2) + little(method, 2) + little(0, 4) + little(crc, 4) +
           little(compressed_size, 4) + little(size, 4) + little(name.size(), 2) +
           little(extra.size(), 2);
  }
  std::string local() const { return "PK\3\4"s + little(20, 2) + common() + name + extra; }
  std::string central(std::uint64_t offset) const {
    return "PK\1\2"s + little(20, 2) + little(20, 2) + common() + little(0, 2) + little(0, 2) +
           little(0, 2) + little(0, 4) + little(offset, 4) + name + extra;
  }
};

Header header(std::string name, std::string_view content, bool deflate = false) {
  return {.name = std::move(name),
          .method = static_cast<std::uint16_t>(deflate ? 8 : 0),
          .crc = libdeflate_crc32(0, content.data(), content.size()),
          .compressed_size = deflate ? deflated(content).size() : content.size(),
          .size = content.size()};
}

std::string end_record(std::uint64_t entries, std::uint64_t size, std::uint64_t offset,
                       std::string_view comment = "") {
  return "PK\5\6"s + little(0, 4) + little(entries, 2) + little(entries, 2) + little(size, 4) +
         little(offset, 4) + little(comment.size(), 2) + std::string(comment);
}

class Builder {
 public:
  Builder& add(const Header& in_both, std::string_view content) {
    return add(in_both, in_both, content);
  }
  Builder& add(const Header& local, const Header& central, std::string_view content) {
    directory_ += central.central(body_.size());
    body_ += local.local() + (local.method == 8 ? deflated(content) : std::string(content));
    ++entries_;
    return *this;
  }
  std::string finish(std::string_view comment = "") const {
    return body_ + directory_ + end_record(entries_, directory_.size(), body_.size(), comment);
  }
  const std::string& body() const { return body_; }
  const std::string& directory() const { return directory_; }

 private:
  std::string body_, directory_;
  std::uint64_t entries_ = 0;
};

Builder two_members() {
  Builder builder;
  builder.add(header("META-INF/", ""), "");
  builder.add(header("a.txt", "stored"), "stored");
  builder.add(header("b.txt", std::string(5000, 'b'), true), std::string(5000, 'b'));
  return builder;
}

ZipFile parsed(const std::string& bytes) {
  Result<ZipFile> zip = ZipFile::parse(ByteView::of(bytes), {});
  EXPECT_TRUE(zip) << zip.error().message;
  return std::move(zip).value();
}

ZipFile parsed(std::string&&) = delete;  // it would view a temporary

void expect_problem(const ZipFile& zip, std::string_view what) {
  std::string all;
  for (const Error& problem : zip.problems()) all += problem.message + "\n";
  EXPECT_NE(all.find(what), std::string::npos) << all;
}

void expect_problem_in(const std::string& bytes, std::string_view what) {
  expect_problem(parsed(bytes), what);
}

std::string content(const ZipFile& zip, std::size_t index, const InflateLimits& limits = {}) {
  if (index >= zip.entries().size()) return "no such member";
  Result<Bytes> bytes = zip.read(zip.entries()[index], limits);
  return bytes ? std::string(ByteView(*bytes).as_text()) : "error: " + bytes.error().message;
}

TEST(Zip, ReadsStoredAndDeflatedMembers) {
  std::string bytes = two_members().finish();
  ZipFile zip = parsed(bytes);
  EXPECT_TRUE(zip.problems().empty());
  ASSERT_EQ(zip.entries().size(), 3u);
  EXPECT_TRUE(zip.entries()[0].is_directory);
  EXPECT_EQ(zip.entries()[1].path, "a.txt");
  EXPECT_EQ(zip.entries()[1].header_offset, 39u);
  EXPECT_EQ(zip.entries()[2].method, 8);
  EXPECT_EQ(zip.entries()[2].size, 5000u);
  EXPECT_EQ(content(zip, 0), "");
  EXPECT_EQ(content(zip, 1), "stored");
  EXPECT_EQ(content(zip, 2), std::string(5000, 'b'));
}

TEST(Zip, AnEmptyArchiveIsOne) {
  const std::string bytes = end_record(0, 0, 0);
  EXPECT_TRUE(parsed(bytes).entries().empty());
  EXPECT_TRUE(parsed(bytes).problems().empty());
}

TEST(Zip, WhatIsNoArchiveIsRefused) {
  for (std::string bytes : {""s, "PK"s, "PK\3\4"s + std::string(100, 'x'),
                            std::string(70'000, '\0'), end_record(1, 46, 0), end_record(1, 0, 0),
                            end_record(0, 1, 0), end_record(0, 0, 0xfffffffe)})
    EXPECT_FALSE(ZipFile::parse(ByteView::of(bytes), {}));
}

TEST(Zip, FindsTheEndRecordBehindAComment) {
  for (std::size_t size : {1, 1000, 65535}) {
    std::string bytes = two_members().finish(std::string(size, 'c'));
    EXPECT_EQ(parsed(bytes).entries().size(), 3u);
    EXPECT_TRUE(parsed(bytes).problems().empty());
  }
  EXPECT_FALSE(ZipFile::parse(ByteView::of(two_members().finish() + std::string(65536, 'c')), {}));
}

TEST(Zip, ACutCommentIsReported) {
  std::string bytes = two_members().finish("comment");
  bytes.pop_back();
  EXPECT_EQ(parsed(bytes).entries().size(), 3u);
  expect_problem(parsed(bytes), "comment cut short");
}

TEST(Zip, AWrongDirectorySizeHidesNothing) {
  Builder builder = two_members();
  std::string bytes =
      builder.body() + builder.directory() + end_record(3, 50, builder.body().size());
  EXPECT_EQ(parsed(bytes).entries().size(), 3u);
  EXPECT_TRUE(parsed(bytes).problems().empty());
}

TEST(Zip, ASignatureInTheCommentIsNoEndRecord) {
  for (std::string comment :
       {"PK\5\6"s, "PK\5\6"s + std::string(18, 'x'), "PK\5\6"s + std::string(40, '\xff')}) {
    std::string bytes = two_members().finish(comment);
    EXPECT_EQ(parsed(bytes).entries().size(), 3u);
  }
}

TEST(Zip, TwoArchivesInOneAreReported) {
  Builder other;
  other.add(header("other.txt", "x"), "x");
  std::string bytes = two_members().finish(other.finish());
  ZipFile zip = parsed(bytes);
  ASSERT_EQ(zip.entries().size(), 1u);  // the last one, as most readers have it
  EXPECT_EQ(zip.entries()[0].path, "other.txt");
  expect_problem(zip, "two end records");
}

TEST(Zip, AnArchiveStoredInsideHasItsOwnRecord) {
  Builder inner, outer;
  inner.add(header("inner.txt", "x"), "x");
  const std::string stored = inner.finish();
  outer.add(header("inner.zip", stored), stored);
  const std::string bytes = outer.finish();
  ZipFile zip = parsed(bytes);
  ASSERT_EQ(zip.entries().size(), 1u);
  EXPECT_EQ(zip.entries()[0].path, "inner.zip");
  EXPECT_TRUE(zip.problems().empty());
}

TEST(Zip, SomethingBeforeTheArchiveIsToleratedAndReported) {
  std::string bytes = "#!/bin/sh\nexec java -jar $0\n" + two_members().finish();
  ZipFile zip = parsed(bytes);
  EXPECT_EQ(zip.entries()[1].header_offset, 28u + 39);
  EXPECT_EQ(content(zip, 1), "stored");
  ASSERT_EQ(zip.problems().size(), 1u);
  expect_problem(zip, "28 bytes before the archive");

  // The other way to do it: with the offsets put right.
  std::string directory = header("a", "1").central(4);
  bytes = "stub" + header("a", "1").local() + "1" + directory;
  bytes += end_record(1, directory.size(), bytes.size() - directory.size());
  zip = parsed(bytes);
  EXPECT_EQ(content(zip, 0), "1");
  expect_problem(zip, "4 bytes before the first member");
}

TEST(Zip, Zip64) {
  Header wide = header("wide", "content");
  Header in_directory = wide;
  in_directory.size = in_directory.compressed_size = 0xffffffff;
  in_directory.extra = "xx\2\0ab"s + little(1, 2) + little(16, 2) + little(7, 8) + little(7, 8);
  Builder builder;
  builder.add(wide, in_directory, "content");
  const std::string& directory = builder.directory();
  for (std::string stub : {"", "stub before it"}) {
    std::string bytes = stub + builder.body() + directory;
    bytes += "PK\6\6"s + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 8) +
             little(1, 8) + little(1, 8) + little(directory.size(), 8) +
             little(builder.body().size(), 8);
    bytes += "PK\6\7"s + little(0, 4) + little(builder.body().size() + directory.size(), 8) +
             little(1, 4);
    bytes += end_record(0xffff, 0xffffffff, 0xffffffff);
    ZipFile zip = parsed(bytes);
    ASSERT_EQ(zip.entries().size(), 1u);
    EXPECT_EQ(zip.entries()[0].size, 7u);
    EXPECT_EQ(content(zip, 0), "content");
    EXPECT_EQ(zip.problems().size(), stub.empty() ? 0u : 1u);
  }
  in_directory.extra.clear();
  Builder lying;
  lying.add(wide, in_directory, "content");
  std::string bytes = lying.finish();
  ZipFile zip = parsed(bytes);
  expect_problem(zip, "zip64 sizes are missing");
  EXPECT_TRUE(content(zip, 0).starts_with("error: "));
}

TEST(Zip, SizesMayFollowTheContent) {
  Header full = header("a", "content");
  full.flags = 8;
  Header blank = full;
  blank.crc = 0;
  blank.size = blank.compressed_size = 0;
  std::string body = blank.local() + "content" + "PK\7\10"s + little(full.crc, 4) + little(7, 8);
  std::string bytes = body + full.central(0) + end_record(1, full.central(0).size(), body.size());
  EXPECT_TRUE(parsed(bytes).problems().empty());
  EXPECT_EQ(content(parsed(bytes), 0), "content");
}

TEST(Zip, LocalHeadersThatDisagreeAreReportedAndTheDirectoryCounts) {
  const Header good = header("good.txt", "content");
  auto disagree = [&](auto change) {
    Header other = good;
    change(other);
    Builder builder;
    builder.add(other, good, "content");
    return builder.finish();
  };
  std::string bytes = disagree([](Header& h) { h.name = "evil.txt"; });
  expect_problem(parsed(bytes), "good.txt: the local header says evil.txt");
  EXPECT_EQ(content(parsed(bytes), 0), "content");
  expect_problem_in(disagree([](Header& h) { h.method = 12; }), "other method");
  expect_problem_in(disagree([](Header& h) { h.flags = 1; }), "other encryption");
  expect_problem_in(disagree([](Header& h) { h.size = 8; }), "other size or checksum");
  expect_problem_in(disagree([](Header& h) { h.compressed_size = 6; }), "other size");
  expect_problem_in(disagree([](Header& h) { h.crc ^= 1; }), "other size or checksum");
  expect_problem_in(disagree([](Header& h) { h.size = 0; }), "other size or checksum");
}

TEST(Zip, ContentIsChecked) {
  auto error_of = [](Header header, std::string_view data) {
    Builder builder;
    builder.add(header, data);
    std::string bytes = builder.finish();
    return content(parsed(bytes), 0);
  };
  Header wrong = header("a", "content");
  wrong.crc ^= 1;
  EXPECT_EQ(error_of(wrong, "content"), "error: a: wrong checksum");
  wrong = header("a", "content");
  wrong.size = 6;
  EXPECT_EQ(error_of(wrong, "content"), "error: a: content has not the stated size");
  for (std::uint64_t size : {6, 8}) {
    wrong = header("a", "content", true);
    wrong.size = size;
    EXPECT_TRUE(error_of(wrong, "content").starts_with("error: a: content "));
  }
  wrong = header("a", "content");
  wrong.method = 99;
  EXPECT_EQ(error_of(wrong, "content"), "error: a: compression method 99");
  wrong = header("a", "content");
  wrong.flags = 1;
  EXPECT_EQ(error_of(wrong, "content"), "error: a: encrypted");
  wrong = header("\x1b[2J", "content");
  wrong.crc ^= 1;
  EXPECT_EQ(error_of(wrong, "content").find('\x1b'), std::string::npos);
  Builder damaged;
  wrong = header("a", "content", true);
  damaged.add(wrong, "content");
  std::string bytes = damaged.finish();
  bytes[31] = '\xff';
  EXPECT_EQ(content(parsed(bytes), 0), "error: a: damaged deflate stream");
}

TEST(Zip, LimitsHoldBeforeAnythingIsInflated) {
  std::string zeros(2'000'000, '\0');
  Builder builder;
  builder.add(header("bomb", zeros, true), zeros);
  std::string bytes = builder.finish();
  ZipFile zip = parsed(bytes);
  EXPECT_EQ(zip.read(zip.entries()[0], {.output = 1'999'999}).error().code,
            ErrorCode::limit_exceeded);
  EXPECT_EQ(zip.read(zip.entries()[0], {.ratio = 100, .ratio_from = 1'000'000}).error().code,
            ErrorCode::limit_exceeded);
  EXPECT_TRUE(zip.read(zip.entries()[0], {.output = 2'000'000}));
}

TEST(Zip, AClaimBeyondDeflateIsNotAllocated) {
  Header liar = header("a", "content", true);
  liar.size = 0xfffffff0;
  Builder builder;
  builder.add(liar, "content");
  std::string bytes = builder.finish();
  EXPECT_EQ(content(parsed(bytes), 0), "error: a: stated size is beyond what deflate can do");
}

TEST(Zip, LargeMembersGrowWithWhatComesOut) {
  std::string zeros(70'000'000, '\0');
  std::string data = deflated(zeros);
  Header big = header("big", "");
  big.method = 8;
  big.size = zeros.size();
  big.compressed_size = data.size();
  big.crc = libdeflate_crc32(0, zeros.data(), zeros.size());
  auto archive = [&](const Header& header) {
    std::string body = header.local() + data;
    std::string directory = header.central(0);
    return body + directory + end_record(1, directory.size(), body.size());
  };
  std::string bytes = archive(big);
  ZipFile zip = parsed(bytes);
  Result<Bytes> out = zip.read(zip.entries()[0], {});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->size(), zeros.size());
  big.size -= 1;
  bytes = archive(big);
  EXPECT_EQ(content(parsed(bytes), 0), "error: big: content is larger than stated");
}

TEST(Zip, MembersThatShareBytesAreRefused) {
  Header kernel = header("kernel", "payload");
  std::string body = kernel.local() + "payload";
  std::string directory;
  for (int i = 0; i < 3; ++i) directory += kernel.central(0);
  Header apart = header("apart", "own");
  directory += apart.central(body.size());
  body += apart.local() + "own";
  std::string bytes = body + directory + end_record(4, directory.size(), body.size());
  ZipFile zip = parsed(bytes);
  ASSERT_EQ(zip.entries().size(), 4u);
  for (std::size_t i : {0, 1, 2})
    EXPECT_EQ(content(zip, i), "error: kernel: shares bytes with another member");
  EXPECT_EQ(content(zip, 3), "own");
  expect_problem(zip, "shares bytes");
  expect_problem(zip, "kernel: more than one of this name");
}

// Each member is stored and its content is the header of the next and all that follows.
TEST(Zip, NestedQuotingIsRefused) {
  Header inner = header("inner", "payload");
  std::string quoted = inner.local() + "payload";
  Header outer = header("outer", quoted);
  std::string body = outer.local() + quoted;
  std::string directory = outer.central(0) + inner.central(outer.local().size());
  std::string bytes = body + directory + end_record(2, directory.size(), body.size());
  ZipFile zip = parsed(bytes);
  EXPECT_EQ(content(zip, 0), "error: outer: shares bytes with another member");
  EXPECT_EQ(content(zip, 1), "error: inner: shares bytes with another member");
}

TEST(Zip, AMemberMayNotReachIntoTheDirectory) {
  Header greedy = header("greedy", "1");
  greedy.size = greedy.compressed_size = 20;
  Builder builder;
  builder.add(greedy, "1");
  std::string bytes = builder.finish();
  EXPECT_TRUE(content(parsed(bytes), 0).starts_with("error: greedy: shares bytes"));
  Header far = header("far", "");
  std::string body = far.local();
  std::string directory = far.central(0x7fffffff);
  bytes = body + directory + end_record(1, directory.size(), body.size());
  EXPECT_TRUE(content(parsed(bytes), 0).starts_with("error: far: "));
  expect_problem(parsed(bytes), "member outside the file");
}

TEST(Zip, ADirectoryThatEndsEarlyOrLiesAboutItsCount) {
  Builder builder = two_members();
  std::string directory = builder.directory();
  std::string bytes =
      builder.body() + directory + end_record(7, directory.size(), builder.body().size());
  expect_problem(parsed(bytes), "3 members, not 7");
  std::string damaged = directory;
  damaged[damaged.size() - 51] = 'X';  // the signature of the last header
  bytes = builder.body() + damaged + end_record(3, directory.size(), builder.body().size());
  EXPECT_EQ(parsed(bytes).entries().size(), 2u);
  expect_problem(parsed(bytes), "the directory ends early");
  bytes =
      builder.body() + directory + "gap" + end_record(3, directory.size(), builder.body().size());
  EXPECT_EQ(parsed(bytes).entries().size(), 3u);
  expect_problem(parsed(bytes), "the directory ends early");
}

TEST(Zip, MembersAreLimited) {
  Limits limits;
  limits.members = 2;
  std::string bytes = two_members().finish();
  Result<ZipFile> zip = ZipFile::parse(ByteView::of(bytes), limits);
  ASSERT_TRUE(zip);
  EXPECT_EQ(zip->entries().size(), 2u);
  expect_problem(*zip, "more than 2 members");
}

TEST(Zip, NulInANameIsReported) {
  Builder builder;
  builder.add(header("a.txt\0.class"s, "x"), "x");
  std::string bytes = builder.finish();
  expect_problem(parsed(bytes), "NUL in the name");
}

TEST(Zip, EveryPrefixIsHandled) {
  std::string bytes = two_members().finish();
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(ZipFile::parse(ByteView::of(std::string_view(bytes).substr(0, n)), {})) << n;
}

}  // namespace
}  // namespace fathom::archive
