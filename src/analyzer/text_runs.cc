// Sixty-four bytes at a time become four masks; runs are found by counting trailing ones and zeros,
// so that neither zeros nor tables of numbers cost more than a look at a word. Only what has
// a chance to be wanted is looked at byte by byte.

#include "analyzer/text_runs.h"

#include <bit>

#include "analyzer/byte_masks.h"

namespace fathom {

namespace {

bool is_digit(int c) { return c >= '0' && c <= '9'; }

// The length of the UTF-8 sequence that starts at `at`, or 0 when it is not valid.
std::size_t sequence_size(std::span<const std::uint8_t> bytes, std::size_t at) {
  const std::uint8_t lead = bytes[at];
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (bytes.size() - at < size) return 0;
  const std::uint8_t second = bytes[at + 1];
  // RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF.
  const std::uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const std::uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (std::size_t i = 2; i < size; ++i)
    if ((bytes[at + i] & 0xc0) != 0x80) return 0;
  return size;
}

class Finder {
 public:
  Finder(ByteView bytes, std::uint64_t least, const std::function<void(const TextRun&)>& found)
      : bytes_(bytes.span()), least_(least), found_(found) {}

  void run() {
    std::size_t at = 0;
    for (; at + 64 <= bytes_.size(); at += 64) block(at, masks_of(bytes_.subspan(at).first<64>()));
    block(at, masks_of_bytes(bytes_.subspan(at)));  // ends every run: bits past the end are 0
  }

 private:
  void block(std::size_t base, ByteMasks masks) {
    const std::uint64_t versions = versions_in(base, masks);
    std::uint64_t rest = masks.text;
    unsigned at = 0;
    if (in_run_) {
      at = static_cast<unsigned>(std::countr_one(rest));
      run_has_high_ |= (masks.high & low_bits(at)) != 0;
      run_has_version_ |= (versions & low_bits(at)) != 0;
      if (at == 64) return;
      end_run(base + at);
      rest &= ~low_bits(at);
    }
    while (rest != 0) {
      at = static_cast<unsigned>(std::countr_zero(rest));
      unsigned size = static_cast<unsigned>(std::countr_one(rest >> at));
      in_run_ = true;
      run_start_ = base + at;
      std::uint64_t run = low_bits(size) << at;
      run_has_high_ = (masks.high & run) != 0;
      run_has_version_ = (versions & run) != 0;
      if (at + size == 64) return;
      rest &= ~run;
      end_run(base + at + size);
    }
  }

  static std::uint64_t low_bits(unsigned n) {
    return n >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1;
  }

  // Dots between two digits. A neighbour in another block is looked up.
  std::uint64_t versions_in(std::size_t base, const ByteMasks& masks) const {
    constexpr std::uint64_t kFirst = 1, kLast = std::uint64_t{1} << 63;
    std::uint64_t before = masks.digit << 1, behind = masks.digit >> 1;
    if (base > 0 && is_digit(bytes_[base - 1])) before |= kFirst;
    if (base + 64 < bytes_.size() && is_digit(bytes_[base + 64])) behind |= kLast;
    return masks.dot & before & behind;
  }

  void end_run(std::size_t end) {
    in_run_ = false;
    bool nul_follows = end < bytes_.size() && bytes_[end] == 0;
    bool wanted = nul_follows && end - run_start_ >= least_;
    if (!wanted && !run_has_version_) return;
    if (run_has_high_)
      split_at_invalid(end, nul_follows);
    else
      found_({run_start_, end - run_start_, nul_follows, run_has_version_});
  }

  void split_at_invalid(std::size_t end, bool nul_follows) {
    std::span<const std::uint8_t> run = bytes_.first(end);
    std::size_t piece = run_start_;
    for (std::size_t at = run_start_; at < end;) {
      std::size_t size = sequence_size(run, at);
      if (size == 0) {
        report(piece, at, false);
        piece = at + 1;
      }
      at += size == 0 ? 1 : size;
    }
    report(piece, end, nul_follows);
  }

  void report(std::size_t start, std::size_t end, bool nul_follows) {
    bool has_version =
        run_has_version_ && find_version(ByteView(bytes_.subspan(start, end - start)).as_text()) !=
                                std::string_view::npos;
    if (has_version || (nul_follows && end - start >= least_))
      found_({start, end - start, nul_follows, has_version});
  }

  std::span<const std::uint8_t> bytes_;
  std::uint64_t least_;
  const std::function<void(const TextRun&)>& found_;
  bool in_run_ = false, run_has_high_ = false, run_has_version_ = false;
  std::size_t run_start_ = 0;
};

}  // namespace

void find_text_runs(ByteView bytes, std::uint64_t least,
                    const std::function<void(const TextRun&)>& found) {
  Finder(bytes, least, found).run();
}

std::size_t find_version(std::string_view text, std::size_t from) {
  for (std::size_t dot = text.find('.', from); dot != text.npos; dot = text.find('.', dot + 1))
    if (dot > 0 && dot + 1 < text.size() && is_digit(text[dot - 1]) && is_digit(text[dot + 1]))
      return dot;
  return text.npos;
}

}  // namespace fathom
