/* IP addresses and networks, IPv4 and IPv6 (RFC 4632, RFC 4291). */
#pragma once

#include "base/str.h"

struct mln_cidr {
    uint8_t addr[16]; /* IPv4 as ::ffff:a.b.c.d, host bits zero. */
    uint8_t prefix;   /* 0..128; an IPv4 /n is 96+n. */
};

/* "10.0.0.0/8", "::1", "192.0.2.7": a bare address is a full-length prefix; host bits must be zero.
 * MLN_EINVAL. */
MLN_MUST_USE int mln_cidr_parse(struct mln_str text, struct mln_cidr *out);

/* False for text that is not an address. */
bool mln_cidr_contains(const struct mln_cidr *net, struct mln_str address);
