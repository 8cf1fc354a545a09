// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
)

// A moduleFolder is where the sources of a module are.
type moduleFolder struct{ Path, Version, Dir string }

// thirdPartyNotices returns the licenses and notices of all that is linked into a program,
// which its archive must hold: those of Go's library, and of every module that the program
// names. Equal texts are there once, under the files that hold them.
func thirdPartyNotices(sources, program string) ([]byte, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, err
	}
	goRoot, err := goCommand(sources, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	folders, err := moduleFolders(sources, info.Deps)
	if err != nil {
		return nil, err
	}
	library := moduleFolder{Path: "Go's standard library", Version: info.GoVersion, Dir: strings.TrimSpace(string(goRoot))}
	return notices(append([]moduleFolder{library}, folders...))
}

// moduleFolders asks the go command where modules are.
func moduleFolders(sources string, deps []*debug.Module) ([]moduleFolder, error) {
	args := []string{"list", "-m", "-json"}
	for _, dep := range deps {
		args = append(args, dep.Path)
	}
	out, err := goCommand(sources, args...)
	if err != nil {
		return nil, err
	}
	var folders []moduleFolder
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var m moduleFolder
		switch err := decoder.Decode(&m); {
		case errors.Is(err, io.EOF):
			return folders, nil
		case err != nil:
			return nil, err
		}
		folders = append(folders, m)
	}
}

func goCommand(dir string, args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	cmd.Stderr = os.Stderr
	return cmd.Output()
}

// legal tells files that must go along, by their names.
var legal = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([.-].*)?$`)

// notices returns the texts of the legal files of modules. A module without any is an
// error: its terms are unknown.
func notices(modules []moduleFolder) ([]byte, error) {
	var texts []string
	holders := map[string][]string{}
	for _, m := range modules {
		found := 0
		err := eachLegalFile(m, func(holder, text string) {
			found++
			if holders[text] == nil {
				texts = append(texts, text)
			}
			holders[text] = append(holders[text], holder)
		})
		if err != nil {
			return nil, err
		}
		if found == 0 {
			return nil, fmt.Errorf("%s %s has no license in %q", m.Path, m.Version, m.Dir)
		}
	}
	var out bytes.Buffer
	out.WriteString("kubectl-tpe links the following. Each list is followed by the text of the files that it names.\n")
	for _, text := range texts {
		fmt.Fprintf(&out, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(holders[text], "\n"), text)
	}
	return out.Bytes(), nil
}

// eachLegalFile visits the legal files of a module, of Go's library only its own: what else
// is in its folder are tools.
func eachLegalFile(m moduleFolder, visit func(holder, text string)) error {
	root := os.DirFS(m.Dir)
	return fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (slices.Contains([]string{"testdata", "vendor", "hack"}, entry.Name()) || m.library() && path != "."):
			return fs.SkipDir
		case entry.IsDir() || !legal.MatchString(entry.Name()):
			return nil
		}
		text, err := fs.ReadFile(root, path)
		visit(m.Path+" "+m.Version+", "+path, strings.TrimSpace(string(text)))
		return err
	})
}

func (m moduleFolder) library() bool { return strings.HasPrefix(m.Version, "go") }
