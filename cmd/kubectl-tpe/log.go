// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"io"
	"regexp"
	"strconv"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
)

// addLogFlag adds kubectl's -v. Without it, client-go's log is dropped: what
// it says of lost connections is said by the commands.
//
// What is written of the log goes through logWriter. klog by itself writes to standard
// error, whatever klog.SetOutput was given.
func addLogFlag(cmd *cobra.Command, a *app) {
	var fs flag.FlagSet
	klog.InitFlags(&fs)
	for name, value := range map[string]string{"logtostderr": "false", "alsologtostderr": "false", "stderrthreshold": "FATAL", "one_output": "true"} {
		must(fs.Set(name, value))
	}
	klog.SetOutput(&logWriter{a.ErrOut, func(text string) string { return a.errView().Safe(text) }})
	klog.SetLogger(logr.Discard())
	cmd.PersistentFlags().VarP(&logLevel{klog: fs.Lookup("v").Value}, "v", "v",
		"log requests to stderr from level 6 on")
}

// startLog lets client-go log, if -v was given.
func startLog(cmd *cobra.Command) {
	if cmd.Flags().Changed("v") {
		klog.ClearLogger()
	}
}

// mostLogged is the level up to which client-go logs. From level 8 on it logs what answers
// hold (k8s.io/client-go/rest, logBody): Helm's secrets, and the environment of pods.
const mostLogged = 7

// A logLevel is klog's level, which no flag sets higher than mostLogged. It is a
// pflag.Value.
type logLevel struct {
	klog  flag.Value
	given int
}

// Set reads what was given with -v.
func (l *logLevel) Set(value string) error {
	level, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		return err
	}
	l.given = int(level)
	return l.klog.Set(strconv.Itoa(min(l.given, mostLogged)))
}

// String returns what Set was given.
func (l *logLevel) String() string { return strconv.Itoa(l.given) }

// Type names the value in help.
func (l *logLevel) Type() string { return "Level" }

// A logWriter writes the log as all other text is written: without what moves a terminal's
// cursor, and without the user and the password in an address.
type logWriter struct {
	to   io.Writer
	safe func(string) string
}

func (w *logWriter) Write(record []byte) (int, error) {
	if _, err := io.WriteString(w.to, w.safe(withoutUsers(string(record)))); err != nil {
		return 0, err
	}
	return len(record), nil
}

// withoutUsers masks who logs in at the addresses in a text, and with what.
func withoutUsers(text string) string {
	return regexp.MustCompile(`(://)[^/\s"'<>]*@`).ReplaceAllString(text, "$1***@")
}

// A maskedError is an error whose text has no user and no password in an address.
type maskedError struct{ error }

func (e *maskedError) Error() string { return withoutUsers(e.error.Error()) }

func (e *maskedError) Unwrap() error { return e.error }
