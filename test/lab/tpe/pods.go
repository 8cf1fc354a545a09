// SPDX-License-Identifier: Apache-2.0

package tpe

import (
	"path/filepath"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// podTemplate is the pod of a workload. Pods of the stand-in ask for next to
// nothing, and never for an image that the lab does not have.
func (r renderer) podTemplate(w Workload) corev1.PodTemplateSpec {
	change := r.scenario.Workloads[w.Name]
	off := false
	spec := corev1.PodSpec{
		AutomountServiceAccountToken: &off,
		EnableServiceLinks:           &off,
		DNSPolicy:                    corev1.DNSDefault, // the lab has none, and warns of each pod that wants it
	}
	for i, name := range w.containers() {
		spec.Containers = append(spec.Containers, r.container(w, name, i == 0))
	}
	main := &spec.Containers[0]
	if w.Program == programPUM {
		spec.Volumes = []corev1.Volume{{Name: "store", VolumeSource: corev1.VolumeSource{
			HostPath: &corev1.HostPathVolumeSource{Path: filepath.Join(r.dir, r.namespace, "pum")},
		}}}
		main.VolumeMounts = []corev1.VolumeMount{{Name: "store", MountPath: "/var/lib/pum"}}
	}
	if w.Program == programController {
		main.Env = []corev1.EnvVar{{Name: "TPE_BACKUPS", Value: r.backups()}}
	}
	for volume := range w.Claims {
		main.VolumeMounts = append(main.VolumeMounts, corev1.VolumeMount{Name: volume, MountPath: "/claims/" + volume})
	}
	if isJob(w.Kind) {
		spec.RestartPolicy = corev1.RestartPolicyNever
		main.ReadinessProbe = nil
	}
	main.Args = append(main.Args, r.jobArgs(w)...)
	if len(change.Args) > 0 {
		main.Command, main.Args = []string{"/standin"}, change.Args
	}
	if change.Image != "" {
		main.Image, main.ImagePullPolicy = change.Image, corev1.PullIfNotPresent
	}
	return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels(w)}, Spec: spec}
}

// container is one container of a workload. Only the main one serves, for the
// containers of a pod share its ports.
func (r renderer) container(w Workload, name string, main bool) corev1.Container {
	c := corev1.Container{
		Name:            name,
		Image:           w.Image(r.release),
		ImagePullPolicy: corev1.PullNever,
		Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
			corev1.ResourceCPU:    resource.MustParse("1m"),
			corev1.ResourceMemory: resource.MustParse("8Mi"),
		}},
	}
	if !main {
		c.Args = []string{"idle", "--port=0"}
		return c
	}
	c.ReadinessProbe = &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/", Port: intstr.FromInt32(8080)}},
		PeriodSeconds: 2,
	}
	return c
}

// jobArgs are the arguments of a job's container, none for others.
func (r renderer) jobArgs(w Workload) []string {
	switch {
	case !isJob(w.Kind):
		return nil
	case w.Program == programPUM && distroless(r.release):
		return []string{"app.js", "process"}
	case w.Program == programPUM:
		return []string{"pum-process"}
	default:
		return []string{"run", "--for=1s"}
	}
}

func isJob(kind string) bool {
	return kind == "Job" || kind == "CronJob"
}

// distroless reports whether PUM's image is of the second generation, which has
// nothing but Node.js: since 8.0, according to the vendor's audit script.
func distroless(release string) bool {
	major, _, _ := strings.Cut(release, ".")
	n, err := strconv.Atoi(major)
	return err == nil && n >= 8
}

// labels are those of a workload and of its pods.
func labels(w Workload) map[string]string {
	kind, owner := w.owner()
	switch kind {
	case "Kafka":
		return map[string]string{
			"app.kubernetes.io/name":       strings.TrimPrefix(w.Name, owner+"-"),
			"app.kubernetes.io/instance":   owner,
			"app.kubernetes.io/part-of":    "strimzi-" + owner,
			"app.kubernetes.io/managed-by": "strimzi-cluster-operator",
			"strimzi.io/cluster":           owner,
			"strimzi.io/kind":              kind,
			"strimzi.io/name":              w.Name,
		}
	case "PerconaServerMongoDB":
		return map[string]string{
			"app.kubernetes.io/name":       "percona-server-mongodb",
			"app.kubernetes.io/instance":   owner,
			"app.kubernetes.io/component":  strings.TrimPrefix(w.containers()[0], "mongod-"),
			"app.kubernetes.io/managed-by": "percona-server-mongodb-operator",
			"app.kubernetes.io/part-of":    "percona-server-mongodb",
			"app.kubernetes.io/replset":    "rs0",
		}
	default:
		return map[string]string{
			"app.kubernetes.io/name":       w.Name,
			"app.kubernetes.io/instance":   w.Release,
			"app.kubernetes.io/managed-by": "Helm",
		}
	}
}
