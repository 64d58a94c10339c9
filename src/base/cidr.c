#include "base/cidr.h"

#include <arpa/inet.h>

/* Reads one address as 16 bytes; `*full` is the prefix length of a single host as written. */
static bool parse_address(struct mln_str text, uint8_t out[16], int64_t *full)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    char copy[INET6_ADDRSTRLEN];

    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.ptr, '\0', text.len) != NULL)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, out + 12) == 1) {
        memcpy(out, mapped, sizeof(mapped));
        *full = 32;
        return true;
    }
    *full = 128;
    return inet_pton(AF_INET6, copy, out) == 1;
}

/* Decimal without sign or leading zero: "08" is a typing error more often than a length. */
static bool parse_prefix(struct mln_str text, int64_t full, int64_t *out)
{
    if (text.len == 0 || text.len > 3 || text.ptr[0] == '-')
        return false;
    if (text.len > 1 && text.ptr[0] == '0')
        return false;
    return mln_str_to_i64(text, out) == MLN_OK && *out <= full;
}

/* The bits of byte `index` that belong to the network. */
static uint8_t mask_of(uint8_t prefix, size_t index)
{
    size_t before = index * 8;

    if (prefix >= before + 8)
        return 0xff;
    if (prefix <= before)
        return 0;
    return (uint8_t)(0xff00U >> (prefix - before) & 0xffU);
}

int mln_cidr_parse(struct mln_str text, struct mln_cidr *out)
{
    struct mln_str rest = text, address, length;
    struct mln_cidr net;
    int64_t full, prefix;

    if (!mln_str_next(&rest, '/', &address) || !parse_address(address, net.addr, &full))
        return MLN_EINVAL;
    prefix = full;
    if (rest.ptr != NULL) {
        length = rest;
        if (!parse_prefix(length, full, &prefix))
            return MLN_EINVAL;
    }
    net.prefix = (uint8_t)(128 - full + prefix);
    for (size_t i = 0; i < sizeof(net.addr); i++) {
        if ((net.addr[i] & ~mask_of(net.prefix, i)) != 0)
            return MLN_EINVAL;
    }
    *out = net;
    return MLN_OK;
}

bool mln_cidr_contains(const struct mln_cidr *net, struct mln_str address)
{
    uint8_t addr[16];
    int64_t full;

    if (!parse_address(address, addr, &full))
        return false;
    for (size_t i = 0; i < sizeof(addr); i++) {
        if (((addr[i] ^ net->addr[i]) & mask_of(net->prefix, i)) != 0)
            return false;
    }
    return true;
}
