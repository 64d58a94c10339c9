/*
 * The local journal of handled risk events: one JSON line per attempt in
 * $XDG_STATE_HOME/merlon/handled.jsonl, mode 0600. Names and ids only, never a part of a key.
 */
#pragma once

#include "cli/cli.h"

struct journal_entry {
    const char *profile; /* The profile's name, or where else the identity came from. */
    int64_t risk_id;
    const char *request_id, *outcome;
};

/* Appends. A failure is for a warning: the event is handled already. */
MLN_MUST_USE int journal_add(
        const struct cli *cli, const struct journal_entry *entry, struct mln_err *err);
