// Names of machines → addresses.

#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/address.h"

namespace fathom::net {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

// An address stands for itself; "localhost" is never asked for (RFC 6761); the rest comes from
// /etc/hosts and the servers of /etc/resolv.conf. At least one address, in the order to try.
Result<std::vector<Address>> look_up(const std::string& host, Deadline by);

}  // namespace fathom::net
