#include "client/retry.h"

int64_t mln_retry_delay_ms(const struct mln_retry_facts *facts, const struct mln_random *random)
{
    int64_t ceiling = MLN_BACKOFF_BASE_MS;
    uint32_t draw = 0;

    if (!facts->worth_it || facts->attempt >= MLN_ATTEMPTS_MAX ||
            (facts->is_write && facts->bytes_left))
        return -1;
    if (facts->retry_after_ms >= 0)
        return facts->retry_after_ms < MLN_RETRY_AFTER_MAX_MS ? facts->retry_after_ms
                                                              : MLN_RETRY_AFTER_MAX_MS;
    for (int i = 1; i < facts->attempt && ceiling < MLN_BACKOFF_MAX_MS; i++)
        ceiling *= 2;
    if (ceiling > MLN_BACKOFF_MAX_MS)
        ceiling = MLN_BACKOFF_MAX_MS;
    mln_random_fill(random, &draw, sizeof(draw));
    return (int64_t)draw % (ceiling + 1);
}
