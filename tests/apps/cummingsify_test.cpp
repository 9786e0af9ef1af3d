#include <poetry/cummingsify.h>

#include <gtest/gtest.h>

#include <string>

namespace poetry {
namespace {

TEST(Cummingsify, lowersAsciiAndLeavesTheRest) {
  EXPECT_EQ(cummingsify("I Threw You the LINE, 2 × 3!\n\tZ"), "i threw you the line, 2 × 3!\n\tz");
  EXPECT_EQ(cummingsify(""), "");
}

TEST(Cummingsify, knowsTheLettersOfOtherPeople) {
  EXPECT_EQ(cummingsify("ÀÉÎÕÜ ÅØÆ ÐÞ ÿß"), "àéîõü åøæ ðþ ÿß");
  EXPECT_EQ(cummingsify("GDAŃSK DVOŘÁK ŁÓDŹ"), "gdańsk dvořák łódź");
  EXPECT_EQ(cummingsify("ВЛАДИВОСТОК ЁЖ"), "владивосток ёж");
  EXPECT_EQ(cummingsify("ՀԱՅ ẞ Ậ Ⅷ 𐐀"), "հայ ß ậ ⅷ 𐐨");
}

TEST(Cummingsify, endsAGreekWordWithAFinalSigma) {
  EXPECT_EQ(cummingsify("ΠΕΙΡΑΙΆΣ, ΣΊΣΥΦΟΣ"), "πειραιάς, σίσυφος");
  EXPECT_EQ(cummingsify("Σ ΑΣ"), "σ ας");
}

TEST(Cummingsify, keepsTheDotOfADottedI) { EXPECT_EQ(cummingsify("İZMİR"), "i̇zmi̇r"); }

TEST(Cummingsify, leavesBytesThatAreNoUtf8AsTheyAre) {
  EXPECT_EQ(cummingsify("A\xffZ"), "a\xffz");
  EXPECT_EQ(cummingsify("A\xc3"), "a\xc3");  // cut short
  EXPECT_EQ(cummingsify("\xc0\x81 \xe0\x81\x81"),
            "\xc0\x81 \xe0\x81\x81");                              // too long for what they are
  EXPECT_EQ(cummingsify("\xed\xa0\x80"), "\xed\xa0\x80");          // half of a pair
  EXPECT_EQ(cummingsify("\xf5\x80\x80\x80"), "\xf5\x80\x80\x80");  // beyond Unicode
  EXPECT_EQ(cummingsify(std::string("\0A", 2)), std::string("\0a", 2));
}

}  // namespace
}  // namespace poetry
