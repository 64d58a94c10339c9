#include "check/check.h"
#include "check/priv.h"

static const char *const verdicts[MLN_VERDICTS] = {
    [MLN_PASS] = "pass",
    [MLN_FAIL] = "fail",
    [MLN_NOT_APPLICABLE] = "not_applicable",
    [MLN_UNKNOWN] = "unknown",
};

const char *mln_verdict_name(enum mln_verdict verdict)
{
    return verdicts[verdict];
}

int mln_verdict_parse(struct mln_str name, enum mln_verdict *out)
{
    for (size_t i = 0; i < MLN_LEN(verdicts); i++) {
        if (mln_str_is(name, verdicts[i])) {
            *out = (enum mln_verdict)i;
            return MLN_OK;
        }
    }
    return MLN_EINVAL;
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

const char *mln_unread_words(enum mln_unread why)
{
    static const char *const words[] = {
        [MLN_UNREAD_NONE] = "",
        [MLN_UNREAD_DENIED] = "no permission: ",
        [MLN_UNREAD_THROTTLED] = "throttled: ",
        [MLN_UNREAD_UNSUPPORTED] = "not supported: ",
        [MLN_UNREAD_ERROR] = "failed: ",
        [MLN_UNREAD_NOT_COLLECTED] = "not collected: ",
    };

    return words[why];
}

enum mln_unread mln_unread_parse(struct mln_str reason)
{
    for (int why = MLN_UNREAD_DENIED; why <= MLN_UNREAD_NOT_COLLECTED; why++) {
        if (mln_str_starts(reason, mln_str_of(mln_unread_words((enum mln_unread)why))))
            return (enum mln_unread)why;
    }
    return MLN_UNREAD_ERROR;
}

const char *mln_param_kind_name(enum mln_param_kind kind)
{
    static const char *const names[] = {
        [MLN_PARAM_INT] = "a whole number",
        [MLN_PARAM_REAL] = "a number",
        [MLN_PARAM_BOOL] = "true or false",
        [MLN_PARAM_TEXT] = "a text",
        [MLN_PARAM_LIST] = "a list",
    };

    return names[kind];
}
