#include "archive/stream.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <string>
#include <utility>

#include "archive/codec.h"
#include "archive/input.h"

namespace fathom::archive {
namespace {

// Callers who ask for less than this are served from a piece of ours.
constexpr std::size_t kSmallRead = 32 * kKiB;
constexpr std::size_t kLookAhead = 18;  // the longest magic worth checking

class ViewSource : public ByteSource {
 public:
  explicit ViewSource(ByteView bytes) : rest_(bytes) {}
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    ByteView part = rest_.clamped(0, into.size());
    std::ranges::copy(part.span(), into.begin());
    rest_ = rest_.clamped(part.size(), rest_.size());
    return part.size();
  }

 private:
  ByteView rest_;
};

class DecompressedSource : public ByteSource {
 public:
  DecompressedSource(std::unique_ptr<ByteSource> from, Compression compression,
                     const InflateLimits& limits)
      : from_(std::move(from)),
        input_(*from_),
        compression_(compression),
        limits_(limits),
        codec_(make_codec(compression)) {}

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    if (into.empty()) return std::size_t{0};
    if (pending_.empty() && into.size() >= kSmallRead) return produce(into);
    if (pending_.empty()) {
      small_.resize(Input::kPiece);
      const std::size_t got = TRY(produce(small_));
      pending_ = std::span(small_).first(got);
    }
    const std::size_t size = std::min(into.size(), pending_.size());
    std::ranges::copy(pending_.first(size), into.begin());
    pending_ = pending_.subspan(size);
    return size;
  }

 private:
  // Bytes first, then the reason why there are no more.
  Result<std::size_t> produce(std::span<std::uint8_t> into) {
    std::size_t size = 0;
    while (size == 0 && !done_) {
      if (Result<std::size_t> got = advance(into))
        size = *got;
      else
        fail(std::move(got).error());
    }
    if (size == 0 && failed_) return *failed_;
    return size;
  }

  Result<std::size_t> advance(std::span<std::uint8_t> into) {
    if (!in_member_ && !TRY(start_member())) {
      done_ = true;
      return std::size_t{0};
    }
    TRY(input_.want(1));
    // One byte more than allowed shows whether the limit is exceeded or just met.
    const std::uint64_t room = limits_.output - produced_;
    if (room < into.size()) into = into.first(room + 1);
    const Codec::Step step = TRY(codec_->step(input_.ready(), into));
    input_.take(step.taken);
    if (step.member_end) in_member_ = false;
    if (step.taken == 0 && step.given == 0 && !step.member_end) return no_progress();
    return account(step.given);
  }

  // Whether there is a (further) member.
  Result<bool> start_member() {
    if (started_) {
      TRY(input_.want(kLookAhead));
      if (sniff_compression(input_.ready()) != compression_ && !TRY(skip_padding())) return false;
    }
    started_ = in_member_ = true;
    TRY(codec_->start());
    return true;
  }

  // Zeros up to the end are tape padding. In xz files they may also stand between streams. Returns
  // whether another member follows.
  Result<bool> skip_padding() {
    for (;;) {
      TRY(input_.want(kLookAhead));
      std::span<const std::uint8_t> ready = input_.ready();
      if (ready.empty()) return false;
      const auto first = std::ranges::find_if(ready, [](std::uint8_t b) { return b != 0; });
      input_.take(static_cast<std::size_t>(first - ready.begin()));
      if (first == ready.end()) continue;
      TRY(input_.want(kLookAhead));
      if (compression_ == Compression::xz && sniff_compression(input_.ready()) == Compression::xz)
        return true;
      return Error{ErrorCode::malformed, "trailing garbage"};
    }
  }

  Result<std::size_t> no_progress() {
    if (!input_.ready().empty()) return Error{ErrorCode::malformed, "damaged"};
    if (compression_ != Compression::none)
      return Error{ErrorCode::truncated, "the input ends early"};
    done_ = true;
    return std::size_t{0};
  }

  // Holds what has come out against the limits.
  Result<std::size_t> account(std::size_t given) {
    produced_ += given;
    if (produced_ > limits_.output) {
      produced_ = limits_.output;
      fail(Error{ErrorCode::limit_exceeded,
                 "more than " + std::to_string(limits_.output) + " bytes come out"});
      return given - 1;
    }
    const std::uint64_t used = std::max<std::uint64_t>(input_.position(), 1);
    if (produced_ > limits_.ratio_from && produced_ / used > limits_.ratio)
      fail(Error{ErrorCode::limit_exceeded,
                 "more than " + std::to_string(limits_.ratio) + " times the input comes out"});
    return given;
  }

  void fail(Error error) {
    error.message += " at compressed offset " + std::to_string(input_.position());
    failed_ = std::move(error).in(name_of(compression_));
    done_ = true;
  }

  std::unique_ptr<ByteSource> from_;
  Input input_;
  const Compression compression_;
  const InflateLimits limits_;
  std::unique_ptr<Codec> codec_;
  std::uint64_t produced_ = 0;
  bool started_ = false;  // the first member needs no magic: the caller has said what it is
  bool in_member_ = false;
  bool done_ = false;
  std::optional<Error> failed_;
  Bytes small_;
  std::span<const std::uint8_t> pending_;  // of small_
};

// Properties 0x5d and a dictionary of 2^n or 2^n + 2^(n-1) bytes are what every lzma tool writes;
// the format has no magic. The size, where visible, is unknown (all ones) or below 256 GiB.
bool looks_like_lzma(ByteView bytes) {
  if (!bytes.has_at(0, std::string_view("\x5d\0\0", 3))) return false;
  const Result<std::uint32_t> dictionary = bytes.read<std::uint32_t>(1);
  if (!dictionary || *dictionary == 0) return false;
  const std::uint32_t top = std::bit_floor(*dictionary);
  if (*dictionary != top && *dictionary != top + top / 2) return false;
  const Result<std::uint64_t> size = bytes.read<std::uint64_t>(5);
  return !size || *size == ~std::uint64_t{0} || *size < 256 * kGiB;
}

bool looks_like_zstd(ByteView bytes) {
  const Result<std::uint32_t> magic = bytes.read<std::uint32_t>(0);
  return magic && (*magic == 0xfd2fb528 || (*magic & ~0xfu) == 0x184d2a50);  // or skippable
}

// The level and the start of a block, or the end of an empty stream.
bool looks_like_bzip2(ByteView bytes) {
  const std::string_view text = bytes.as_text();
  if (!text.starts_with("BZh") || text.size() < 6 || text[3] < '1' || text[3] > '9') return false;
  return text.substr(4, 2) == "\x31\x41" || text.substr(4, 2) == "\x17\x72";
}

}  // namespace

std::unique_ptr<ByteSource> source_of(ByteView bytes) {
  return std::make_unique<ViewSource>(bytes);
}

Result<std::size_t> read_fully(ByteSource& source, std::span<std::uint8_t> into) {
  std::size_t size = 0;
  while (size < into.size()) {
    const std::size_t got = TRY(source.read(into.subspan(size)));
    if (got == 0) break;
    size += got;
  }
  return size;
}

Done skip(ByteSource& source, std::uint64_t size) {
  Bytes scratch(std::min<std::uint64_t>(size, 64 * kKiB));
  while (size > 0) {
    const std::size_t want = std::min<std::uint64_t>(size, scratch.size());
    const std::size_t got = TRY(source.read(std::span(scratch).first(want)));
    if (got == 0)
      return Error{ErrorCode::truncated, "the input ends " + std::to_string(size) + " bytes early"};
    size -= got;
  }
  return Ok{};
}

std::string_view name_of(Compression compression) {
  switch (compression) {
    case Compression::none:
      return "none";
    case Compression::gzip:
      return "gzip";
    case Compression::zstd:
      return "zstd";
    case Compression::xz:
      return "xz";
    case Compression::bzip2:
      return "bzip2";
    case Compression::lzma:
      return "lzma";
  }
  return "none";
}

Compression sniff_compression(ByteView first_bytes) {
  if (first_bytes.starts_with("\x1f\x8b\x08")) return Compression::gzip;
  if (first_bytes.starts_with(std::string_view("\xfd"
                                               "7zXZ\0",
                                               6)))
    return Compression::xz;
  if (looks_like_zstd(first_bytes)) return Compression::zstd;
  if (looks_like_bzip2(first_bytes)) return Compression::bzip2;
  if (looks_like_lzma(first_bytes)) return Compression::lzma;
  return Compression::none;
}

std::unique_ptr<ByteSource> decompress(std::unique_ptr<ByteSource> from, Compression compression,
                                       const InflateLimits& limits) {
  return std::make_unique<DecompressedSource>(std::move(from), compression, limits);
}

}  // namespace fathom::archive
