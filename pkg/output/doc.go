// SPDX-License-Identifier: Apache-2.0

// Package output writes verdicts and entries: tables for people, documents
// for programs.
//
// A document has everything, in types that JSON, YAML, jsonpath and
// custom-columns share. Its fields are added to and never renamed. A screen
// says the verdict first and in words, counts what is well, names what is
// not, and ends with commands to copy.
//
// Whatever a pod printed is hostile: on a screen, and on a terminal in any
// format, every character that does not print is shown as an escape. In
// documents the text is exact.
//
// Each function writes all of its output with one call, or nothing.
package output
