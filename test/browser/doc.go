// SPDX-License-Identifier: Apache-2.0

// Package browser opens reports in a real browser, headless. It has tests only: make
// browser-test.
package browser
