#include "snapshot/snapshot.h"

static const char *const names[] = {
#define X(symbol, name) [MLN_OUTCOME_##symbol] = (name),
    MLN_OUTCOMES(X)
#undef X
};

const char *mln_outcome_name(enum mln_outcome outcome)
{
    return names[outcome];
}

int mln_outcome_parse(struct mln_str name, enum mln_outcome *out)
{
    for (size_t i = 0; i < MLN_LEN(names); i++) {
        if (mln_str_is(name, names[i])) {
            *out = (enum mln_outcome)i;
            return MLN_OK;
        }
    }
    return MLN_EINVAL;
}
