#include "api/lane.h"

#include "store/store.h"

/*
 * A request id needs 16 random bytes; drawing them one request at a time would cost a system call
 * each. Used bytes are overwritten, so that no later read of memory gives them away.
 */
static void fill_from_supply(void *ctx, void *out, size_t len)
{
    struct mln_lane *lane = ctx;

    if (len > sizeof(lane->supply)) {
        mln_random_fill(lane->source, out, len);
        return;
    }
    if (len > lane->supply_left) {
        mln_random_fill(lane->source, lane->supply, sizeof(lane->supply));
        lane->supply_left = sizeof(lane->supply);
    }
    lane->supply_left -= len;
    memcpy(out, lane->supply + lane->supply_left, len);
    memset(lane->supply + lane->supply_left, 0, len);
}

void mln_lane_init(struct mln_lane *lane, const struct mln_lane_options *options)
{
    *lane = (struct mln_lane){
        .store_url = options->store_url,
        .writes = options->writes,
        .busy_timeout_ms = options->busy_timeout_ms,
        .source = options->random,
        .random = { .fill = fill_from_supply, .ctx = lane },
    };
}

void mln_lane_fini(struct mln_lane *lane)
{
    mln_lane_drop_store(lane);
}

int mln_lane_store(struct mln_lane *lane, struct mln_store **out, struct mln_err *err)
{
    const struct mln_store_options options = {
        .mode = lane->writes ? MLN_STORE_WRITE : MLN_STORE_READ,
        .busy_timeout_ms = lane->busy_timeout_ms,
    };
    int rc = MLN_OK;

    if (lane->store == NULL)
        rc = mln_store_open(lane->store_url, &options, &lane->store, err);
    if (rc == MLN_OK)
        *out = lane->store;
    return rc;
}

int mln_lane_version(struct mln_lane *lane, int64_t *out, struct mln_err *err)
{
    struct mln_store *store = NULL;
    int rc = mln_lane_store(lane, &store, err);

    return rc == MLN_OK ? mln_store_data_version(store, out, err) : rc;
}

void mln_lane_drop_store(struct mln_lane *lane)
{
    mln_answers_free(&lane->answers); /* They are of this connection. */
    if (lane->store != NULL)
        mln_store_close(lane->store);
    lane->store = NULL;
}

int mln_lane_ping(struct mln_lane *lane, struct mln_err *err)
{
    struct mln_store *store = NULL;
    int rc = mln_lane_store(lane, &store, err);

    if (rc == MLN_OK)
        rc = mln_store_ping(store, err);
    if (rc != MLN_OK)
        mln_lane_drop_store(lane);
    return rc;
}
