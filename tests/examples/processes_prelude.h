#pragma once

// What the code in docs/howto/processes.md takes for granted.

#include <hawser/hawser.h>

#include <signal.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace hawser;
using namespace std::chrono_literals;

class Worker : public ProcessProtocol {};
void readConfiguration();
void handle(std::string line);

#define GUIDE_PARAMETERS [[maybe_unused]] Reactor &reactor, [[maybe_unused]] int logFile
