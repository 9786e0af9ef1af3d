#pragma once

#include <string>
#include <vector>

namespace poetry {

struct Poem {
  std::string name;
  std::string text;
};

/// The poems that ship with the program (poems/*.txt, built in), the shortest first.
const std::vector<Poem>& ownPoems();

}  // namespace poetry
