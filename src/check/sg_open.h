/*
 * Which ports of a security group the world may reach, and by which rules.
 *
 * A port is open when the sources of the accept rules for it, taken together, hold every globally
 * routable address of a family, leaving out the rules that come after drop rules which together
 * hold them too. A drop of some sources closes nothing: the rest of the world still gets in.
 */
#pragma once

#include "check/functions.h"
#include "check/sg_rules.h"

#define SG_ITEMS_SHOWN ((size_t)20)

/* The ports that are asked about, each of one protocol. */
struct sg_ports {
    struct sg_port {
        unsigned protocol, port;
    } at[2 * MLN_CHECK_POINTS_MAX];
    size_t count;
};

/* A JSON list of "tcp/22", "udp/53", "any/111". MLN_EINVAL, MLN_ETOOBIG. */
MLN_MUST_USE int sg_ports_read(struct mln_str list, struct sg_ports *out, struct mln_err *err);

/* Appends the reason; nothing when no port is open. */
MLN_MUST_USE int sg_open_print(const struct sg_rules *rules, const struct sg_ports *ports,
        struct mln_buf *out, struct mln_err *err);
