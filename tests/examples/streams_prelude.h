#pragma once

// What the code in docs/howto/streams.md takes for granted.

#include <hawser/hawser.h>
#include <hawser/testing/deferred_matchers.h>
#include <hawser/testing/string_transport.h>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using namespace hawser;
using namespace std::chrono_literals;

void handle(std::string message);
Deferred<void> echo(Stream stream);

#define GUIDE_PARAMETERS [[maybe_unused]] Reactor& reactor
