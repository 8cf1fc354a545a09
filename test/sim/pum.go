// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A PUM is how PUM's pod answers. Without anything it has one entry, PROCESSED.
type PUM struct {
	Output                     // of the command that prints the entries
	Entries  []map[string]any  `json:"entries"`  // instead of Output.Stdout: keys of PUM's that are not as usual
	Commands map[string]Output `json:"commands"` // by command line, instead of what follows from the rest
	Missing  string            `json:"missing"`  // the runtime that says that status and restart are not there
	None     bool              `json:"none"`     // there is no Deployment, ReplicaSet and pod of PUM
}

// An Output is what a command prints and how it ends.
type Output struct {
	Stdout string          `json:"stdout"`
	Stderr string          `json:"stderr"`
	Exit   int             `json:"exit"`
	Error  string          `json:"error"` // of the container runtime
	Lost   bool            `json:"lost"`  // the connection is lost before its end
	Delay  metav1.Duration `json:"delay"` // before its end
}

func (o Output) result() Result {
	return Result{Stdout: o.Stdout, Stderr: o.Stderr, Exit: o.Exit, Error: o.Error, Lost: o.Lost, Delay: o.Delay.Duration}
}

const (
	nodeDisplay = "/nodejs/bin/node app.js display"
	nodeRestart = "/nodejs/bin/node app.js restart"
)

// run answers a command line. It reports whether that was PUM's restart, and it ran.
func (p *PUM) run(args []string) (Result, bool) {
	line := strings.Join(args, " ")
	status, restart, without := "status", "restart", "containerd"
	if p.Missing != "" {
		status, restart, without = nodeDisplay, nodeRestart, p.Missing
	}
	known, ok := p.Commands[line]
	switch {
	case ok:
		return known.result(), line == "restart" || line == nodeRestart
	case line == status:
		return p.result(), false
	case line == restart:
		return Result{}, true
	}
	return NotFound(without, args), false
}

// NotFound is how a runtime says that the image has no such command.
func NotFound(runtime string, args []string) Result {
	why := fmt.Sprintf("exec: %q: executable file not found in $PATH", args[0])
	if strings.HasPrefix(args[0], "/") {
		why = fmt.Sprintf("exec: %q: stat %s: no such file or directory", args[0], args[0])
	}
	switch runtime {
	case "docker":
		return Result{Exit: 126, Stderr: "OCI runtime exec failed: exec failed: unable to start container process: " + why + ": unknown\r\n"}
	case "crio":
		return Result{Exit: 255, Stderr: "exec failed: unable to start container process: " + why + "\n"}
	case "crun":
		return Result{Exit: 1, Stderr: fmt.Sprintf("executable file `%s` not found in $PATH: No such file or directory\n", args[0])}
	}
	return Result{Error: noExecutable(args)}
}

// check refuses a runtime of which nobody says how it tells.
func (p *PUM) check() error {
	if runtimes := []string{"", "containerd", "docker", "crio", "crun"}; !slices.Contains(runtimes, p.Missing) {
		return fmt.Errorf("pum.missing is %q, want one of %q", p.Missing, runtimes[1:])
	}
	return nil
}

// keys of an entry, in PUM's order.
var keys = []string{
	"uid", "creationTimestamp", "scope", "serviceID", "requestID", "requestPath", "requestBody",
	"state", "stateTimestamp", "lastResponse", "errorCounter", "iterationCounter",
}

// began is what the usual times of entries are before.
var began = time.Now().UTC()

// usualEntry returns an entry with what it does not say as it usually is.
func usualEntry(i int, given map[string]any) map[string]any {
	e := map[string]any{
		"uid": i + 1, "creationTimestamp": began.Add(-2 * time.Hour).Format(time.RFC3339),
		"scope": "ALL", "serviceID": "TWA", "requestID": fmt.Sprintf("RDTP-%d-made-up", 100+i),
		"requestPath": "/thingpark/wireless/rest/systems/demons/madeUp", "requestBody": `{ "max" : 10 }`,
		"state": "PROCESSED", "stateTimestamp": began.Add(-time.Hour).Format(time.RFC3339),
		"lastResponse": `{"status":200,"message":"OK","data":{"countOnly":false,"max":10,"result":{"done":6,"remaining":0}}}`,
		"errorCounter": 0, "iterationCounter": 5,
	}
	maps.Copy(e, given)
	return e
}

// Print returns entries as PUM prints them. What one does not say is as usual.
func Print(entries []map[string]any) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%d entrie(s)\n", len(entries))
	for i, given := range entries {
		for key := range given {
			if !slices.Contains(keys, key) {
				return "", fmt.Errorf("PUM has no key %q", key)
			}
		}
		e := usualEntry(i, given)
		for _, key := range keys {
			switch value := e[key].(type) {
			case nil:
				fmt.Fprintf(&b, "%s: null\n", key)
			case string:
				fmt.Fprintf(&b, "%s: '%s'\n", key, strings.ReplaceAll(value, "'", "''"))
			default:
				fmt.Fprintf(&b, "%s: %v\n", key, value)
			}
		}
	}
	return b.String(), nil
}
