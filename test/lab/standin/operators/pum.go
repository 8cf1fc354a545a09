// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/standin/pum"
)

// pum runs the job pum-process again wherever PUM wants a run that it has not
// had. That a restart makes a new job is assumed.
func (o operators) pum(ctx context.Context) error {
	namespaces, err := os.ReadDir(o.stores)
	if err != nil {
		return err
	}
	var failed error
	for _, namespace := range namespaces {
		failed = errors.Join(failed, o.rerun(ctx, namespace.Name()))
	}
	return failed
}

func (o operators) rerun(ctx context.Context, namespace string) error {
	store := pum.Store{Dir: filepath.Join(o.stores, namespace, "pum")}
	state, err := store.Read()
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil || state.Run <= state.Created {
		return err
	}
	if err := o.replaceJob(ctx, namespace, filepath.Join(store.Dir, "job.json")); err != nil {
		return fmt.Errorf("run pum-process again in %s: %w", namespace, err)
	}
	return store.Update(func(now *pum.State) error {
		now.Created = max(now.Created, state.Run)
		return nil
	})
}

// replaceJob deletes the job with its pods and creates it again; it takes a few
// rounds until the old one is gone.
func (o operators) replaceJob(ctx context.Context, namespace, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	job := &batchv1.Job{}
	if err := yaml.Unmarshal(text, job); err != nil {
		return err
	}
	jobs := o.typed.BatchV1().Jobs(namespace)
	foreground := metav1.DeletePropagationForeground
	err = jobs.Delete(ctx, job.Name, metav1.DeleteOptions{PropagationPolicy: &foreground})
	if err == nil {
		return errGoing
	}
	if !apierrors.IsNotFound(err) {
		return err
	}
	_, err = jobs.Create(ctx, job, metav1.CreateOptions{})
	return err
}

var errGoing = errors.New("the old job is being deleted")
