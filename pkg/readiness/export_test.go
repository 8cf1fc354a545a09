// SPDX-License-Identifier: Apache-2.0

package readiness

// Slim is for tests outside: recordings need this package.
var Slim = strip
