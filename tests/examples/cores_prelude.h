#pragma once

// What the code in docs/howto/cores.md takes for granted.

#include <hawser/hawser.h>
#include <hawser/net/pool_port.h>
#include <hawser/reactor/call_on.h>
#include <hawser/reactor/reactor_pool.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

using namespace hawser;
using namespace std::chrono_literals;

extern thread_local int connections;

class Echo : public Protocol {
 public:
  void dataReceived(std::string_view bytes) override { transport().write(bytes); }
};

void openCache(Reactor& reactor);
void sayGoodbyeToAll();
std::string titleOfToday();

extern ReactorPool& pool;

#define GUIDE_PARAMETERS [[maybe_unused]] Reactor &reactor, [[maybe_unused]] Reactor &other
