#include "collect/collect.h"

void mln_replay_name(const struct mln_collect_request *request, struct mln_buf *out)
{
    mln_buf_add_cstr(out, request->call.product);
}
