// Check FHIR resources, one a line on standard input, with a validator that is not ours (npm fhir).
// Prints one line for each: a list of what is wrong.
import { createInterface } from 'node:readline';
import module from 'fhir';

const fhir = new module.Fhir();
for await (const line of createInterface({ input: process.stdin })) {
  const { messages } = fhir.validate(JSON.parse(line), { errorOnUnexpected: true });
  const wrong = messages.filter(({ severity }) => ['error', 'fatal'].includes(severity));
  console.log(JSON.stringify(wrong.map(({ location, message }) => `${location}: ${message}`)));
}
