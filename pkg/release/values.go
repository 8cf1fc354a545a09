// SPDX-License-Identifier: Apache-2.0

package release

import (
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Values are the values of one revision of a Helm release. They hold secrets.
type Values struct {
	Release  string
	Revision int
	User     map[string]any // what the user supplied; nil if nothing

	defaults map[string]any // the chart's own
}

// Values reads the values of a revision, of the latest one if it is 0.
//
// The error is apierrors.IsNotFound if there is no such release or revision.
func (r *Reader) Values(ctx context.Context, name string, revision int) (*Values, error) {
	if revision == 0 {
		history, err := r.History(ctx, name)
		if err != nil {
			return nil, err
		}
		if len(history) == 0 {
			return nil, r.noRelease(name)
		}
		revision = history[0].Number
	}
	secret := SecretName(name, revision)
	data, err := r.data(ctx, secret)
	if err != nil {
		return nil, err
	}
	p, err := readValues(data)
	if err != nil {
		return nil, &DamagedError{secret, err}
	}
	return &Values{name, revision, p.user, p.defaults}, nil
}

// noRelease is the error for a release that is not there.
func (r *Reader) noRelease(name string) error {
	return fmt.Errorf("namespace %q: %w", r.Namespace, apierrors.NewNotFound(corev1.Resource("Helm release"), name))
}

// Computed returns the user's values over those of the chart, as helm get values
// --all does. The charts below the chart are not in Helm's secrets, and so nor are
// their values.
//
// The rules are Helm's: tables are merged, all else is replaced, and a user's null
// removes what the chart has.
func (v *Values) Computed() map[string]any {
	computed := copied(v.User)
	for key, own := range v.defaults {
		user, given := computed[key]
		switch {
		case !given && own != nil:
			computed[key] = withoutNulls(own)
		case given && user == nil:
			delete(computed, key)
		case given:
			table, ok := user.(map[string]any)
			below, too := own.(map[string]any)
			if ok && too {
				merge(table, withoutNulls(below).(map[string]any))
			}
		}
	}
	return computed
}

// merge adds to the user's table what only the chart's has. A user's null removes
// what the chart has, and stays where the chart has nothing.
func merge(user, own map[string]any) {
	for key, value := range own {
		given, ok := user[key]
		table, isTable := given.(map[string]any)
		below, too := value.(map[string]any)
		switch {
		case !ok:
			user[key] = value
		case given == nil:
			delete(user, key)
		case isTable && too:
			merge(table, below)
		}
	}
}

// copied returns a copy of a table, of its tables too.
func copied(table map[string]any) map[string]any {
	copy := make(map[string]any, len(table))
	for key, value := range table {
		if below, ok := value.(map[string]any); ok {
			value = copied(below)
		}
		copy[key] = value
	}
	return copy
}

// withoutNulls returns a copy of a value whose tables have no nulls.
func withoutNulls(value any) any {
	table, ok := value.(map[string]any)
	if !ok {
		return value
	}
	clean := copied(table)
	maps.DeleteFunc(clean, func(_ string, value any) bool { return value == nil })
	for key, below := range clean {
		clean[key] = withoutNulls(below)
	}
	return clean
}
