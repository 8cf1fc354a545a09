// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A Listing is the answer of an API server to a list, as it came through a gate.
type Listing struct {
	*unstructured.UnstructuredList
	Query url.Values
}

// listings are all answers to lists, by the path of the request.
type listings struct {
	lock sync.Mutex
	all  map[string][]Listing
}

// isList reports whether a request may be for a list. Who asks for one object gets one, which
// is no list.
func isList(r *http.Request) bool {
	watch := r.URL.Query().Get("watch")
	return r.Method == http.MethodGet && watch != "true" && watch != "1" && strings.Contains(r.URL.Path, "/namespaces/")
}

// Readings returns the answers to lists of a resource, such as "deployments", in their order,
// but for those of client-go's reflectors, which ask for pages, and those of caches.
func (g *Gate) Readings(resource string) []Listing {
	g.listings.lock.Lock()
	defer g.listings.lock.Unlock()
	var found []Listing
	for path, all := range g.listings.all {
		if strings.HasSuffix(path, "/"+resource) {
			found = append(found, all...)
		}
	}
	return slices.DeleteFunc(found, func(l Listing) bool {
		return l.Query.Get("resourceVersion") != "" || l.Query.Get("limit") != ""
	})
}

// keep keeps an answer if it is a list.
func (l *listings) keep(response *http.Response) error {
	if response.StatusCode != http.StatusOK || !isList(response.Request) {
		return nil
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("read a list: %w", err)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	list := &unstructured.UnstructuredList{}
	if list.UnmarshalJSON(body) != nil {
		return nil // it is something else, such as a log
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.all == nil {
		l.all = map[string][]Listing{}
	}
	path := response.Request.URL.Path
	l.all[path] = append(l.all[path], Listing{list, response.Request.URL.Query()})
	return nil
}

// old answers with the first list that there was, if the request is for one that may come
// from a cache, and reports whether it did.
func (l *listings) old(w http.ResponseWriter, r *http.Request) bool {
	if !isList(r) || r.URL.Query().Get("resourceVersion") == "" {
		return false
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	all := l.all[r.URL.Path]
	if len(all) == 0 {
		return false
	}
	text, err := all[0].MarshalJSON()
	if err != nil {
		return false
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text) // who does not wait for it does not want it
	return true
}
