// SPDX-License-Identifier: Apache-2.0

// Prints what the real formatters make of unusual values, as formatters.json
// has it. To renew it, with js-yaml 4 and yaml 2 from npm beside this file:
//
//   node formatters.mjs > formatters.json

import util from 'node:util'
import jsyaml from 'js-yaml'
import * as yaml2 from 'yaml'

const values = [
  '', 'ALL', 'yes', 'null', '12', null, 0, -1,
  "Can't connect",
  `{"message":"Can't connect to 'twa'"}`,
  'with \' and " and `',
  'with \' and " and ${x}',
  'said \\"no\\"',
  'tab\there',
  'short\nlines',
  'bell\x07 escape\x1b[31m delete\x7f no-break\u00a0 separator\u2028',
  'next line\x85 \x9f mark\ufeff',
  'accent \u00e9 \u6f22\u5b57 \u{1f389}',
  'x'.repeat(40) + '\n' + 'y'.repeat(34), // fits on a line, but not in an array
  'a'.repeat(90),
  'word '.repeat(30) + 'end',
  'word '.repeat(15) + 'end',
  'x'.repeat(77) + ' a b c',
  'two  spaces ' + 'word '.repeat(20) + 'end',
  '{"status":250,"message":"Not all is done yet","data":{"max":100,"countOnly":false,"result":{"done":0,"remaining":2}}}',
  "first line\nsecond line isn't short enough to stay on one line of eighty columns\n    at foo (bar.js:1:2)\n",
]

const without = (key, text) => text.slice(key.length + 2).replace(/\n$/, '')
const dump = (value) => {
  const [key, object] = ['lastResponse', { lastResponse: value }]
  const quoted = { defaultStringType: 'QUOTE_SINGLE', defaultKeyType: 'PLAIN' }
  return {
    value,
    inspect: util.inspect(value),
    color: util.inspect(value, { colors: true }),
    nested: util.inspect([{ uid: 12345678901234, scope: 'x'.repeat(70), lastResponse: value }])
      .split('lastResponse: ')[1].slice(0, -'\n  }\n]'.length),
    jsyaml: without(key, jsyaml.dump(object, { forceQuotes: true })),
    yaml2: without(key, yaml2.stringify(object, quoted)),
  }
}

console.log(JSON.stringify(values.map(dump), null, 1))
