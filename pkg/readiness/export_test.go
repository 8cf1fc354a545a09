// SPDX-License-Identifier: Apache-2.0

package readiness

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Slim is for tests outside: recordings need this package.
var Slim = strip

// New returns an object of the kind, in which nothing is.
func (k *Kept) New() metav1.Object { return k.make() }
