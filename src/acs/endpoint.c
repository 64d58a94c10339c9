#include "acs/endpoint.h"

#define REGION_MAX_BYTES ((size_t)32)

static const struct mln_product products[] = {
    { "Sas", "2018-12-03", "yundun-sas", "cn-shanghai", "sas" },
    { "Sddp", "2019-01-03", "yundun-sddp", "cn-zhangjiakou", "sddp" },
    { "Sts", "2015-04-01", "sts", "cn-hangzhou", "sts" },
};

/* Regions whose host is not <prefix>.<region>.aliyuncs.com; sorted by product and region. */
static const struct mln_endpoint_row rows[] = {
    { "Sas", "ap-northeast-1", "tds.ap-southeast-1.aliyuncs.com" },
    { "Sas", "ap-northeast-2", "tds.ap-southeast-1.aliyuncs.com" },
    { "Sas", "ap-south-1", "tds.ap-southeast-1.aliyuncs.com" },
    { "Sas", "ap-southeast-1", "tds.ap-southeast-1.aliyuncs.com" },
    { "Sas", "ap-southeast-2", "tds.ap-southeast-1.aliyuncs.com" },
    { "Sas", "ap-southeast-3", "tds.ap-southeast-1.aliyuncs.com" },
    { "Sas", "ap-southeast-5", "tds.ap-southeast-1.aliyuncs.com" },
    { "Sas", "ap-southeast-6", "tds.ap-southeast-1.aliyuncs.com" },
    { "Sas", "ap-southeast-7", "tds.ap-southeast-1.aliyuncs.com" },
    { "Sas", "cn-beijing", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-beijing-finance-1", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-chengdu", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-fuzhou", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-guangzhou", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-hangzhou", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-hangzhou-finance", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-heyuan", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-heyuan-acdr-1", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-hongkong", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-huhehaote", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-nanjing", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-north-2-gov-1", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-qingdao", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-shanghai", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-shanghai-finance-1", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-shenzhen", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-shenzhen-finance-1", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-wuhan-lr", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-wulanchabu", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-zhangjiakou", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "cn-zhengzhou-jva", "tds.cn-shanghai.aliyuncs.com" },
    { "Sas", "eu-central-1", "tds.ap-southeast-1.aliyuncs.com" },
    { "Sas", "eu-west-1", "tds.ap-southeast-1.aliyuncs.com" },
    { "Sas", "me-central-1", "tds.ap-southeast-1.aliyuncs.com" },
    { "Sas", "me-east-1", "tds.ap-southeast-1.aliyuncs.com" },
    { "Sas", "us-east-1", "tds.ap-southeast-1.aliyuncs.com" },
    { "Sas", "us-west-1", "tds.ap-southeast-1.aliyuncs.com" },
    { "Sddp", "cn-hongkong", "sddp-api.cn-hongkong.aliyuncs.com" },
    { "Sts", "ap-south-1", "sts.aliyuncs.com" },
    { "Sts", "ap-southeast-2", "sts.aliyuncs.com" },
    { "Sts", "cn-beijing-gov-1", "sts.aliyuncs.com" },
    { "Sts", "cn-fujian", "sts.aliyuncs.com" },
    { "Sts", "cn-wuhan", "sts.aliyuncs.com" },
    { "Sts", "cn-zhangbei", "sts.aliyuncs.com" },
};

const struct mln_endpoint_row *mln_endpoint_rows(size_t *count)
{
    *count = MLN_LEN(rows);
    return rows;
}

const struct mln_product *mln_product_by_name(const char *name)
{
    for (size_t i = 0; i < MLN_LEN(products); i++) {
        if (strcmp(products[i].name, name) == 0)
            return &products[i];
    }
    return NULL;
}

const struct mln_product *mln_product_by_version(struct mln_str version)
{
    for (size_t i = 0; i < MLN_LEN(products); i++) {
        if (mln_str_is(version, products[i].version))
            return &products[i];
    }
    return NULL;
}

static bool is_region(struct mln_str region)
{
    if (region.len == 0 || region.len > REGION_MAX_BYTES || region.ptr[0] == '-' ||
            region.ptr[region.len - 1] == '-')
        return false;
    for (size_t i = 0; i < region.len; i++) {
        char c = region.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return true;
}

static const char *host_of_row(const struct mln_product *product, struct mln_str region)
{
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        if (strcmp(rows[i].product, product->name) == 0 && mln_str_is(region, rows[i].region))
            return rows[i].host;
    }
    return NULL;
}

int mln_endpoint_host(const struct mln_product *product, struct mln_str region, struct mln_buf *out,
        struct mln_err *err)
{
    struct mln_str where = region.len > 0 ? region : mln_str_of(product->default_region), done;
    const char *host;

    /* The region becomes a part of the host that credentials go to. */
    if (!is_region(where))
        return mln_fail(
                err, MLN_EINVAL, "a region is at most %zu of a-z, 0-9 and '-'", REGION_MAX_BYTES);
    host = host_of_row(product, where);
    if (host != NULL)
        mln_buf_add_cstr(out, host);
    else
        mln_buf_addf(out, "%s.%.*s.aliyuncs.com", product->host_prefix, MLN_FMT(where));
    return mln_buf_done(out, &done, err);
}
