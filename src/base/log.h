/*
 * The log sink: one line per record on stderr (or a given descriptor), JSON for the service and
 * text for commands, always redacted. Only front ends and the daemon loop log; libraries return
 * errors.
 */
#pragma once

#include "base/clock.h"

enum mln_log_level { MLN_LOG_ERROR, MLN_LOG_WARN, MLN_LOG_INFO, MLN_LOG_DEBUG };

struct mln_log {
    enum mln_log_level level;
    bool json;
    int fd;
    const struct mln_clock *clock;
};

/* One key and value of a record. A NULL `text` means the number is meant. */
struct mln_log_field {
    const char *key;
    const char *text;
    int64_t number;
};

/* "error", "warn", "info", "debug" -> level; MLN_EINVAL. */
MLN_MUST_USE int mln_log_level_parse(struct mln_str name, enum mln_log_level *out);

/* Writes one record when `level` is on. `message` is ours; fields may carry outside text: control
 * characters are escaped. */
void mln_log_write(const struct mln_log *log, enum mln_log_level level, const char *message,
        const struct mln_log_field *fields, size_t field_count);
