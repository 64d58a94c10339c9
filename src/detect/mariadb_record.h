/*
 * One record of MariaDB's server_audit log taken apart; nothing is decided here. Included by
 * read_mariadb_audit.c and mariadb_record.c only.
 */
#pragma once

#include "base/str.h"
#include "detect/zone.h"

#define MLN_MARIADB_TIME_LEN 17 /* "20260302 10:03:11" */

enum mln_mariadb_class {
    MLN_MARIADB_CONNECTION,
    MLN_MARIADB_DISCONNECTION,
    MLN_MARIADB_STATEMENT,
    MLN_MARIADB_TABLE,
    MLN_MARIADB_IGNORED,
};

struct mln_mariadb_operation {
    struct mln_str name;
    enum mln_mariadb_class class;
};

struct mln_mariadb_record {
    struct mln_str time, server, user, client, connection_text, query_text, operation_name,
            database;
    struct mln_str rest; /* "object,retcode" */
    const struct mln_mariadb_operation *operation;
    uint64_t connection, query;
};

/* False when the line is no record. Everything borrows from `line`; the time is not looked at. */
bool mln_mariadb_split(struct mln_str line, struct mln_mariadb_record *out);

/* Takes the last field off `line`. */
bool mln_mariadb_split_last(struct mln_str *line, struct mln_str *out);

/* Decimal digits and nothing else. */
bool mln_mariadb_number(struct mln_str s, uint64_t *out);

/* A real calendar time in the form of MLN_MARIADB_TIME_LEN bytes. */
bool mln_mariadb_time(struct mln_str text, struct mln_civil *out);

/* The address without the port that MariaDB 12 adds: "10.0.0.9:51234", "[::1]:51234", "::1:51234".
 */
struct mln_str mln_mariadb_address(struct mln_str client);

/* Does the quote that ends `quoted` close it, or is it the second half of \' ? */
bool mln_mariadb_is_closed(struct mln_str quoted);

/*
 * The statement as the client sent it, in `buf`; one without escapes stays where it is. MLN_ENOMEM,
 * MLN_ETOOBIG.
 */
MLN_MUST_USE int mln_mariadb_unescape(
        struct mln_str raw, struct mln_buf *buf, struct mln_str *out, struct mln_err *err);
