#include <hawser/net/host_lookup.h>

#include <hawser/net/detail/lookup_threads.h>
#include <hawser/net/detail/native.h>
#include <hawser/net/errors.h>
#include <hawser/reactor/reactor.h>
#include <hawser/reactor/remote_resolver.h>

#include <netdb.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

namespace hawser {

namespace {

using Addresses = std::vector<Address>;

// RFC 6761, section 6.3: these names never leave the machine.
bool isLocalhost(std::string_view name) {
  constexpr std::string_view localhost = "localhost";
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.size() < localhost.size()) return false;
  const std::size_t before = name.size() - localhost.size();
  if (before > 0 && name[before - 1] != '.') return false;
  return std::equal(
      localhost.begin(), localhost.end(), name.begin() + before,
      [](char expected, char byte) { return byte == expected || byte == expected - 'a' + 'A'; });
}

Addresses loopback(std::uint16_t port) {
  Address::Bytes ipv4{127, 0, 0, 1};
  Address::Bytes ipv6{};
  ipv6.back() = 1;
  return {Address(Address::Family::ipv4, ipv4, port), Address(Address::Family::ipv6, ipv6, port)};
}

/// What a thread found out. The error itself is made on the reactor's thread: exceptions of the
/// standard library share their text by counts that ThreadSanitizer does not see.
struct Answer {
  Addresses addresses;
  std::string problem;  // why there are none
};

/// Blocks: for a thread of its own.
Answer lookUpNow(const std::string& name, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(name.c_str(), nullptr, &hints, &found);
  if (error == EAI_SYSTEM) return {{}, errorText(errno)};
  if (error != 0) return {{}, ::gai_strerror(error)};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  Addresses addresses;
  for (const addrinfo* each = found; each; each = each->ai_next) {
    const Address address =
        detail::fromNative(NativeAddress(each->ai_addr, each->ai_addrlen)).withPort(port);
    const bool known = address.family() != Address::Family::none;
    if (known && std::find(addresses.begin(), addresses.end(), address) == addresses.end())
      addresses.push_back(address);
  }
  return {std::move(addresses), "it has neither IPv4 nor IPv6 addresses"};
}

Result<Addresses> judge(const std::string& name, Answer answer) {
  if (answer.addresses.empty()) return Failure(DNSLookupError(name, std::move(answer.problem)));
  return std::move(answer.addresses);
}

}  // namespace

Deferred<std::vector<Address>> lookupHost(Reactor& reactor, const std::string& name,
                                          std::uint16_t port) {
  reactor.checkThread("lookupHost");
  if (const auto numeric = Address::fromNumericHost(name, port)) return Addresses{*numeric};
  if (isLocalhost(name)) return loopback(port);
  if (name.empty() || name.find('\0') != std::string::npos)
    return Failure(DNSLookupError(name, "that cannot be a name"));
  auto [deferred, resolver] = makeDeferred<Answer>();
  auto job = [name, port, remote = reactor.remote(std::move(resolver))]() mutable {
    Result<Answer> answer = Failure::none();
    try {
      answer = lookUpNow(name, port);
    } catch (...) {
      answer = Failure::current();
    }
    remote.fire(std::move(answer));
  };
  // A job that is refused abandons the Deferred: that failure becomes the reason.
  std::string refusal;
  try {
    if (!detail::runLookup(std::move(job))) refusal = "too many names are being looked up already";
  } catch (const std::system_error& error) {
    refusal = error.what();
  }
  return std::move(deferred).addCallbacks(
      [name](Answer answer) { return judge(name, std::move(answer)); },
      [name, refusal](const Failure& failure) -> Result<Addresses> {
        if (refusal.empty() || !failure.check<AbandonedError>()) return failure;
        return Failure(DNSLookupError(name, refusal));
      });
}

}  // namespace hawser
