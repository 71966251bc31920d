#include "archive/stream.h"

#include <bzlib.h>
#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <string>

namespace fathom::archive {
namespace {

// The compressors are the libraries' own one-shot functions, so that our streaming readers are
// compared with something else.
std::string gzip(std::string_view text, int level = 6) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, level, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&z, text.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<unsigned>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<unsigned>(out.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string xz(std::string_view text) {
  std::string out(lzma_stream_buffer_bound(text.size()), '\0');
  std::size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr,
                                    reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                                    reinterpret_cast<std::uint8_t*>(out.data()), &size, out.size()),
            LZMA_OK);
  out.resize(size);
  return out;
}

std::string lzma(std::string_view text) {
  lzma_options_lzma options;
  lzma_lzma_preset(&options, 6);
  lzma_stream stream = LZMA_STREAM_INIT;
  EXPECT_EQ(lzma_alone_encoder(&stream, &options), LZMA_OK);
  std::string out(text.size() + text.size() / 2 + 4096, '\0');
  stream.next_in = reinterpret_cast<const std::uint8_t*>(text.data());
  stream.avail_in = text.size();
  stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
  stream.avail_out = out.size();
  EXPECT_EQ(lzma_code(&stream, LZMA_FINISH), LZMA_STREAM_END);
  out.resize(stream.total_out);
  lzma_end(&stream);
  return out;
}

std::string bzip2(std::string_view text) {
  std::string out(text.size() + text.size() / 100 + 600, '\0');
  auto size = static_cast<unsigned>(out.size());
  EXPECT_EQ(BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(text.data()),
                                     static_cast<unsigned>(text.size()), 1, 0, 0),
            BZ_OK);
  out.resize(size);
  return out;
}

// Text that compresses, but not to nothing.
std::string sample(std::size_t size) {
  std::string out;
  std::uint32_t state = 1;
  while (out.size() < size) {
    state = state * 1664525 + 1013904223;
    out += std::to_string(state >> 20) + (state >> 31 ? " layer " : "\n");
  }
  out.resize(size);
  return out;
}

struct Format {
  Compression compression;
  std::string (*compress)(std::string_view);
};
const Format kFormats[] = {{Compression::gzip, [](std::string_view t) { return gzip(t); }},
                           {Compression::zstd, zstd},
                           {Compression::xz, xz},
                           {Compression::bzip2, bzip2},
                           {Compression::lzma, lzma}};

// Hands out a few bytes at a time, and fails at the end if told so.
class Dribble : public ByteSource {
 public:
  Dribble(std::string bytes, std::size_t piece, bool fails = false)
      : bytes_(std::move(bytes)), piece_(piece), fails_(fails) {}
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    std::size_t size = std::min({into.size(), piece_, bytes_.size() - at_});
    if (size == 0 && fails_) return Error{ErrorCode::io, "the wire is cut"};
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), size, into.begin());
    at_ += size;
    return size;
  }

 private:
  std::string bytes_;
  std::size_t piece_, at_ = 0;
  bool fails_;
};

struct Output {
  std::string bytes;
  std::optional<Error> error;
};

Output drain(ByteSource& source, std::size_t piece = 100'000) {
  Output out;
  Bytes buffer(piece);
  for (;;) {
    Result<std::size_t> got = source.read(buffer);
    if (!got) {
      out.error = got.error();
      EXPECT_FALSE(source.read(buffer)) << "an error must stay";
      return out;
    }
    if (*got == 0) return out;
    out.bytes += ByteView(buffer).clamped(0, *got).as_text();
  }
}

Output inflated(std::string_view bytes, Compression compression, const InflateLimits& limits = {}) {
  auto source = decompress(source_of(ByteView::of(bytes)), compression, limits);
  Output out = drain(*source);
  // The two ways must agree on everything.
  Inflated all = inflate_all(ByteView::of(bytes), compression, limits);
  // Where a ratio is checked depends on the size of the pieces.
  const std::string_view together = ByteView(all.bytes).as_text();
  EXPECT_TRUE(limits.ratio == InflateLimits{}.ratio
                  ? together == out.bytes
                  : together.substr(0, 1000) == out.bytes.substr(0, 1000));
  EXPECT_EQ(all.problems.empty(), !out.error.has_value());
  if (out.error && !all.problems.empty()) {
    EXPECT_EQ(all.problems[0].code, out.error->code);
  }
  return out;
}

TEST(Stream, EveryFormatGivesBackWhatWentIn) {
  for (const Format& format : kFormats)
    for (std::size_t size : {0, 1, 1000, 700'000}) {
      std::string text = sample(size);
      Output out = inflated(format.compress(text), format.compression);
      EXPECT_TRUE(out.bytes == text) << name_of(format.compression) << size;
      EXPECT_FALSE(out.error) << out.error->message;
    }
}

TEST(Stream, TheSizeOfThePiecesDoesNotMatter) {
  std::string text = sample(300'000);
  for (const Format& format : kFormats)
    for (std::size_t piece : {1, 7, 4096}) {
      auto source = decompress(std::make_unique<Dribble>(format.compress(text), piece),
                               format.compression, {});
      Output out = drain(*source, piece == 7 ? 40'000 : 3);
      EXPECT_TRUE(out.bytes == text) << name_of(format.compression) << piece;
      EXPECT_FALSE(out.error);
    }
}

TEST(Stream, SniffsEveryFormatFromItsFirstBytes) {
  for (const Format& format : kFormats) {
    std::string bytes = format.compress("x");
    EXPECT_EQ(sniff_compression(ByteView::of(bytes)), format.compression);
    EXPECT_EQ(sniff_compression(ByteView::of(bytes).clamped(0, 6)), format.compression);
    EXPECT_EQ(sniff_compression(ByteView::of(bytes).clamped(0, 1)), Compression::none);
  }
  EXPECT_EQ(sniff_compression(ByteView::of(bzip2(""))), Compression::bzip2);
  EXPECT_EQ(sniff_compression(ByteView::of("BZhello")), Compression::none);
  EXPECT_EQ(sniff_compression(ByteView::of("]\0\0\1\1\1")), Compression::none);
  EXPECT_EQ(sniff_compression({}), Compression::none);
  EXPECT_EQ(sniff_compression(ByteView::of("\x1f\x9d\x90")), Compression::none);
}

TEST(Stream, MembersOneAfterAnotherAreOneStream) {
  for (const Format& format : kFormats) {
    if (format.compression == Compression::lzma) continue;  // has no magic to go on by
    std::string bytes = format.compress("first,") + format.compress("") + format.compress("last");
    Output out = inflated(bytes, format.compression);
    EXPECT_EQ(out.bytes, "first,last") << name_of(format.compression);
    EXPECT_FALSE(out.error);
  }
}

TEST(Stream, ZstdSkipsSkippableFrames) {
  const std::string skippable("\x50\x2a\x4d\x18\x04\0\0\0meta", 12);
  EXPECT_EQ(sniff_compression(ByteView::of(skippable)), Compression::zstd);
  Output out =
      inflated(skippable + zstd("a") + skippable + zstd("b") + skippable, Compression::zstd);
  EXPECT_EQ(out.bytes, "ab");
  EXPECT_FALSE(out.error);
}

TEST(Stream, XzAllowsPaddingBetweenStreams) {
  Output out = inflated(xz("a") + std::string(400'000, '\0') + xz("b"), Compression::xz);
  EXPECT_EQ(out.bytes, "ab");
  EXPECT_FALSE(out.error);
}

TEST(Stream, TrailingZerosArePaddingAndAnythingElseIsReportedBehindTheData) {
  for (const Format& format : kFormats) {
    std::string bytes = format.compress("data");
    EXPECT_FALSE(inflated(bytes + std::string(1, '\0'), format.compression).error);
    EXPECT_FALSE(inflated(bytes + std::string(600'000, '\0'), format.compression).error);
    for (std::string tail : {std::string("x"), std::string(600'000, '\0') + "x"}) {
      Output out = inflated(bytes + tail, format.compression);
      EXPECT_EQ(out.bytes, "data");
      ASSERT_TRUE(out.error) << name_of(format.compression);
      EXPECT_EQ(out.error->code, ErrorCode::malformed);
      EXPECT_NE(out.error->message.find("trailing garbage"), std::string::npos);
      EXPECT_NE(out.error->message.find(std::to_string(bytes.size() + tail.size() - 1)),
                std::string::npos)
          << out.error->message;
    }
  }
}

TEST(Stream, EveryPrefixDeliversAPrefixThenFailsAsTruncated) {
  std::string text = sample(400);
  for (const Format& format : kFormats) {
    std::string bytes = format.compress(text);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      Output out = inflated(std::string_view(bytes).substr(0, n), format.compression);
      EXPECT_EQ(out.bytes, text.substr(0, out.bytes.size()));
      ASSERT_TRUE(out.error) << name_of(format.compression) << n;
      EXPECT_EQ(out.error->code, ErrorCode::truncated) << out.error->message;
    }
  }
}

TEST(Stream, ACutSecondMemberKeepsTheFirst) {
  for (const Format& format : kFormats) {
    if (format.compression == Compression::lzma) continue;
    std::string second = format.compress(sample(5000));
    Output out = inflated(format.compress("first") + second.substr(0, second.size() / 2),
                          format.compression);
    EXPECT_TRUE(out.bytes.starts_with("first"));
    ASSERT_TRUE(out.error);
    EXPECT_EQ(out.error->code, ErrorCode::truncated);
  }
}

TEST(Stream, DamageIsReportedBehindTheGoodData) {
  std::string text = sample(600'000);
  for (const Format& format : kFormats) {
    std::string bytes = format.compress(text);
    for (std::size_t i = bytes.size() * 3 / 4; i < bytes.size() * 3 / 4 + 64; ++i)
      bytes[i] = static_cast<char>(bytes[i] ^ 0x5a);
    Output out = inflated(bytes, format.compression);
    ASSERT_TRUE(out.error) << name_of(format.compression);
    EXPECT_EQ(out.error->code, ErrorCode::malformed);
    // bzip2 needs whole blocks of 100 kB; the rest get at least to the middle.
    EXPECT_GT(out.bytes.size(), text.size() / 4) << name_of(format.compression);
    EXPECT_TRUE(text.starts_with(std::string_view(out.bytes).substr(0, text.size() / 4)));
  }
}

TEST(Stream, AWrongChecksumIsDamage) {
  std::string bytes = gzip("data");
  bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] + 1);
  Output out = inflated(bytes, Compression::gzip);
  EXPECT_EQ(out.bytes, "data");
  ASSERT_TRUE(out.error);
  EXPECT_EQ(out.error->code, ErrorCode::malformed);
}

TEST(Stream, WhatIsNotTheFormatIsMalformed) {
  for (const Format& format : kFormats) {
    Output out = inflated("this is not compressed at all, is it?", format.compression);
    EXPECT_EQ(out.bytes, "");
    ASSERT_TRUE(out.error) << name_of(format.compression);
    EXPECT_NE(out.error->code, ErrorCode::truncated) << name_of(format.compression);
  }
}

TEST(Stream, TheOutputLimitIsExact) {
  for (const Format& format : kFormats) {
    std::string bytes = format.compress(std::string(100'000, 'x'));
    EXPECT_FALSE(inflated(bytes, format.compression, {.output = 100'000}).error);
    Output out = inflated(bytes, format.compression, {.output = 99'999});
    EXPECT_EQ(out.bytes.size(), 99'999u);
    ASSERT_TRUE(out.error);
    EXPECT_EQ(out.error->code, ErrorCode::limit_exceeded);
    out = inflated(bytes, format.compression, {.output = 0});
    EXPECT_EQ(out.bytes.size(), 0u);
    EXPECT_TRUE(out.error);
  }
  EXPECT_FALSE(inflated("plain", Compression::none, {.output = 5}).error);
  EXPECT_EQ(inflated("plain", Compression::none, {.output = 4}).error->code,
            ErrorCode::limit_exceeded);
}

TEST(Stream, TheRatioLimitStopsABomb) {
  const std::string zeros(1'500'000, '\0');
  for (const Format& format : kFormats) {
    const InflateLimits limits{.ratio = 100, .ratio_from = 200'000};
    Output out = inflated(format.compress(zeros), format.compression, limits);
    ASSERT_TRUE(out.error) << name_of(format.compression);
    EXPECT_EQ(out.error->code, ErrorCode::limit_exceeded);
    EXPECT_LT(out.bytes.size(), zeros.size()) << name_of(format.compression);
    EXPECT_FALSE(inflated(format.compress(sample(300'000)), format.compression, limits).error);
  }
}

TEST(Stream, AHugeWindowIsRefusedNotAllocated) {
  // zstd: magic, descriptor without single segment, window descriptor 2^(10+31).
  Output out = inflated(std::string("\x28\xb5\x2f\xfd\x00\xf8\x01\x00\x00\x00\x00\x00", 12),
                        Compression::zstd);
  ASSERT_TRUE(out.error);
  EXPECT_EQ(out.error->code, ErrorCode::limit_exceeded) << out.error->message;
  // lzma: dictionary of 3 GiB.
  std::string bytes = lzma("data");
  bytes[4] = '\xc0';
  out = inflated(bytes, Compression::lzma);
  ASSERT_TRUE(out.error);
  EXPECT_EQ(out.error->code, ErrorCode::limit_exceeded) << out.error->message;
}

TEST(Stream, AFailingSourceIsPassedOnAsItIs) {
  std::string bytes = gzip(sample(10'000));
  auto source = decompress(std::make_unique<Dribble>(bytes.substr(0, bytes.size() / 2), 100, true),
                           Compression::gzip, {});
  Output out = drain(*source);
  EXPECT_FALSE(out.bytes.empty());
  ASSERT_TRUE(out.error);
  EXPECT_EQ(out.error->code, ErrorCode::io);
}

TEST(Stream, SkipAndReadFully) {
  Dribble source("0123456789", 3);
  ASSERT_TRUE(skip(source, 4));
  Bytes three(3);
  EXPECT_EQ(*read_fully(source, three), 3u);
  EXPECT_EQ(ByteView(three).as_text(), "456");
  Bytes ten(10);
  EXPECT_EQ(*read_fully(source, ten), 3u);
  Dribble brief("01", 3);
  EXPECT_EQ(skip(brief, 3).error().code, ErrorCode::truncated);
}

}  // namespace
}  // namespace fathom::archive
