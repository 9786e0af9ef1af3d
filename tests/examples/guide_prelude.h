#pragma once

// What the code in docs/howto/deferred.md takes for granted.

#include <hawser/defer/async_generator.h>
#include <hawser/defer/deferred_cache.h>
#include <hawser/defer/deferred_lock.h>
#include <hawser/defer/deferred_queue.h>
#include <hawser/defer/deferred_semaphore.h>
#include <hawser/defer/race.h>
#include <hawser/defer/registry.h>
#include <hawser/defer/scope.h>
#include <hawser/defer/shared_deferred.h>
#include <hawser/defer/single_flight.h>
#include <hawser/hawser.h>
#include <hawser/testing/fake_clock.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace hawser;
using namespace std::chrono_literals;

struct NoAnswerError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct GibberishError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

Deferred<std::string> getPoem(const std::string& title);
Deferred<std::string> getFromMirror(const std::string& title);
std::string parse(std::string poem);
std::string excuse(const GibberishError& error);
void print(const std::string& poem);
void complain(const Failure& why);
Deferred<void> publish(std::string poem);

struct Connection {
  Deferred<std::optional<std::string>> readLine();
  Deferred<void> finished();
};

#define GUIDE_PARAMETERS                                                                    \
  [[maybe_unused]] Reactor &reactor, [[maybe_unused]] testing::FakeClock &clock,            \
      [[maybe_unused]] std::vector<std::string> titles, [[maybe_unused]] std::string title, \
      [[maybe_unused]] Connection &connection
