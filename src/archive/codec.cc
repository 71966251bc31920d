#include "archive/codec.h"

#include <bzlib.h>
#include <lzma.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <climits>
#include <optional>

#define ZLIB_CONST
#include <zlib.h>

namespace fathom::archive {
namespace {

// The history a member may ask for. zstd --ultra --long=27 and xz -9 stay below; what asks for
// more was made to make readers allocate.
constexpr int kZstdWindowLog = 27;
constexpr std::uint64_t kLzmaMemory = 192 * kMiB;

// zlib and bzip2 count in unsigned int.
unsigned clamp_to_int(std::size_t size) {
  return static_cast<unsigned>(std::min<std::size_t>(size, INT_MAX));
}

class CopyCodec : public Codec {
 public:
  Done start() override { return Ok{}; }
  Result<Step> step(std::span<const std::uint8_t> in, std::span<std::uint8_t> out) override {
    const std::size_t size = std::min(in.size(), out.size());
    std::copy_n(in.begin(), size, out.begin());
    return Step{size, size, false};
  }
};

// zlib's way to say which frame it should expect.
constexpr int kGzipOnly = MAX_WBITS + 16;
constexpr int kNoFrame = -MAX_WBITS;

class ZlibCodec : public Codec {
 public:
  explicit ZlibCodec(int window_bits) : window_bits_(window_bits) {}
  ~ZlibCodec() override {
    if (open_) inflateEnd(&z_);
  }

  Done start() override {
    const int status = open_ ? inflateReset(&z_) : inflateInit2(&z_, window_bits_);
    if (status != Z_OK) return Error{ErrorCode::limit_exceeded, "no memory for zlib"};
    open_ = true;
    return Ok{};
  }

  Result<Step> step(std::span<const std::uint8_t> in, std::span<std::uint8_t> out) override {
    z_.next_in = in.data();
    z_.avail_in = clamp_to_int(in.size());
    z_.next_out = out.data();
    z_.avail_out = clamp_to_int(out.size());
    const unsigned in_before = z_.avail_in;
    const unsigned out_before = z_.avail_out;
    const int status = inflate(&z_, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
      failed_ = Error{ErrorCode::malformed, z_.msg != nullptr ? z_.msg : "damaged"};
    Step step{in_before - z_.avail_in, out_before - z_.avail_out, status == Z_STREAM_END};
    // zlib can have put out good bytes in the very call that finds the damage.
    if (failed_ && step.given == 0) return *failed_;
    return step;
  }

 private:
  const int window_bits_;
  z_stream z_{};
  bool open_ = false;
  std::optional<Error> failed_;
};

class ZstdCodec : public Codec {
 public:
  Done start() override {
    if (context_ == nullptr) context_.reset(ZSTD_createDCtx());
    if (context_ == nullptr) return Error{ErrorCode::limit_exceeded, "no memory for zstd"};
    ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kZstdWindowLog);
    next_input_ = ZSTD_initDStream(context_.get());
    return Ok{};
  }

  Result<Step> step(std::span<const std::uint8_t> in, std::span<std::uint8_t> out) override {
    // A call that fails forgets what it has put out before, so give it one block at a time.
    ZSTD_inBuffer from{in.data(), std::min(in.size(), next_input_), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const std::size_t status = ZSTD_decompressStream(context_.get(), &to, &from);
    if (!ZSTD_isError(status)) {
      next_input_ = status;
      return Step{from.pos, to.pos, status == 0};
    }
    const bool too_large = ZSTD_getErrorCode(status) == ZSTD_error_frameParameter_windowTooLarge ||
                           ZSTD_getErrorCode(status) == ZSTD_error_memory_allocation;
    return Error{too_large ? ErrorCode::limit_exceeded : ErrorCode::malformed,
                 ZSTD_getErrorName(status)};
  }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_DCtx, Free> context_;
  std::size_t next_input_ = 0;
};

// xz streams one by one, not with LZMA_CONCATENATED: the rule for what follows a stream is the same
// for all formats and stands in stream.cc.
class LzmaCodec : public Codec {
 public:
  explicit LzmaCodec(bool xz) : xz_(xz) {}
  ~LzmaCodec() override { lzma_end(&lzma_); }

  Done start() override {
    const lzma_ret status =
        xz_ ? lzma_stream_decoder(&lzma_, kLzmaMemory, LZMA_TELL_UNSUPPORTED_CHECK)
            : lzma_alone_decoder(&lzma_, kLzmaMemory);
    if (status != LZMA_OK) return Error{ErrorCode::limit_exceeded, "no memory for liblzma"};
    return Ok{};
  }

  Result<Step> step(std::span<const std::uint8_t> in, std::span<std::uint8_t> out) override {
    lzma_.next_in = in.data();
    lzma_.avail_in = in.size();
    lzma_.next_out = out.data();
    lzma_.avail_out = out.size();
    const lzma_ret status = lzma_code(&lzma_, LZMA_RUN);
    if (status == LZMA_MEMLIMIT_ERROR || status == LZMA_MEM_ERROR)
      return Error{ErrorCode::limit_exceeded, "the dictionary it asks for is too large"};
    if (status == LZMA_OPTIONS_ERROR || status == LZMA_UNSUPPORTED_CHECK)
      return Error{ErrorCode::unsupported, "unknown filter or integrity check"};
    Step step{in.size() - lzma_.avail_in, out.size() - lzma_.avail_out, status == LZMA_STREAM_END};
    if (status == LZMA_OK || status == LZMA_STREAM_END || status == LZMA_BUF_ERROR) return step;
    // liblzma repeats the error on the next call.
    if (step.given != 0) return step;
    return Error{ErrorCode::malformed, status == LZMA_FORMAT_ERROR ? "bad header" : "damaged"};
  }

 private:
  const bool xz_;
  lzma_stream lzma_ = LZMA_STREAM_INIT;
};

class Bzip2Codec : public Codec {
 public:
  ~Bzip2Codec() override { close(); }

  Done start() override {
    close();
    bz_ = {};
    open_ = BZ2_bzDecompressInit(&bz_, 0, 0) == BZ_OK;
    if (!open_) return Error{ErrorCode::limit_exceeded, "no memory for bzip2"};
    return Ok{};
  }

  Result<Step> step(std::span<const std::uint8_t> in, std::span<std::uint8_t> out) override {
    // The library's type lacks const; it does not write there.
    bz_.next_in = static_cast<char*>(static_cast<void*>(const_cast<std::uint8_t*>(in.data())));
    bz_.avail_in = clamp_to_int(in.size());
    bz_.next_out = static_cast<char*>(static_cast<void*>(out.data()));
    bz_.avail_out = clamp_to_int(out.size());
    const unsigned in_before = bz_.avail_in;
    const unsigned out_before = bz_.avail_out;
    const int status = BZ2_bzDecompress(&bz_);
    Step step{in_before - bz_.avail_in, out_before - bz_.avail_out, status == BZ_STREAM_END};
    if (status != BZ_OK && status != BZ_STREAM_END) failed_ = true;
    if (!failed_ || step.given != 0) return step;
    return Error{status == BZ_MEM_ERROR ? ErrorCode::limit_exceeded : ErrorCode::malformed,
                 status == BZ_DATA_ERROR_MAGIC ? "bad header" : "damaged"};
  }

 private:
  void close() {
    if (open_) BZ2_bzDecompressEnd(&bz_);
    open_ = false;
  }
  bz_stream bz_{};
  bool open_ = false;
  bool failed_ = false;
};

}  // namespace

std::unique_ptr<Codec> make_codec(Compression compression) {
  switch (compression) {
    case Compression::none:
      return std::make_unique<CopyCodec>();
    case Compression::gzip:
      return std::make_unique<ZlibCodec>(kGzipOnly);
    case Compression::zstd:
      return std::make_unique<ZstdCodec>();
    case Compression::xz:
      return std::make_unique<LzmaCodec>(true);
    case Compression::lzma:
      return std::make_unique<LzmaCodec>(false);
    case Compression::bzip2:
      return std::make_unique<Bzip2Codec>();
  }
  return std::make_unique<CopyCodec>();
}

std::unique_ptr<Codec> make_raw_deflate_codec() { return std::make_unique<ZlibCodec>(kNoFrame); }

}  // namespace fathom::archive
