// SPDX-License-Identifier: Apache-2.0

// Package image writes container images without a registry or a builder: a
// docker archive (manifest.json, a configuration and one layer, as docker save
// writes them) of a few files, such as one static Go program. A container
// runtime imports it under the names it carries.
//
// The same image always gives the same bytes, whatever the clock, the user or
// the machine.
package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
)

// An Image is a container image of one layer.
type Image struct {
	// Names are the full references, registry and tag included, under which the
	// runtime knows the image: "lab.invalid/pause:1".
	Names []string
	Files []File
	Config
}

// A File is a regular file of an image, or a symbolic link. The folders above
// it need not be given.
type File struct {
	Path    string      // "/usr/local/bin/pum"
	Mode    fs.FileMode // 0o644 when zero
	Content []byte
	Link    string // the target: makes the file a symbolic link
}

// Config is how the image runs unless the pod says otherwise.
type Config struct {
	Entrypoint []string `json:",omitempty"`
	Cmd        []string `json:",omitempty"`
	Env        []string `json:",omitempty"` // "PATH=/usr/local/bin"
	WorkingDir string   `json:",omitempty"`
	User       string   `json:",omitempty"` // "1000:1000"
}

// Write writes the image to w as a docker archive.
func (img Image) Write(w io.Writer) error {
	if len(img.Names) == 0 {
		return fmt.Errorf("write image: want at least one name")
	}
	layer, err := img.layer()
	if err != nil {
		return fmt.Errorf("write image %s: %w", img.Names[0], err)
	}
	config, err := img.config(layer)
	if err != nil {
		return fmt.Errorf("write image %s: %w", img.Names[0], err)
	}
	manifest, err := json.Marshal([]any{map[string]any{
		"Config":   "config.json",
		"RepoTags": img.Names,
		"Layers":   []string{"layer.tar"},
	}})
	if err != nil {
		return fmt.Errorf("write image %s: %w", img.Names[0], err)
	}
	if err := writeTar(w, []File{
		{Path: "config.json", Content: config},
		{Path: "layer.tar", Content: layer},
		{Path: "manifest.json", Content: manifest},
	}); err != nil {
		return fmt.Errorf("write image %s: %w", img.Names[0], err)
	}
	return nil
}

// layer is the tar of the image's files. Containers get an /etc, a /proc and
// the like from the runtime; /tmp is made here, because programs expect one.
func (img Image) layer() ([]byte, error) {
	files := slices.Clone(img.Files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	var layer bytes.Buffer
	if err := writeTar(&layer, append(folders(files), files...)); err != nil {
		return nil, err
	}
	return layer.Bytes(), nil
}

// folders returns the folders that the files need, outermost first, and /tmp.
func folders(files []File) []File {
	modes := map[string]fs.FileMode{"/tmp": 0o777 | fs.ModeSticky}
	for _, file := range files {
		for dir := path.Dir(absolute(file.Path)); dir != "/"; dir = path.Dir(dir) {
			if _, ok := modes[dir]; !ok {
				modes[dir] = 0o755
			}
		}
	}
	var dirs []File
	for dir, mode := range modes {
		dirs = append(dirs, File{Path: dir, Mode: fs.ModeDir | mode})
	}
	slices.SortFunc(dirs, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return dirs
}

func writeTar(w io.Writer, files []File) error {
	tw := tar.NewWriter(w)
	for _, file := range files {
		if err := tw.WriteHeader(file.header()); err != nil {
			return fmt.Errorf("%s: %w", file.Path, err)
		}
		if _, err := tw.Write(file.Content); err != nil {
			return fmt.Errorf("%s: %w", file.Path, err)
		}
	}
	return tw.Close()
}

func (f File) header() *tar.Header {
	h := &tar.Header{
		Typeflag: tar.TypeReg,
		Name:     strings.TrimPrefix(absolute(f.Path), "/"),
		Mode:     int64(f.Mode.Perm()),
		Size:     int64(len(f.Content)),
		Format:   tar.FormatPAX,
	}
	switch {
	case f.Mode.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
		if f.Mode&fs.ModeSticky != 0 {
			h.Mode |= 0o1000
		}
	case f.Link != "":
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, f.Link, 0o777
	case f.Mode == 0:
		h.Mode = 0o644
	}
	return h
}

// config is the image's configuration, as the OCI image specification has it.
func (img Image) config(layer []byte) ([]byte, error) {
	return json.Marshal(map[string]any{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"config":       img.Config,
		"rootfs": map[string]any{
			"type":     "layers",
			"diff_ids": []string{fmt.Sprintf("sha256:%x", sha256.Sum256(layer))},
		},
	})
}

// absolute is the clean path from the root: it never leads out of it.
func absolute(p string) string {
	return path.Clean("/" + p)
}
