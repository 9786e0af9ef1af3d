#pragma once

/// Everything of Hawser that needs no optional component, for programs. A library that builds on
/// Hawser includes just what it uses.

#include <hawser/base/clock.h>
#include <hawser/base/failure.h>
#include <hawser/base/logging.h>
#include <hawser/base/result.h>
#include <hawser/base/unique_function.h>
#include <hawser/defer/async_generator.h>
#include <hawser/defer/bind_weak.h>
#include <hawser/defer/deferred.h>
#include <hawser/defer/deferred_cache.h>
#include <hawser/defer/deferred_list.h>
#include <hawser/defer/deferred_lock.h>
#include <hawser/defer/deferred_queue.h>
#include <hawser/defer/deferred_semaphore.h>
#include <hawser/defer/gather.h>
#include <hawser/defer/maybe_deferred.h>
#include <hawser/defer/race.h>
#include <hawser/defer/registry.h>
#include <hawser/defer/scope.h>
#include <hawser/defer/shared_deferred.h>
#include <hawser/defer/single_flight.h>
#include <hawser/defer/timeout.h>
#include <hawser/defer/with_args.h>
#include <hawser/net/address.h>
#include <hawser/net/connector.h>
#include <hawser/net/endpoint.h>
#include <hawser/net/errors.h>
#include <hawser/net/factory.h>
#include <hawser/net/file_descriptor_receiver.h>
#include <hawser/net/host_lookup.h>
#include <hawser/net/port.h>
#include <hawser/net/protocol.h>
#include <hawser/net/socket_options.h>
#include <hawser/net/stdio.h>
#include <hawser/net/tcp.h>
#include <hawser/net/transport.h>
#include <hawser/net/udp.h>
#include <hawser/net/unix.h>
#include <hawser/protocols/netstring_receiver.h>
#include <hawser/reactor/cooperator.h>
#include <hawser/reactor/looping_call.h>
#include <hawser/reactor/reactor.h>
#include <hawser/reactor/remote_resolver.h>
#include <hawser/reactor/task.h>
