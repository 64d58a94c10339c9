/*
 * The SQL functions that checks use (docs/extending/check.md, "Functions"). All of them are
 * deterministic, do bounded work on any bytes, and answer NULL for NULL. A text beyond a limit or
 * a parameter that makes no sense is an SQL error with a message, never a wrong answer.
 */
#pragma once

#include "base/err.h"

struct sqlite3;

#define MLN_CHECK_LIST_MAX    ((size_t)8 * 1024 * 1024) /* Bytes of a list or a result. */
#define MLN_CHECK_RANGES_MAX  ((size_t)400000)    /* Address ranges of one list or aggregate. */
#define MLN_CHECK_RULES_MAX   ((size_t)400000)    /* Rules of one aggregate. */
#define MLN_CHECK_POINTS_MAX  ((size_t)256)       /* Ports that sg_open() is asked about. */
#define MLN_CHECK_PATTERN_MAX ((size_t)1024)      /* One pattern of like_any(). */
#define MLN_CHECK_POLICY_MAX  ((size_t)64 * 1024) /* A resource policy; the cloud allows 16 KiB. */
#define MLN_CHECK_LIKE_MAX    ((size_t)64 * 1024) /* The text of like_any(). */

/* Registers all functions but unread(), which belongs to the engine. */
MLN_MUST_USE int mln_check_functions_register(struct sqlite3 *db, struct mln_err *err);
