#pragma once

#include <hawser/net/address.h>
#include <hawser/net/detail/native.h>
#include <hawser/reactor/channel.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

// Handlers of operations that keep what they are told.

namespace hawser::testing {

struct Receiver final : ReceiveHandler {
  std::string text;
  std::optional<std::error_code> ended;
  std::function<void()> onData = [] {};

  void received(std::span<const std::byte> bytes) override {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    onData();
  }
  void receiveEnded(std::error_code error) override { ended = error; }
};

struct Accepter final : AcceptHandler {
  std::vector<ChannelPtr> channels;
  std::vector<Address> peers;
  std::vector<std::error_code> errors;
  std::function<void()> onAccept = [] {};

  void accepted(ChannelPtr channel, const NativeAddress& peer) override {
    channels.push_back(std::move(channel));
    peers.push_back(detail::fromNative(peer));
    onAccept();
  }
  void acceptFailed(std::error_code error) override { errors.push_back(error); }
};

struct Connecter final : ConnectHandler {
  bool done = false;
  std::optional<std::error_code> error;
  std::function<void()> onEnd = [] {};

  void connected() override {
    done = true;
    onEnd();
  }
  void connectFailed(std::error_code why) override {
    error = why;
    onEnd();
  }
};

struct Sender final : SendHandler {
  std::size_t reported = 0;
  std::optional<std::size_t> left;
  std::optional<std::error_code> error;

  void sent(std::size_t bytes, std::size_t rest) override {
    reported += bytes;
    left = rest;
  }
  void sendFailed(std::error_code why) override { error = why; }
};

}  // namespace hawser::testing
