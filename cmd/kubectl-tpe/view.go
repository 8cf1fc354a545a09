// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"

	"golang.org/x/term"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
)

// isTerminal reports whether a person sits at the other end of a stream.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// view says how standard output is looked at, errView standard error. Off a
// terminal nothing is cut.
func (a *app) view() output.View    { return a.viewOf(a.Out) }
func (a *app) errView() output.View { return a.viewOf(a.ErrOut) }

func (a *app) viewOf(stream any) output.View {
	v := output.View{Now: a.now()}
	if !isTerminal(stream) {
		return v
	}
	v.Terminal = true
	v.ASCII = os.Getenv("TERM") == "dumb"
	if width, height, err := term.GetSize(int(stream.(*os.File).Fd())); err == nil {
		v.Width, v.Height = width, height
	}
	return v
}
