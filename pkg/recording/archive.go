// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// An archive is what was read of an archive, a folder or a list.
type archive struct {
	*Kept
	kinds    []readiness.Kept
	seen     map[string]bool             // names of members
	spaces   map[string]map[Ref]*object  // objects by namespace
	size     int                         // of them
	listed   map[string]map[string]bool  // by kind, the folders with a list of it
	damaged  map[string]map[string]error // by kind and folder, why a list could not be read
	helm     []helmRelease
	helmFile string
	helmErr  error
	helmOK   bool
	pumText  []byte
	pumFile  string
	audit    bool      // the vendor's script made it
	dump     bool      // kubectl cluster-info dump made it
	written  time.Time // when the last member was
	newest   time.Time // the newest time in an object
	inner    string    // a member that is an archive or a recording itself
	bad      []string  // members that were not read, and why
	twice    []string  // members that are there more than once
}

func (k *Kept) newArchive() *archive {
	return &archive{
		Kept: k, kinds: k.state.kinds, seen: map[string]bool{}, spaces: map[string]map[Ref]*object{},
		listed: map[string]map[string]bool{}, damaged: map[string]map[string]error{},
	}
}

// mostNamed is how many names of members a finding has.
const mostNamed = 20

func (a *archive) refuse(name, why string) {
	if len(a.bad) <= mostNamed {
		a.bad = append(a.bad, shorten(name)+": "+why)
	}
}

func shorten(name string) string {
	const most = 120
	if len(name) <= most {
		return name
	}
	return strings.ToValidUTF8(name[:most], "") + "…"
}

func (k *Kept) openFolder(namespace string) error {
	a := k.newArchive()
	if err := walkFolder(k.Path, a.take, a.refuse); err != nil {
		return err
	}
	return a.finish(namespace)
}

func (k *Kept) openTar(text *bufio.Reader, namespace string) error {
	a := k.newArchive()
	if err := walkTar(text, a.take, a.refuse); err != nil {
		if len(a.spaces) == 0 {
			return err
		}
		a.refuse("the rest of the archive", err.Error())
	}
	return a.finish(namespace)
}

// openList reads a file that kubectl get wrote.
func (k *Kept) openList(text *bufio.Reader, info fs.FileInfo, namespace string) error {
	a := k.newArchive()
	list, err := a.items(text, info.Name())
	switch {
	case errors.Is(err, errNoList), errors.Is(err, errNoText):
		return fmt.Errorf("it is no recording and no archive, and %w", err)
	case err != nil:
		return err
	case !list && len(a.spaces) == 0:
		return errors.New("it is no recording and no archive, and has no object of a kind that this command reads")
	}
	if info.Mode().IsRegular() { // else it is when the pipe was made
		a.written = info.ModTime()
	}
	return a.finish(namespace)
}

// take reads a member, if it tells something.
func (a *archive) take(m *member) error {
	of := roleOf(m.name)
	if of == roleNone {
		a.inner = cmp.Or(a.inner, innerFile.FindString(m.name))
		return nil
	}
	if a.seen[m.name] && len(a.twice) <= mostNamed {
		a.twice = append(a.twice, shorten(m.name))
	}
	a.seen[m.name] = true
	var err error
	switch of {
	case roleList:
		_, err = a.items(m, m.name)
		if m.modified.Unix() > 0 && m.modified.After(a.written) {
			a.written = m.modified
		}
	case rolePUM:
		err = a.takePUM(m)
	case roleHelm:
		err = a.takeHelm(m)
	case roleServer:
		a.server(m)
	case roleAudit:
		a.audit = true
	}
	foreign := errors.Is(err, errNoList) && readiness.KeptKind(a.kinds, nameOfList(m.name)) == nil // such as a file of Helm values
	if err != nil && !foreign {
		a.refuse(m.name, err.Error())
	}
	return nil
}

// takePUM reads what PUM printed. If it is there twice, the last counts.
func (a *archive) takePUM(m *member) error {
	text, err := io.ReadAll(io.LimitReader(m, pum.DefaultLimit+1))
	if a.pumText != nil && !bytes.Equal(text, a.pumText) {
		a.differ(a.pumFile, m.name)
	}
	a.pumText, a.pumFile = text, m.name
	return err
}

// takeHelm reads what helm list wrote.
func (a *archive) takeHelm(m *member) error {
	items, err := readHelm(m)
	if err != nil {
		a.helmErr = fmt.Errorf("%s: %w", m.name, err)
		return err
	}
	a.addReleases(items, m.name)
	return nil
}

// innerFile are names of what is read alone, and not in an archive.
var innerFile = regexp.MustCompile(`(?i)^.*\.(?:jsonl|jsonl\.gz|tgz|tar|tar\.gz|zip)$`)

// items reads the objects of a list. What a damaged list would have had is not known.
func (a *archive) items(r io.Reader, name string) (list bool, err error) {
	of := readiness.KeptKind(a.kinds, nameOfList(name))
	wanted := func(kind string) bool {
		return slices.ContainsFunc(a.kinds, func(k readiness.Kept) bool { return k.Kind == kind })
	}
	kindOfFile := ""
	kinds := map[string]bool{}
	if of != nil {
		kindOfFile, kinds[of.Kind] = of.Kind, true
	}
	list, err = eachItem(r, kindOfFile, wanted, func(kind string, data []byte) error {
		kinds[kind] = true
		return a.put(kind, data, name)
	})
	dir := path.Base(path.Dir(filepath.ToSlash(name)))
	for kind := range kinds {
		switch {
		case err != nil:
			add(a.damaged, kind, dir, fmt.Errorf("%s: %w", name, err))
		case list:
			add(a.listed, kind, dir, true)
		}
	}
	a.dump = a.dump || path.Base(name) == "replication-controllers.yaml" || path.Base(name) == "replication-controllers.json"
	return list, err
}

func add[T any](by map[string]map[string]T, kind, dir string, value T) {
	if by[kind] == nil {
		by[kind] = map[string]T{}
	}
	by[kind][dir] = value
}

// here returns what is known of a kind in the namespace. kubectl cluster-info dump writes a folder
// of lists for each namespace; those of other namespaces do not count.
func here[T any](a *archive, by map[string]T) (value T, ok bool) {
	for _, dir := range slices.Sorted(maps.Keys(by)) {
		if dir == a.Namespace || a.spaces[dir] == nil {
			return by[dir], true
		}
	}
	return value, false
}

// nameOfList is the kind that a file lists, by its name: pods.yaml, jobs.batch.json.
func nameOfList(name string) string {
	base := strings.ToLower(path.Base(filepath.ToSlash(name)))
	for _, ext := range []string{".yaml", ".yml", ".json"} {
		base = strings.TrimSuffix(base, ext)
	}
	return base
}

// times are the fields that say when something happened.
var times = []string{"lastTransitionTime", "lastTimestamp", "lastUpdateTime", "creationTimestamp", "startedAt", "finishedAt", "startTime", "completionTime"}

// newestIn returns the newest of these times in JSON without blanks. It is looked at all there is
// of an archive: a regular expression would take a sixth of the time.
func newestIn(data []byte) (newest time.Time) {
	const layout = "2006-01-02T15:04:05Z"
	for {
		i := bytes.Index(data, []byte(`Z"`))
		if i < 0 {
			return newest
		}
		before, stamp, ok := cutLast(data[:i+1], []byte(`":"`))
		if _, key, quoted := cutLast(before, []byte(`"`)); ok && quoted && len(stamp) == len(layout) && slices.Contains(times, string(key)) {
			if t, err := time.Parse(layout, string(stamp)); err == nil && t.After(newest) {
				newest = t
			}
		}
		data = data[i+2:]
	}
}

// cutLast cuts a text around the last separator.
func cutLast(text, separator []byte) (before, after []byte, found bool) {
	if i := bytes.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):], true
	}
	return text, nil, false
}

// put keeps an object of a namespace. What rules do not use is dropped at once.
func (a *archive) put(kind string, data []byte, from string) error {
	var named struct {
		APIVersion string
		Metadata   struct{ Name, Namespace string }
	}
	if err := json.Unmarshal(data, &named); err != nil {
		return err
	}
	if named.Metadata.Name == "" {
		return fmt.Errorf("a %s in it has no name: blanks or quotes in it were changed", kind)
	}
	k := readiness.KeptKind(a.kinds, kind)
	if k.APIVersion != "" && named.APIVersion != "" && groupOf(k.APIVersion) != groupOf(named.APIVersion) {
		return nil // others have kinds of the same name
	}
	read, err := k.Decode(data)
	if err != nil {
		return err
	}
	a.newest = later(a.newest, newestIn(data))
	if a.size += len(data) / 4; a.size > mostKept { // a quarter is what is left of most
		return fmt.Errorf("its objects: %w", errTooLarge)
	}
	space := a.spaces[named.Metadata.Namespace]
	if space == nil {
		space = map[Ref]*object{}
		a.spaces[named.Metadata.Namespace] = space
	}
	ref := Ref{kind, named.Metadata.Name}
	if before := space[ref]; before != nil && before.read.GetResourceVersion() != read.GetResourceVersion() {
		a.differ(before.from, from)
	}
	space[ref] = &object{read: read, from: from}
	return nil
}

// groupOf is the API group of a version.
func groupOf(apiVersion string) string {
	group, _, ok := strings.Cut(apiVersion, "/")
	if !ok {
		return ""
	}
	return group
}

// differ notes that two files have different versions of an object: they were written at different
// times.
func (a *archive) differ(before, now string) {
	said := shorten(before) + " and " + shorten(now) + " have the same objects from different times"
	if before != now && len(a.twice) <= mostNamed && !slices.Contains(a.twice, said) {
		a.twice = append(a.twice, said)
	}
}

// addReleases keeps what helm list wrote. Of a release that is there twice the last counts.
func (a *archive) addReleases(items []helmRelease, from string) {
	for _, item := range items {
		same := func(other helmRelease) bool { return other.Name == item.Name && other.Namespace == item.Namespace }
		if i := slices.IndexFunc(a.helm, same); i >= 0 {
			if !reflect.DeepEqual(a.helm[i], item) {
				a.differ(a.helmFile, from)
			}
			a.helm = slices.Delete(a.helm, i, i+1)
		}
		a.helm = append(a.helm, item)
	}
	a.helmFile, a.helmOK = from, true
}

// server reads the version of Kubernetes from what kubectl version printed.
func (a *archive) server(r io.Reader) {
	const most = 64 << 10
	text, _ := io.ReadAll(io.LimitReader(r, most)) // what cannot be read is unknown
	if found := regexp.MustCompile(`(?:Server Version:\s*|Server Version: version\.Info\{.*?GitVersion:")(v\d[\w.+-]*)`).FindSubmatch(text); found != nil {
		a.Server = string(found[1])
	}
}

// finish chooses the namespace, and makes of what was read what a recording has.
func (a *archive) finish(namespace string) error {
	if len(a.seen) == 0 && len(a.spaces) == 0 && len(a.listed) == 0 {
		if len(a.bad) > 0 {
			return fmt.Errorf("nothing in it shows a cluster: %s", strings.Join(a.bad, "; "))
		}
		if a.inner != "" {
			return fmt.Errorf("nothing in it shows a cluster, but it has %s: unpack that, and give it alone", shorten(a.inner))
		}
		return fmt.Errorf("nothing in it shows a cluster: it has none of the files of the vendor's audit archive, of kubectl cluster-info dump or of kubectl get -o yaml")
	}
	a.Namespace = cmp.Or(namespace, a.choose())
	a.Kind = a.kind()
	s := a.state
	s.objects = a.spaces[a.Namespace]
	if s.objects == nil {
		s.objects = map[Ref]*object{}
	}
	if len(s.objects) == 0 && len(a.spaces) > 0 {
		return fmt.Errorf("it has nothing of namespace %q, but of %s: use -n", a.Namespace, strings.Join(slices.Sorted(maps.Keys(a.spaces)), ", "))
	}
	s.tells, s.parts = a.tells, true
	s.moment = a.moment()
	a.dated()
	s.at, s.moment.AssessedAt = a.At, a.At
	s.head = Head{Namespace: a.Namespace, PUM: "pum"}
	a.addPUM()
	a.addHelm()
	a.note()
	return nil
}

// kind says what the archive is, by the files in it.
func (a *archive) kind() string {
	switch {
	case a.audit || a.pumText != nil && a.dump:
		return KindAudit
	case a.dump:
		return KindDump
	}
	return KindLists
}

// moment says which kinds were read, and which could not be.
func (a *archive) moment() *Moment {
	m := &Moment{}
	for _, k := range a.kinds {
		if err, ok := here(a, a.damaged[k.Kind]); ok {
			m.Gaps = append(m.Gaps, Gap{Kind: k.Kind, Resource: k.Resource, Verb: "read", Reason: readiness.NotKept, Error: &Error{Message: err.Error()}})
		} else if _, ok := here(a, a.listed[k.Kind]); ok {
			m.Kinds = append(m.Kinds, k.Kind)
		}
	}
	return m
}

// choose returns the namespace with PUM, else the one with most objects.
func (a *archive) choose() string {
	best, most := "thingpark-enterprise", -1
	for _, name := range slices.Sorted(maps.Keys(a.spaces)) {
		n := len(a.spaces[name])
		if a.spaces[name][Ref{"Deployment", "pum"}] != nil {
			n += mostObjects
		}
		if n > most {
			best, most = name, n
		}
	}
	return best
}

// tells returns the file that would have the objects of a kind, or nothing if whoever made the archive did
// not ask for them.
func (a *archive) tells(k readiness.Kept) string {
	if a.Kind == KindAudit && k.Kind == "StatefulSet" {
		return "thingpark-instance/manifests/statefulset.yaml"
	}
	if a.Kind != KindLists && slices.Contains([]string{"Deployment", "DaemonSet", "Pod"}, k.Kind) {
		return "info/" + a.Namespace + "/" + strings.ToLower(k.Kind) + "s.yaml"
	}
	return ""
}

func (a *archive) addPUM() {
	tells := "the output of PUM's status, in a file pum-status.txt,"
	if a.Kind == KindAudit {
		tells = "thingpark/pum-status.txt"
	}
	a.state.answerErr = &verdict.NotKeptError{What: "entries", File: a.state.file, Tells: tells}
	if a.pumText == nil {
		return
	}
	a.state.answer = &Answer{Text: string(a.pumText)}
	if len(bytes.TrimSpace(a.pumText)) == 0 {
		a.state.answer = &Answer{Error: &Error{Message: a.pumFile + " is empty: PUM did not answer when the archive was made", Means: []meaning{noAnswer}}}
	}
}

func (a *archive) addHelm() {
	tells := "helm list --all -o yaml, in a file helm-releases.yaml,"
	if a.Kind == KindAudit {
		tells = "thingpark-instance/thingpark-helm-releases.yaml"
	}
	a.state.releasesErr = &verdict.NotKeptError{What: "Helm releases", File: a.state.file, Tells: tells}
	switch {
	case a.helmOK:
		a.state.releases = &Releases{Items: releasesOf(a.helm, a.Namespace)}
	case a.helmErr != nil:
		a.state.releasesErr = &verdict.DamagedError{Err: a.helmErr}
	}
}

// named finds a time in the name of an audit archive: thingpark-kubernetes-audit-2026-01-31-10-00-00.tgz.
// It is by the clock and in the zone of whoever made it.
var named = regexp.MustCompile(`(\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)`)

// dated decides when the cluster was as the archive shows. Members are written at once, and an
// archive keeps when; a copy of a folder may not. So that counts if it fits what else is known:
// nothing in it is newer, and the name says about the same.
func (a *archive) dated() {
	const zones = 15 * time.Hour // between a name in local time and UTC
	const skew = 2 * time.Minute
	var byName time.Time
	if found := named.FindString(filepath.Base(a.Path)); found != "" {
		byName, _ = time.Parse("2006-01-02-15-04-05", found) // what is no time says nothing
	}
	why := ""
	switch a.At = a.written.UTC(); {
	case a.written.IsZero():
		a.At, why = a.newest, "no file in it has a time"
	case a.newest.After(a.written.Add(skew)):
		a.At, why = a.newest, "objects in it are newer than its files, so that clocks differ"
	case !byName.IsZero() && a.written.Sub(byName).Abs() > zones:
		a.At, why = later(byName, a.newest), "its name says another time than its files, which were copied"
	case byName.IsZero() && !a.newest.IsZero() && a.written.Sub(a.newest) > 24*time.Hour:
		why = "nothing happened in the day before, or its files were copied later"
	}
	if why == "" {
		return
	}
	a.notes = append(a.notes, verdict.Finding{
		Code: verdict.CodeTimeUnsure, Level: verdict.LevelWarning,
		Summary: "when it was taken is not certain; ages count from " + stamp(a.At),
		Detail:  why,
	})
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// note says which members could not be read, or are there twice.
func (a *archive) note() {
	if len(a.bad) > 0 {
		a.notes = append(a.notes, verdict.Finding{
			Code: verdict.CodeMemberDamaged, Level: verdict.LevelWarning,
			Summary: "not all files in it could be read",
			Detail:  strings.Join(a.bad, "; "),
		})
	}
	if len(a.twice) > 0 {
		a.notes = append(a.notes, verdict.Finding{
			Code: verdict.CodeMemberRepeated, Level: verdict.LevelWarning,
			Summary: "files or objects are in it more than once; the last copy of an object counts",
			Detail:  strings.Join(a.twice, "; "),
		})
	}
}
