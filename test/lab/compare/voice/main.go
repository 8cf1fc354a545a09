// SPDX-License-Identifier: Apache-2.0

// Voice is the program in the containers of which the comparison asks logs, and in which it
// runs commands:
//
//	voice lines N            prints N lines, then does nothing
//	voice say OUT ERR CODE   prints both, and ends with that exit code
//	voice end                ends the container
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

func main() {
	if len(os.Args) < 2 {
		os.Exit(2)
	}
	switch args := os.Args[2:]; os.Args[1] {
	case "lines":
		told := make(chan os.Signal, 1)
		signal.Notify(told, syscall.SIGTERM)
		for i := range number(args[0]) {
			fmt.Printf("line %d\n", i+1)
		}
		<-told
		os.Exit(3)
	case "say":
		fmt.Print(args[0])
		fmt.Fprint(os.Stderr, args[1])
		os.Exit(number(args[2]))
	case "end":
		_ = syscall.Kill(1, syscall.SIGTERM) // the process that the container is
	}
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		os.Exit(2)
	}
	return n
}
