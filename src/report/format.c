#include <string.h>

#include "report/report.h"

int mln_report_parse(const char *name, enum mln_report_format *out)
{
    static const char *const names[] = {
        [MLN_REPORT_HTML] = "html",
        [MLN_REPORT_JUNIT] = "junit",
        [MLN_REPORT_OCSF] = "ocsf",
        [MLN_REPORT_SARIF] = "sarif",
    };

    for (size_t i = 0; i < MLN_LEN(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (enum mln_report_format)i;
            return MLN_OK;
        }
    }
    return MLN_EINVAL;
}
