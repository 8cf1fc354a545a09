// SPDX-License-Identifier: Apache-2.0

// Prints the records of records.mjs with each formatter that fits the only
// known output of PUM, in each layout, to ../formatters, and beside them what
// pkg/pum must make of them. What is expected comes from the records
// themselves, not from reading the text. Run it with "npm ci" and "npm run
// generate"; the Go tests need only what it wrote.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { formatWithOptions, inspect } from 'node:util';
import jsyaml from 'js-yaml';
import yaml from 'yaml';
import { sets } from './records.mjs';

const target = new URL('../formatters/', import.meta.url);

// A formatter turns a record into text. One that loses information says what
// is left of a value.
const formatters = {
  inspect: {
    print: (r) => perKey(r, (k, v) => `${k}: ${inspect(v)}`),
    left: (v) => left(v, inspect(v)),
  },
  colour: {
    print: (r) => perKey(r, (k, v) => formatWithOptions({ colors: true }, '%s: %O', k, v)),
    left: (v) => left(v, formatWithOptions({}, '%O', v)),
  },
  console: {
    print: (r) => inspect(r) + '\n',
    left: (v) => left(v),
    layouts: { each: (texts) => texts.join('') },
  },
  jsyaml: {
    print: (r) => jsyaml.dump(r, { forceQuotes: true, skipInvalid: true }),
    drops: true,
  },
  yaml2: {
    print: (r) => yaml.stringify(r, { defaultStringType: 'QUOTE_SINGLE', defaultKeyType: 'PLAIN' }),
    drops: true,
  },
  yaml2wide: {
    print: (r) => yaml.stringify(r, { defaultStringType: 'QUOTE_SINGLE', defaultKeyType: 'PLAIN', lineWidth: 0 }),
    layouts: { flush: (texts) => texts.join('') },
    drops: true,
  },
};

const indent = (text, by) => by + text.replace(/\n$/, '').replace(/\n/g, `\n${by}`) + '\n';

const layouts = {
  flush: (texts) => texts.join(''),
  blank: (texts) => texts.map((t) => `${t}\n`).join(''),
  indent: (texts) => texts.map((t) => `${indent(t, '    ')}\n`).join(''),
  list: (texts) => texts.map((t) => indent(t, '  ').replace('  ', '- ')).join(''),
  docs: (texts) => texts.map((t) => `---\n${t}`).join(''),
};

// The sets whose values may be hard on a layout; the others are printed flush.
const laidOut = ['breaks', 'objects'];

function perKey(record, line) {
  return Object.entries(record).map(([k, v]) => `${line(k, v)}\n`).join('');
}

// left returns what util.inspect leaves of a value: the first 10,000
// characters of a text; of an object below its depth, only its print.
function left(v, print = '') {
  if (typeof v === 'string' && v.length > 10000) {
    const more = v.length - 10000;
    return `${v.slice(0, 10000)}... ${more} more character${more > 1 ? 's' : ''}`;
  }
  return /\[(Object|Array)\]/.test(print) ? print : v;
}

const documented = ['uid', 'creationTimestamp', 'scope', 'serviceID', 'requestID', 'requestPath', 'requestBody',
  'state', 'stateTimestamp', 'lastResponse', 'errorCounter', 'iterationCounter'];
const counters = ['uid', 'errorCounter', 'iterationCounter'];

// plain returns a value without what neither Go nor JSON can hold.
const plain = (v) => (typeof v === 'string' ? v.toWellFormed() : JSON.parse(JSON.stringify(v ?? null)));

// entry returns what pkg/pum must make of a record.
function entry(record, { left: leftOf = (v) => v, drops }) {
  const e = {};
  for (const k of documented) {
    const v = plain(leftOf(record[k]));
    if (v === null) e[k] = null;
    else if (counters.includes(k)) e[k] = Number(v);
    else e[k] = typeof v === 'string' ? v : JSON.stringify(v);
  }
  e.final = ['PROCESSED', 'SKIPPED', 'ABORTED'].includes(e.state);
  const r = response(e.lastResponse);
  if (r) e.response = r;
  const extra = Object.entries(record).filter(([k, v]) => !documented.includes(k) && !(drops && v === undefined));
  if (extra.length) e.extra = Object.fromEntries(extra.map(([k, v]) => [k, plain(leftOf(v))]));
  return e;
}

function response(text) {
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (answer === null || typeof answer !== 'object' || Array.isArray(answer)) return undefined;
  const integer = (v) => (Number.isInteger(v) ? v : null);
  return {
    status: integer(answer.status),
    message: typeof answer.message === 'string' ? answer.message.toWellFormed() : null,
    done: integer(answer.data?.result?.done),
    remaining: integer(answer.data?.result?.remaining),
  };
}

const write = (name, text) => writeFileSync(new URL(name, target), text);
const json = (v) => `${JSON.stringify(v, null, 1)}\n`;

rmSync(target, { recursive: true, force: true });
for (const [set, records] of Object.entries(sets)) {
  mkdirSync(new URL(`${set}/`, target), { recursive: true });
  const header = `${records.length} entrie(s)\n`;
  const want = json(records.map((r) => entry(r, { drops: true })));
  write(`${set}/want.json`, want);
  for (const [name, f] of Object.entries(formatters)) {
    if (name === 'console' && set === 'deep') continue; // loses what it cuts
    const own = json(records.map((r) => entry(r, f)));
    if (own !== want) write(`${set}/want.${name}.json`, own);
    const texts = records.map(f.print);
    for (const [layout, lay] of Object.entries(f.layouts ?? layouts)) {
      if (layout !== 'flush' && layout !== 'each' && !laidOut.includes(set)) continue;
      const text = header + lay(texts);
      write(`${set}/${name}.${layout}.txt`, name === 'colour' ? text.replace(/\n/g, '\r\n') : text);
    }
  }
  if (set !== 'deep') {
    write(`${set}/console.array.txt`, `${header}${inspect(records, { depth: 3 })}\n`);
    write(`${set}/console.terminal.txt`, `${header}${inspect(records, { depth: 3, colors: true })}\n`.replace(/\n/g, '\r\n'));
  }
}
