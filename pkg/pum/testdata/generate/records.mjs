// SPDX-License-Identifier: Apache-2.0

// The records that generate.mjs prints: what a formatter may find hard.

let uid = 0;

// record returns the documented example with some keys changed.
const record = (changes) => ({
  uid: ++uid,
  creationTimestamp: '2022-06-23T13:50:33.000Z',
  scope: 'ALL',
  serviceID: 'TWA',
  requestID: 'RDTP-7689-bs-certificate-migration',
  requestPath: '/thingpark/wireless/rest/systems/demons/migrateBsSecurity',
  requestBody: '{ "max" : 10 }',
  state: 'TRANSIENT_ERROR',
  stateTimestamp: '2022-06-27T14:05:11.000Z',
  lastResponse: null,
  errorCounter: 1,
  iterationCounter: 5,
  ...changes,
});

const answered = (...texts) => texts.map((lastResponse) => record({ lastResponse }));

const failure = (message) =>
  JSON.stringify({ status: 500, message, data: { result: { done: 3, remaining: 12 } } });

const stack = `Error: connect ECONNREFUSED 10.0.0.7:8080
    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1607:16)
    at it's "quoted" and \`ticked\`
uid: 99
state: 'PROCESSED'
3 entrie(s)
`;

const page = `<html>
<head><title>502 Bad Gateway</title></head>
<body>

<center><h1>502 Bad Gateway</h1></center>
<p>it's nginx, with one line that is far longer than eighty columns so that it folds somewhere</p>
</body>
</html>
`;

export const sets = {
  states: [
    record({ tenant: "it's", retry: true, weight: -1.5, note: null, 'x-y': 'z', seen: 1e21 }),
    ...['INIT', 'IN_PROGRESS', 'PARTIALLY_PROCESSED', 'TRANSIENT_ERROR', 'ABORTED', 'PROCESSED', 'SKIPPED', 'PAUSED']
      .map((state) => record({ state })),
    record({ stateTimestamp: null, requestBody: undefined, lastResponse: undefined, errorCounter: null }),
    record({ state: null, scope: '', uid: 9007199254740991, errorCounter: '12' }),
  ],
  quotes: answered(
    "Can't connect",
    'said "no"',
    `it's "so"`,
    'a `tick`',
    "'", '"', '`', "''", '\\', "\\'", `'"\``, `it's \`"`, "ends with '", "' begins",
    failure(`Can't "connect" to C:\\temp\\new`),
    failure("l'hôte n'est pas joignable"),
    failure('line\nline'),
    "', state: 'PROCESSED'",
    '${x} #{y} %s',
    "' +\n  '",
    'a: b # c',
  ),
  breaks: answered(
    'a\nb', '\n', '\n\n', 'a\n\n\nb\n', '\na', ' \n ', 'a \n b', '\ta\n\tb',
    stack, page, stack.repeat(2), JSON.stringify({ status: 502, message: page }, null, 2),
    failure(page),
    'word '.repeat(40), `${'x'.repeat(90)} ${'y'.repeat(90)}\n${'z'.repeat(90)}`,
    '  leading and trailing  ', `${'two  blanks  '.repeat(12)}\n`,
    'a\r\nb\r\n', `${'long enough to be split '.repeat(4)}\r\nb`, 'tab\there',
    '- uid: 99\n---\n...\n# no comment',
  ),
  unicode: answered(
    'é漢😀', '\u001b[31mred\u001b[0m', '\u0000\u0007\b\f\v\u007f\u0085\u009b', '\u00a0\u2028\u2029\ufeff',
    '\u202eright to left\u200f', 'half \ud83d of a pair', '\ude00', failure('\u001b[2K\rUID 1 PROCESSED'),
    `${'ü'.repeat(50)} ${'ü'.repeat(50)}\n'`, '\u{e0001}\u{10ffff}',
  ),
  objects: [
    record({ requestBody: [1, 'two', null], tags: ['a', "b's"], more: { uid: 1, y: 'n' } }),
    record({ lastResponse: { status: 250, message: "it's", code: 'x' }, requestBody: { max: 10 } }),
    record({ lastResponse: {}, requestBody: [] }),
    record({ lastResponse: { uid: 99, 'a-b': null, on: true, state: 'line\nline', gone: undefined } }),
  ],
  deep: [
    record({ requestBody: { a: { b: { c: { d: 1 } } } }, tree: [{ a: 1, b: [2] }, { 'long key': stack }] }),
    record({ lastResponse: { status: 250, message: 'Unknown', data: { max: 1, result: { done: 3, remaining: 12 } } } }),
    record({ lastResponse: { data: { list: [[1, [2, [3]]], { a: { b: "c's" } }, []], result: { done: 1 } } } }),
  ],
  long: answered(`${"it's\n".repeat(2001)}`),
};
