// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// A backup is what thingpark-enterprise-controller knows of one. The keys of
// its metadata are the vendor's, from the rollback guide of 7.1.
type backup struct {
	Name       string `json:"name"`
	AppVersion string `json:"appVersion"`
	Chart      string `json:"chart"`
	Release    string `json:"releaseName"`
	Namespace  string `json:"releaseNamespace"`
	Revision   int    `json:"revision"`
	Time       string `json:"tm"`
	Type       string `json:"type"`
}

// playbook plays the read-only Ansible playbooks over the backups in the
// variable TPE_BACKUPS. The output of get-backup-metadatas follows the public
// sample; how list-backups looks is not public.
func playbook(w io.Writer, name string, args []string) error {
	var backups []backup
	if err := json.Unmarshal([]byte(os.Getenv("TPE_BACKUPS")), &backups); err != nil {
		return fmt.Errorf("variable TPE_BACKUPS: %w", err)
	}
	fmt.Fprintf(w, "Executing playbook %s.yml\n\n- on hosts: localhost -\nGathering Facts...\nlocalhost ok\n", name)
	if name == "list-backups" {
		var names []string
		for _, b := range backups {
			names = append(names, b.Name)
		}
		return ansible(w, "Available backups", names)
	}
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	extra := flags.String("e", "", "backup_name=NAME")
	if err := flags.Parse(args); err != nil {
		return err
	}
	want, _ := strings.CutPrefix(*extra, "backup_name=")
	for _, b := range backups {
		if b.Name == want {
			return ansible(w, "Backup metadatas", b.metadata())
		}
	}
	return fmt.Errorf("no backup is named %q", want)
}

func (b backup) metadata() []string {
	return []string{
		"helm:",
		"    appVersion: " + b.AppVersion,
		"    chart: " + b.Chart,
		"    releaseName: " + b.Release,
		"    releaseNamespace: " + b.Namespace,
		fmt.Sprintf("    revision: '%d'", b.Revision),
		"id: " + b.Name,
		fmt.Sprintf("tm: '%s'", b.Time),
		"type: " + b.Type,
	}
}

// ansible prints a task and its message as the vendor's callback does.
func ansible(w io.Writer, task string, message []string) error {
	text, err := json.MarshalIndent(map[string]any{"changed": false, "msg": message}, "", "    ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s...\nlocalhost ok: %s\n", task, text)
	return err
}
