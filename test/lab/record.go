// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/tpe"
)

func newRecordCmd() *cobra.Command {
	var namespace, plugins, user string
	cmd := &cobra.Command{
		Use:   "record FILE",
		Short: "write what a namespace holds, and what its PUM prints, to a file for the plugin's tests",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := newNode(cmd)
			if err != nil {
				return err
			}
			env, err := environment(cmd.Context(), n, plugins)
			if err != nil {
				return err
			}
			if user != "" {
				kubeconfig, err := n.UserKubeconfig(user)
				if err != nil {
					return err
				}
				env = append(env, "KUBECONFIG="+kubeconfig)
			}
			r, err := tpe.Record(cmd.Context(), n.Kubeconfig(), namespace)
			if err != nil {
				return err
			}
			if err := ask(&r, env); err != nil {
				return err
			}
			if err := list(&r, env); err != nil {
				return err
			}
			return save(args[0], r)
		},
	}
	cmd.Flags().StringVarP(&namespace, "namespace", "n", tpe.DefaultNamespace, "which namespace")
	cmd.Flags().StringVar(&plugins, "plugin-dir", filepath.Join("..", "..", "bin"), "the folder of the plugin, which says why PUM does not answer")
	cmd.Flags().StringVar(&user, "ask-as", "", "the user who asks PUM; by default the administrator")
	return cmd
}

// save writes a recording as of the vendor's namespace, an object a line: what
// changed in the file is what changed.
func save(file string, r tpe.Recording) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	objects := r.Objects
	r.Objects = nil
	if err := encoder.Encode(r); err != nil {
		return err
	}
	for _, o := range objects {
		if err := encoder.Encode(o); err != nil {
			return err
		}
	}
	text := bytes.ReplaceAll(b.Bytes(), []byte(r.Namespace), []byte(tpe.DefaultNamespace))
	return os.WriteFile(file, text, 0o644)
}

// ask notes what PUM prints, or why the plugin cannot ask it.
func ask(r *tpe.Recording, env []string) error {
	_, message, code, err := run(env, "kubectl tpe pum status -n "+r.Namespace)
	if err != nil {
		return err
	}
	message, _, _ = strings.Cut(strings.TrimPrefix(message, "error: "), "\n")
	if unasked := code == 4 || code == 5 || code == 6; unasked && !strings.Contains(message, "incomplete") {
		r.Error, r.ExitCode = message, code
		return nil
	}
	for _, command := range []string{"status", "/nodejs/bin/node app.js display"} {
		text, _, code, err := run(env, "kubectl exec -n "+r.Namespace+" deploy/pum -- "+command)
		if err != nil || code == 0 {
			r.Answer, r.Command = text, strings.Fields(command)
			return err
		}
	}
	return errors.New("PUM answers to the plugin, and not to kubectl")
}

// list notes the Helm releases, where there are any.
func list(r *tpe.Recording, env []string) error {
	text, _, _, err := run(env, "kubectl tpe releases -o json -n "+r.Namespace)
	if err != nil {
		return err
	}
	var document struct{ Items json.RawMessage }
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return fmt.Errorf("list the releases: %w", err)
	}
	r.Releases = document.Items
	return nil
}

// run runs a command and returns what it wrote and its exit code.
func run(env []string, command string) (stdout, stderr string, code int, err error) {
	var out, errOut bytes.Buffer
	cmd := exec.Command("/bin/sh", "-c", "exec "+command)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, &out, &errOut
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return "", "", 0, fmt.Errorf("run %s: %w", command, err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode(), nil
}
