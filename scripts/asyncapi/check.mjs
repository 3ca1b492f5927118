// Reads an AsyncAPI document from the standard input and judges it with AsyncAPI's own parser.
//
// usage: node check.mjs FOLDER     FOLDER has the parser in its node_modules

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [folder] = process.argv.slice(2);
const { Parser } = createRequire(`${folder}/`)('@asyncapi/parser');

// Errors and warnings; what is left are hints, such as that there is a newer version of AsyncAPI.
const WARNING = 1;

const { document, diagnostics } = await new Parser().parse(readFileSync(0, 'utf8'));
const faults = diagnostics.filter((diagnostic) => diagnostic.severity <= WARNING);
for (const { code, path, message } of faults) {
  console.error(`#/${path.join('/')}: ${message} (${code})`);
}
if (faults.length > 0 || !document) process.exit(1);

const count = (all) => all.all().length;
console.log(
  `the AsyncAPI document is valid: ${count(document.channels())} channels,`,
  `${count(document.operations())} operations, ${count(document.messages())} messages`,
);
