// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// A member is a file of an archive or a folder.
type member struct {
	name     string // with slashes, below the root of the archive
	size     int64
	modified time.Time
	io.Reader
}

// walkTar calls a function with each regular file in an archive, in the order in which they
// are there. Nothing is written to disk. refuse is called with the names of what is no such
// file, or has a name that would leave the archive.
func walkTar(r *bufio.Reader, take func(*member) error, refuse func(name, why string)) error {
	archive := tar.NewReader(r)
	all := &bounded{archive, mostBytes} // what is read of members: that of a sparse file is larger than the archive
	for n := 0; ; n++ {
		h, err := archive.Next()
		switch {
		case errors.Is(err, io.EOF):
			if _, err := io.Copy(io.Discard, r); err != nil { // behind its end is the checksum of all
				return fmt.Errorf("behind %d members: %w", n, err)
			}
			return nil
		case errors.Is(err, tar.ErrInsecurePath): // the header is there, and its name is judged below
		case err != nil:
			return fmt.Errorf("behind %d members: %w", n, err)
		}
		if n >= mostMembers {
			return fmt.Errorf("%w: it has more than %d members", errTooLarge, mostMembers)
		}
		name, ok := inside(h.Name)
		switch {
		case h.Typeflag == tar.TypeDir, h.Typeflag == tar.TypeXGlobalHeader, h.Typeflag == typeLabel: // which are no files
		case !ok:
			refuse(h.Name, "its name leads out of the archive")
		case h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeCont && h.Typeflag != tar.TypeGNUSparse:
			refuse(h.Name, "it is a link or a device")
		default:
			if err := take(&member{name, h.Size, h.ModTime, all}); err != nil {
				return err
			}
		}
	}
}

// typeLabel is the name of a volume, as tar --label writes it.
const typeLabel = 'V'

// inside returns a name below the root, and whether it stays there.
func inside(name string) (string, bool) {
	slashed := strings.ReplaceAll(name, `\`, "/")
	if path.IsAbs(slashed) || slices.Contains(strings.Split(slashed, "/"), "..") || len(slashed) > 1 && slashed[1] == ':' {
		return "", false
	}
	return path.Clean(slashed), true
}

// walkFolder is walkTar for a folder. Links in it are not followed, not even to what is inside.
func walkFolder(dir string, take func(*member) error, refuse func(name, why string)) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // it was read
	n := 0
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if n++; n > mostMembers {
			return fmt.Errorf("%w: it has more than %d files", errTooLarge, mostMembers)
		}
		switch {
		case err != nil && name == ".":
			return err
		case err != nil:
			refuse(name, withoutPath(err).Error())
			return nil
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			refuse(name, "it is a link or a device")
			return nil
		}
		if roleOf(name) == roleNone {
			return take(&member{name: name}) // which nobody reads
		}
		file, err := root.Open(name)
		if err != nil {
			refuse(name, withoutPath(err).Error())
			return nil
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil || !info.Mode().IsRegular() {
			refuse(name, "it is no regular file any more")
			return nil
		}
		return take(&member{name, info.Size(), info.ModTime(), &bounded{file, mostBytes}})
	})
}

// A role is what a file of an archive may tell.
type role int

const (
	roleNone role = iota
	roleList
	rolePUM
	roleHelm
	roleServer
	roleAudit // its presence says that the vendor's script made the archive
	roleLogs
)

// roleOf returns what a file may tell by its name. Secrets are never read.
func roleOf(name string) role {
	base := strings.ToLower(path.Base(name))
	stem, ext, _ := strings.Cut(base, ".")
	list := strings.HasSuffix(base, ".yaml") || strings.HasSuffix(base, ".yml") || strings.HasSuffix(base, ".json")
	switch {
	case strings.HasPrefix(base, "._"), strings.HasPrefix(stem, "secret"): // "._" are macOS' own
		return roleNone
	case base == "pum-status.txt":
		return rolePUM
	case list && strings.Contains(stem, "helm"):
		return roleHelm
	case base == "k8s-versions.txt":
		return roleServer
	case base == "tp-audit.log":
		return roleAudit
	case base == "logs.txt":
		return roleLogs
	case list && ext != "" && !aside(stem):
		return roleList
	}
	return roleNone
}

// aside reports whether lists of a kind tell nothing: they may be large.
func aside(stem string) bool {
	return slices.Contains([]string{
		"configmap", "configmaps", "nodes", "services", "replicasets", "replication-controllers", "ingress", "ingresses",
		"certificates", "certificaterequests", "kafka-topics", "kafkatopics",
	}, stem)
}
