#pragma once

#include <hawser/reactor/channel.h>

namespace hawser::detail {

/// An option of a socket whose value is a number, and its name for messages.
struct NumberOption {
  int level;
  int name;
  const char* text;
};

/// @throws SocketOptionError
void setNumber(Channel& channel, const NumberOption& option, int value);
/// 0 if there is no channel.
/// @throws SocketOptionError
int getNumber(const Channel* channel, const NumberOption& option);

}  // namespace hawser::detail
