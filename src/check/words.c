#include "check/check.h"

const char *mln_verdict_name(enum mln_verdict verdict)
{
    static const char *const names[MLN_VERDICTS] = {
        [MLN_PASS] = "pass",
        [MLN_FAIL] = "fail",
        [MLN_NOT_APPLICABLE] = "not_applicable",
        [MLN_UNKNOWN] = "unknown",
    };

    return names[verdict];
}

const char *mln_unread_name(enum mln_unread why)
{
    static const char *const names[] = {
        [MLN_UNREAD_NONE] = "",
        [MLN_UNREAD_DENIED] = "denied",
        [MLN_UNREAD_THROTTLED] = "throttled",
        [MLN_UNREAD_UNSUPPORTED] = "unsupported",
        [MLN_UNREAD_ERROR] = "error",
        [MLN_UNREAD_NOT_COLLECTED] = "not_collected",
    };

    return names[why];
}
