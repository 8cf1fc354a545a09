// SPDX-License-Identifier: Apache-2.0

package tpe

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/standin/pum"
)

// apply makes PUM's state and the objects of a release be there.
func (l loader) apply(ctx context.Context, r renderer, state pum.State) error {
	if err := PUM(l.Importer, l.namespace).Init(state); err != nil {
		return err
	}
	objects, err := r.objects()
	if err != nil {
		return err
	}
	if err := saveJob(filepath.Join(l.dir, l.namespace, "pum", "job.json"), objects); err != nil {
		return err
	}
	owners := map[string]*unstructured.Unstructured{}
	for _, u := range objects {
		if owner := l.owner(u, owners); owner != nil {
			u.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(owner, owner.GroupVersionKind())})
		}
		applied, err := l.cluster.apply(ctx, u)
		if err != nil {
			return err
		}
		owners[u.GetKind()+"/"+u.GetName()] = applied
	}
	return l.balance(ctx)
}

// balance plays the cloud that gives the ingress an address (RFC 5737).
func (l loader) balance(ctx context.Context) error {
	address := []byte(`{"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.10"}]}}}`)
	_, err := l.typed.CoreV1().Services(l.namespace).Patch(ctx, ingressService, types.MergePatchType, address, metav1.PatchOptions{}, "status")
	return err
}

// owner is the object that owns this one, or nil.
func (l loader) owner(u *unstructured.Unstructured, applied map[string]*unstructured.Unstructured) *unstructured.Unstructured {
	for _, w := range l.inventory.Workloads {
		if w.Kind == u.GetKind() && w.Name == u.GetName() {
			return applied[w.Owner]
		}
	}
	return nil
}

// saveJob keeps the job pum-process where the operators find it when PUM wants
// it to run again.
func saveJob(path string, objects []*unstructured.Unstructured) error {
	for _, u := range objects {
		if u.GetKind() == "Job" && u.GetName() == "pum-process" {
			text, err := u.MarshalJSON()
			if err != nil {
				return err
			}
			return os.WriteFile(path, text, 0o644)
		}
	}
	return errors.New("there is no job pum-process")
}
