/*
 * Step 2: which action is meant, which signature version the request speaks, and in which format it
 * wants its answer. A signed parameter wins over a header, because V1 signs parameters only.
 */
#include "api/call.h"

static bool starts_nocase(struct mln_str text, struct mln_str prefix)
{
    return text.len >= prefix.len &&
           mln_str_eq_nocase((struct mln_str){ .ptr = text.ptr, .len = prefix.len }, prefix);
}

bool mln_call_has_form(const struct mln_call *call)
{
    return starts_nocase(
            call->header[MLN_HEADER_CONTENT_TYPE], MLN_STR("application/x-www-form-urlencoded"));
}

bool mln_call_has_json(const struct mln_call *call)
{
    return starts_nocase(call->header[MLN_HEADER_CONTENT_TYPE], MLN_STR("application/json"));
}

static bool refuse_params(struct mln_call *call, int rc, const struct mln_err *err)
{
    if (rc == MLN_ETOOBIG)
        return mln_call_refuse(call, MLN_ACS_REQUEST_ENTITY_TOO_LARGE, NULL);
    if (rc == MLN_EINVAL)
        return mln_call_refuse(call, MLN_ACS_INVALID_PARAM, "Body");
    return mln_call_fault(call, rc, err);
}

/* A repeated name would let two readers of one request see different values. */
static bool refuse_repeats(struct mln_call *call)
{
    const struct mln_param *repeated;
    char *name;

    mln_params_sort(&call->params);
    repeated = mln_params_repeated(&call->params);
    if (repeated == NULL)
        return true;
    name = mln_arena_cstr(&call->arena, repeated->name);
    return mln_call_refuse(call, MLN_ACS_REPEATED_PARAMETER, name != NULL ? name : "");
}

bool mln_call_read_body(struct mln_call *call)
{
    struct mln_err err = { 0 };
    int rc = MLN_OK;

    if (call->request.body.len == 0)
        return true;
    if (mln_call_has_form(call))
        rc = mln_params_parse_query(&call->params, &call->arena, call->request.body, &err);
    else if (mln_call_has_json(call))
        rc = mln_params_parse_json(&call->params, &call->arena, call->request.body, &err);
    else
        return true;
    return rc == MLN_OK ? refuse_repeats(call) : refuse_params(call, rc, &err);
}

static bool has(const struct mln_call *call, const char *name)
{
    struct mln_str value;

    return mln_params_get(&call->params, name, false, &value);
}

/*
 * V3 bodies are read after their signature verified; V1 carries the signature itself in the form,
 * so that a form without a V3 header is read here.
 */
static bool read_parameters(struct mln_call *call)
{
    struct mln_err err = { 0 };
    bool v3_header = mln_str_starts(call->header[MLN_HEADER_AUTHORIZATION], MLN_STR("ACS3-"));
    int rc = mln_params_parse_query(&call->params, &call->arena, call->request.raw_query, &err);

    if (rc != MLN_OK)
        return refuse_params(call, rc, &err);
    call->is_v3 = v3_header && !has(call, "Signature") && !has(call, "SignatureMethod");
    if (!call->is_v3 && mln_call_has_form(call))
        return mln_call_read_body(call);
    return refuse_repeats(call);
}

static bool contains(struct mln_str text, const char *part)
{
    return text.ptr != NULL && text.len > 0 &&
           memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

static enum mln_format format_of_accept(struct mln_str accept)
{
    bool only_xml = contains(accept, "xml") && !contains(accept, "json") &&
                    !contains(accept, "*/*");

    return only_xml ? MLN_FORMAT_XML : MLN_FORMAT_JSON;
}

/* `by_params`: the action is named by parameters, as V1 does; then XML is the default. */
static bool choose_format(struct mln_call *call, bool by_params)
{
    struct mln_str format;

    if (mln_params_get(&call->params, "Format", true, &format)) {
        if (mln_str_eq_nocase(format, MLN_STR("JSON")))
            return true;
        if (!mln_str_eq_nocase(format, MLN_STR("XML")))
            return mln_call_refuse(call, MLN_ACS_INVALID_PARAMETER_FORMAT, NULL);
        call->format = MLN_FORMAT_XML;
    } else if (by_params) {
        call->format = MLN_FORMAT_XML;
    } else {
        call->format = format_of_accept(call->header[MLN_HEADER_ACCEPT]);
    }
    return true;
}

/* In a request that is signed by parameters the headers are not signed: they must not choose. */
static void find_names(const struct mln_call *call, bool signed_params, struct mln_str *action,
        struct mln_str *version)
{
    *action = call->header[MLN_HEADER_ACTION];
    *version = call->header[MLN_HEADER_VERSION];
    if (signed_params || action->len == 0) {
        *action = (struct mln_str){ 0 };
        (void)mln_params_get(&call->params, "Action", true, action);
    }
    if (signed_params || version->len == 0) {
        *version = (struct mln_str){ 0 };
        (void)mln_params_get(&call->params, "Version", true, version);
    }
}

bool mln_step_identify(struct mln_call *call)
{
    struct mln_str action, version;
    bool signed_params;

    if (!mln_str_is(call->request.method, "GET") && !mln_str_is(call->request.method, "POST"))
        return mln_call_refuse(call, MLN_ACS_UNSUPPORTED_HTTP_METHOD, NULL);
    if (!read_parameters(call))
        return false;
    signed_params = !call->is_v3 && (has(call, "Signature") || has(call, "SignatureMethod"));
    if (!choose_format(call, signed_params || (!call->is_v3 && has(call, "Action"))))
        return false;
    find_names(call, signed_params, &action, &version);
    if (action.len == 0)
        return mln_call_refuse(call, MLN_ACS_MISSING_PARAM, "Action");
    if (version.len == 0)
        return mln_call_refuse(call, MLN_ACS_MISSING_PARAM, "Version");
    if (!mln_action_version_known(version))
        return mln_call_refuse(call, MLN_ACS_INVALID_VERSION, NULL);
    call->action = mln_action_find(version, action);
    return call->action != NULL || mln_call_refuse(call, MLN_ACS_INVALID_ACTION_NOT_FOUND, NULL);
}
