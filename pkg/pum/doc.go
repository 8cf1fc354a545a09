// SPDX-License-Identifier: Apache-2.0

// Package pum reads and drives PUM, the Post Upgrade Manager of ThingPark
// Enterprise (TPE).
//
// After an upgrade of TPE, PUM works through a list of entries, requests to
// migrate data. Each is POSTed to a service, as often as it takes until
// nothing remains. PUM's command status prints the list, restart begins it
// again; both run in the pod of the deployment pum.
//
// # What is documented
//
// The vendor's upgrade procedure for TPE 8.0 (docs.thingpark.com, under
// "ocp-tpe/kubernetes/installation") shows one output, of two entries:
//
//	2 entrie(s)
//	uid: 2
//	creationTimestamp: '2022-06-23T13:50:33.000Z'
//	…
//	lastResponse: '{"status":200,"message":"OK","data":{…"result":{"done":6,"remaining":0}}}'
//	errorCounter: 0
//	iterationCounter: 5
//
// and the meaning of the seven states. That is all: a header with a count,
// twelve keys in a fixed order, texts in single quotes, bare numbers. The page
// shows neither indentation nor blank lines, even between its own paragraphs,
// so nothing is known of them.
//
// # What is inferred
//
// PUM runs on Node.js. Of the formatters that a program there is likely to
// use, three print the sample just as it is shown: util.inspect for each
// value, js-yaml with forceQuotes, and yaml (version 2) with QUOTE_SINGLE.
// JSON, console.log of an object, prettyjson and YAML without forced quotes
// do not. The three differ exactly in the values that failures bring, so
// Parse knows two dialects:
//
//	             inspect                        yaml
//	it's         "it's"                         'it''s'
//	both quotes  `it's "so"`                    'it''s "so"'
//	backslash    'C:\\temp'                     'C:\temp'
//	line break   'a\nb', or if long             "a\nb", or folded over lines:
//	             'a\n' +                        'a
//	               'b'
//	                                              b'
//	long text    cut: 'y…'... 50 more characters  whole, perhaps folded
//	nothing      null, undefined                null, ~, or no such key
//	an object    { a: 1 }, in part [Object]     on the lines below, indented
//
// A text is read in one dialect from end to end. A reading that does not take
// in all of the text, or does not give as many entries as the header
// announces, is wrong. If both readings are right and differ, the one is
// chosen in which more values are valid JSON, then inspect; Source says which it
// was. What stays ambiguous is a backslash in single quotes, before one of
// \ b f n r t, where no JSON in the text tells: see TestParseAmbiguous.
//
// # What Parse accepts
//
//	text   = noise header { entry } [ rest ]
//	header = number ( "entrie(s)" | "entries" | "entry" ) on a line of its own
//	entry  = "uid:" number { key ":" value }, each on a line of its own,
//	         or { uid: number, key: value, … }, alone or in [ ], after its class or not
//
// Blank lines, indentation, "- " and "---" before an entry, carriage returns
// and the colors of a terminal carry no meaning. Noise is anything before the
// header, as are the warnings of Node.js; after it, nothing else may stand.
// A key that is not among the twelve goes to Entry.Extra, a state that is not
// among the seven is kept and is not final. Null, undefined and a missing key
// all are nil. An object where PUM documents a text becomes its compact JSON,
// or stays as it was printed where it is none: util.inspect cuts it, or names its class. So
// does any value that is neither quoted nor known, such as a bare Error, as long as
// it is plain where it ends; but not a uid, nor a known state. A counter that is no
// integer goes to Entry.Extra. What is cut at 10,000
// characters keeps the words "... 50 more characters".
//
// # How a cut shows
//
// The output comes over a channel that may end early and say that all is
// well. So a text counts as whole only if all quotes and brackets are closed,
// it has as many entries as announced, and, unless a bracket closes the list,
// its last line has a line break and its last entry has the last key that is
// documented, iterationCounter, and the last key of the other entries. All
// else is an IncompleteError: never a shorter list. One cut goes unseen: if a
// newer PUM prints further keys after iterationCounter, for some entries
// only, and the cut is right before them. They are lost, the twelve are not.
package pum
