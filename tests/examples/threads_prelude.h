#pragma once

// What the code in docs/howto/threads.md takes for granted.

#include <hawser/hawser.h>

#include <chrono>
#include <cstdio>
#include <stop_token>
#include <string>
#include <utility>

using namespace hawser;
using namespace std::chrono_literals;

int checksumOf(const std::string& title);
Deferred<std::string> getPoem(const std::string& title);
void print(const std::string& poem);

#define GUIDE_PARAMETERS [[maybe_unused]] Reactor &reactor, [[maybe_unused]] std::string title
