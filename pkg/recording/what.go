// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/private"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// What says what is in a recording, and what never is; with values, nothing is masked.
func What(values bool) string {
	var b strings.Builder
	b.WriteString("A recording has:\n")
	for _, k := range readiness.KeptKinds() {
		fmt.Fprintf(&b, "  %-21s  %s\n", k.Kind, kept(k.Kind))
	}
	b.WriteString(`  crash logs             the last 5 lines of up to 5 containers that crashed
  PUM's answer           all that PUM prints of its entries, request bodies and responses included
  Helm releases          name, chart, version, app version, status, revision, times, Helm's last words; no values
  rollback               the revisions that kubectl tpe rollback-plan shows
  logs of pum-process    with --logs
  the verdict            with all findings
  where it was taken     namespace, context, version of Kubernetes, version of kubectl tpe

A recording never has:
  Secrets and ConfigMaps, Helm values, environment variables, command lines and arguments, volumes other than
  claims, managedFields but their times, annotations but these:
`)
	for part := range slices.Chunk(annotations, 2) {
		fmt.Fprintf(&b, "    %s\n", strings.Join(part, ", "))
	}
	if values {
		b.WriteString("\nNothing is masked in texts, because of --keep-values.\n")
		return b.String()
	}
	b.WriteString("\nIn all texts these are replaced by " + private.Masked + ", unless --keep-values is given:\n")
	for _, p := range private.Patterns() {
		fmt.Fprintf(&b, "  %s\n", p.Name)
	}
	return b.String()
}

// kept says what is kept of a kind.
func kept(kind string) string {
	switch kind {
	case "Deployment", "Job":
		return "metadata, spec with the containers' names and images, status"
	case "Pod":
		return "metadata, node, claims, the containers' names, images and whether they have probes, status"
	case "Kafka", "KafkaNodePool", "StrimziPodSet", "PerconaServerMongoDB":
		return "metadata, the numbers of replicas and the names of pods in spec, status"
	case "Event":
		return "all of those that warn, and of those that say whether a node is added"
	case "CronJob":
		return "metadata, spec without its job template, status"
	}
	return "metadata, spec without its pod template, status"
}
