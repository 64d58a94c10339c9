// Calls Merlon with the official Node.js clients: one JSON request a line in, one JSON answer a line out.
'use strict';

const path = require('path');
const readline = require('readline');
const { createRequire } = require('module');

// The packages live in a cache folder, outside the source tree.
const load = createRequire(path.join(process.env.MERLON_INTEROP_NODE, 'package.json'));
const TIMEOUTS = { readTimeout: 20000, connectTimeout: 5000 };

function openapi(packageName, models) {
  const lib = load(packageName);
  return async function call(request) {
    const util = packageName === '@alicloud/openapi-client' ? load('@alicloud/openapi-util').default : lib.OpenApiUtil;
    const config = new models.Config({
      accessKeyId: request.key, accessKeySecret: request.secret, endpoint: request.endpoint, protocol: 'http', ...TIMEOUTS,
    });
    if (request.algorithm) config.signatureAlgorithm = request.algorithm;
    const params = new models.Params({
      action: request.action, version: request.version, protocol: 'HTTP', pathname: '/', method: request.method || 'POST', authType: 'AK',
      style: 'RPC', reqBodyType: request.bodyType || 'json', bodyType: 'json',
    });
    const query = request.query === undefined ? {} : util.query(request.query);
    const sent = new models.OpenApiRequest({ query, body: request.body });
    const answer = await new lib.default(config).callApi(params, sent, models.runtime());
    return { body: answer.body, status: answer.statusCode, headers: answer.headers };
  };
}

function openapiClient() {
  const lib = load('@alicloud/openapi-client');
  const { RuntimeOptions } = load('@alicloud/tea-util');
  const runtime = () => new RuntimeOptions(TIMEOUTS);
  return openapi('@alicloud/openapi-client', { Config: lib.Config, Params: lib.Params, OpenApiRequest: lib.OpenApiRequest, runtime });
}

function openapiCore() {
  const { $OpenApiUtil: models } = load('@alicloud/openapi-core');
  const { RuntimeOptions } = load('@darabonba/typescript');
  return openapi('@alicloud/openapi-core', { ...models, runtime: () => new RuntimeOptions(TIMEOUTS) });
}

async function popCore(request) {
  const { RPCClient } = load('@alicloud/pop-core');
  const client = new RPCClient({
    accessKeyId: request.key, accessKeySecret: request.secret, endpoint: 'http://' + request.endpoint, apiVersion: request.version,
  }, true);
  const [body, entry] = await client.request(request.action, request.query || {}, { method: request.method, timeout: 20000 });
  return { body, status: entry.response.statusCode, headers: entry.response.headers };
}

const CLIENTS = { 'openapi-client': openapiClient(), 'openapi-core': openapiCore(), 'pop-core': popCore };

// What the client's own error object says, under one set of names.
function refusal(error) {
  const data = error.data || {};
  return {
    kind: error.name,
    code: error.code,
    message: error.message,
    status: error.statusCode || data.statusCode || (error.entry && error.entry.response.statusCode),
    request_id: error.requestId || data.RequestId,
    access_denied: error.accessDeniedDetail || data.AccessDeniedDetail || null,
    retry_after_ms: error.retryAfter === undefined ? null : error.retryAfter,
  };
}

const input = readline.createInterface({ input: process.stdin });
input.on('line', async (line) => {
  const request = JSON.parse(line);
  let answer;
  try {
    answer = await CLIENTS[request.client](request);
  } catch (error) {
    answer = error.code || error.statusCode ? { refused: refusal(error) } : { broken: String(error.stack || error) };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
});
input.on('close', () => process.exit(0)); // keep-alive connections would hold the process
