// SPDX-License-Identifier: Apache-2.0

package tpe

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// storageClass is the vendor's name for one of its classes. Nothing provides
// it here: the loader makes the volumes.
const storageClass = "thingpark-csi-gp3-xfs"

// claims are the templates of a StatefulSet's claims, sorted by name.
func claims(w Workload) []corev1.PersistentVolumeClaim {
	var templates []corev1.PersistentVolumeClaim
	for _, volume := range slices.Sorted(maps.Keys(w.Claims)) {
		templates = append(templates, corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{Name: volume},
			Spec:       claimSpec(w.Claims[volume]),
		})
	}
	return templates
}

func claimSpec(size string) corev1.PersistentVolumeClaimSpec {
	class := storageClass
	return corev1.PersistentVolumeClaimSpec{
		AccessModes:      []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		StorageClassName: &class,
		Resources:        corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(size)}},
	}
}

// storage is the claims of a workload, made before a StatefulSet makes them, so
// that pods need not wait for their binding; and a volume for each, or none if
// they are to stay unbound.
func (r renderer) storage(w Workload, bound bool) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	for _, volume := range slices.Sorted(maps.Keys(w.Claims)) {
		for ordinal := range w.Replicas {
			name, size := fmt.Sprintf("%s-%s-%d", volume, w.Name, ordinal), w.Claims[volume]
			claim, err := r.named("PersistentVolumeClaim", name, &corev1.PersistentVolumeClaim{Spec: claimSpec(size)})
			if err != nil {
				return nil, err
			}
			claim.SetLabels(labels(w))
			if bound {
				v, err := r.volume(name, size)
				if err != nil {
					return nil, err
				}
				objects = append(objects, v)
			}
			objects = append(objects, claim)
		}
	}
	return objects, nil
}

// volumeLabel marks the volumes of a namespace, which do not go with it.
const volumeLabel = "kubectl-tpe.lab/namespace"

func (r renderer) volume(claim, size string) (*unstructured.Unstructured, error) {
	create := corev1.HostPathDirectoryOrCreate
	u, err := r.named("PersistentVolume", r.namespace+"-"+claim, &corev1.PersistentVolume{Spec: corev1.PersistentVolumeSpec{
		AccessModes:                   []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Capacity:                      corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(size)},
		StorageClassName:              storageClass,
		PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimRetain,
		ClaimRef:                      &corev1.ObjectReference{Namespace: r.namespace, Name: claim},
		PersistentVolumeSource: corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{
			Path: filepath.Join(r.dir, r.namespace, "claims", claim), Type: &create,
		}},
	}})
	if err == nil {
		u.SetLabels(map[string]string{volumeLabel: r.namespace})
	}
	return u, err
}
