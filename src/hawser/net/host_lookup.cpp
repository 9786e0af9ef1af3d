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
  return std::equal(localhost.begin(), localhost.end(), name.begin() + before,
                    [](char expected, char byte) {
                      return byte == expected || byte == expected - 'a' + 'A';
                    });
}

Addresses loopback(std::uint16_t port) {
  Address::Bytes ipv4{127, 0, 0, 1};
  Address::Bytes ipv6{};
  ipv6.back() = 1;
  return {Address(Address::Family::ipv4, ipv4, port), Address(Address::Family::ipv6, ipv6, port)};
}

/// Blocks: for a thread of its own.
Addresses lookUpNow(const std::string& name, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(name.c_str(), nullptr, &hints, &found);
  if (error == EAI_SYSTEM) throw DNSLookupError(name, errorText(errno));
  if (error != 0) throw DNSLookupError(name, ::gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  Addresses addresses;
  for (const addrinfo* each = found; each; each = each->ai_next) {
    const Address address =
        detail::fromNative(NativeAddress(each->ai_addr, each->ai_addrlen)).withPort(port);
    const bool known = address.family() != Address::Family::none;
    if (known && std::find(addresses.begin(), addresses.end(), address) == addresses.end())
      addresses.push_back(address);
  }
  if (addresses.empty()) throw DNSLookupError(name, "it has neither IPv4 nor IPv6 addresses");
  return addresses;
}

/// No thread has the firing end, or ever will: says why instead.
Deferred<Addresses> refused(Deferred<Addresses> abandoned, DNSLookupError why) {
  return std::move(abandoned).addErrback(
      [why = std::move(why)](const AbandonedError&) -> Failure { return why; });
}

}  // namespace

Deferred<std::vector<Address>> lookupHost(Reactor& reactor, const std::string& name,
                                          std::uint16_t port) {
  reactor.checkThread("lookupHost");
  if (const auto numeric = Address::fromNumericHost(name, port)) return Addresses{*numeric};
  if (isLocalhost(name)) return loopback(port);
  if (name.empty() || name.find('\0') != std::string::npos)
    return Failure(DNSLookupError(name, "that cannot be a name"));
  auto [deferred, resolver] = makeDeferred<Addresses>();
  auto job = [name, port, remote = reactor.remote(std::move(resolver))]() mutable {
    try {
      remote.callback(lookUpNow(name, port));
    } catch (const DNSLookupError& error) {
      remote.errback(Failure(error));
    }
  };
  try {
    if (!detail::runLookup(std::move(job)))
      return refused(std::move(deferred),
                     DNSLookupError(name, "too many names are being looked up already"));
  } catch (const std::system_error& error) {
    return refused(std::move(deferred), DNSLookupError(name, error.what()));
  }
  return std::move(deferred);
}

}  // namespace hawser
