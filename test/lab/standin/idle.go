// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/standin/pum"
)

// idle serves the readiness probe and does nothing else, until it is told to
// end or until its fate says so.
func idle(ctx context.Context, args []string) (int, error) {
	flags := flag.NewFlagSet("idle", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // main prints the error
	port := flags.Int("port", 8080, "where the readiness probe is answered")
	readyAfter := flags.Duration("ready-after", 0, "until then the probe gets 503")
	unready := flags.Bool("unready", false, "the probe gets 503 for ever")
	crashAfter := flags.Duration("crash-after", 0, "end with exit code 1 after that time")
	message := flags.String("message", "uncaught exception", "the last words before a crash")
	eat := flags.Bool("eat", false, "take memory until the kernel intervenes")
	linger := flags.Duration("linger", 0, "how long to go on when told to end")
	if err := flags.Parse(args); err != nil {
		return 2, err
	}
	start := time.Now()
	serve(*port, func() bool { return !*unready && time.Since(start) >= *readyAfter })
	fmt.Printf("listening on port %d\n", *port)
	if *eat {
		go devour()
	}
	var crash <-chan time.Time
	if *crashAfter > 0 {
		crash = time.After(*crashAfter)
	}
	select {
	case <-crash:
		fmt.Fprintln(os.Stderr, *message)
		return 1, nil
	case <-ctx.Done():
		time.Sleep(*linger)
		return 0, nil
	}
}

// serve answers every request with 200 when ready, else with 503.
func serve(port int, ready func() bool) {
	answer := func(w http.ResponseWriter, _ *http.Request) {
		if !ready() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	go func() {
		err := http.ListenAndServe(fmt.Sprintf(":%d", port), http.HandlerFunc(answer))
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}()
}

// devour takes a megabyte every millisecond, and touches it so that it counts.
func devour() {
	var taken [][]byte
	for {
		chunk := make([]byte, 1<<20)
		for i := 0; i < len(chunk); i += 4096 {
			chunk[i] = 1
		}
		taken = append(taken, chunk)
		if len(taken) > 1<<14 { // 16 GiB: there is no limit on this container
			taken = nil
		}
		time.Sleep(time.Millisecond)
	}
}

// servePUM is the main process of the pod pum.
func servePUM(ctx context.Context, store pum.Store) (int, error) {
	serve(8080, func() bool {
		state, err := store.Read()
		return err == nil && !state.Unready
	})
	fmt.Printf("%s info: post-upgrade manager listening on port 8080\n", pum.Timestamp(time.Now()))
	<-ctx.Done()
	return 0, nil
}
