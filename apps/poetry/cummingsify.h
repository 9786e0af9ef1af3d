#pragma once

#include <string>
#include <string_view>

namespace poetry {

/// The poem as e. e. cummings might have set it: in lower case.
///
/// Every letter of Unicode that has a lower case gets it, whatever the locale of the process; a
/// sigma that ends a word becomes ς. Bytes that are no UTF-8 stay as they are.
/// @throws std::system_error if the C library has no locale C.UTF-8
std::string cummingsify(std::string_view poem);

}  // namespace poetry
