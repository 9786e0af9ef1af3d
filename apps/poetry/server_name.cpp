#include <poetry/server_name.h>

#include <hawser/net/endpoint_parser.h>

#include <fmt/format.h>

namespace poetry {

using namespace hawser;

ServerName ServerName::parse(std::string_view text) {
  // The text is an endpoint but for its type, so the library's parser can read it.
  const std::string_view type = text.starts_with("tcp:") ? "" : "tcp:";
  const EndpointArguments arguments(parseEndpointDescription(fmt::format("{}{}", type, text)),
                                    {"host", "port"}, {});
  arguments.required("port");
  return {arguments.required("host"),
          static_cast<std::uint16_t>(*arguments.number("port", 1, 65535))};
}

std::string ServerName::toString() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  return ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

ClientEndpoint ServerName::endpoint(Reactor& reactor) const {
  return HostnameEndpoint(reactor, host, port);
}

}  // namespace poetry
