#include <poetry/cummingsify.h>
#include <poetry/utf8.h>

#include <locale.h>
#include <wctype.h>

#include <cerrno>
#include <system_error>

namespace poetry {

namespace {

constexpr char32_t capitalSigma = U'Σ';
constexpr char32_t finalSigma = U'ς';
constexpr char32_t capitalDottedI = U'İ';
constexpr std::string_view smallDottedI = "i̇";  // two code points: i, combining dot above

/// The C library's tables of Unicode. Not the locale of the process, which may know ASCII only.
locale_t unicode() {
  static const locale_t locale = [] {
    const locale_t made = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    if (!made)
      throw std::system_error(errno, std::generic_category(),
                              "cummingsify: the C library has no locale C.UTF-8");
    return made;
  }();
  return locale;
}

bool isLetter(char32_t point) { return ::iswalpha_l(static_cast<wint_t>(point), unicode()) != 0; }

char32_t lower(char32_t point) {
  return static_cast<char32_t>(::towlower_l(static_cast<wint_t>(point), unicode()));
}

}  // namespace

std::string cummingsify(std::string_view poem) {
  std::string lowered;
  lowered.reserve(poem.size());
  bool inWord = false;
  while (!poem.empty()) {
    const Utf8Char next = firstChar(poem);
    poem.remove_prefix(next.bytes.size());
    if (!next.point) {
      lowered += next.bytes;
      inWord = false;
      continue;
    }
    const char32_t point = *next.point;
    if (point == capitalDottedI) {
      lowered += smallDottedI;
    } else if (point == capitalSigma && inWord && !isLetter(firstChar(poem).point.value_or(U' '))) {
      appendUtf8(lowered, finalSigma);
    } else {
      appendUtf8(lowered, lower(point));
    }
    inWord = isLetter(point);
  }
  return lowered;
}

}  // namespace poetry
