// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// checkPlugin looks whether the program that makes the credentials can be run at all, and
// says what to do if not. client-go says it at the first request, without that.
func (c *cluster) checkPlugin() error {
	plugin := c.config.ExecProvider
	if plugin == nil {
		return nil
	}
	name := filepath.Base(plugin.Command)
	if strings.HasSuffix(plugin.APIVersion, "/v1alpha1") {
		return fmt.Errorf("the credential plugin %s is set up for %s, which clients since Kubernetes 1.24 do not support: update %s, and let it write the user of this context into the kubeconfig again", name, plugin.APIVersion, name)
	}
	if _, err := exec.LookPath(plugin.Command); err != nil {
		text := fmt.Sprintf("the credential plugin %s of this context cannot be run: %v: install it, or use --context", name, err)
		if plugin.InstallHint != "" {
			text += "\n" + plugin.InstallHint
		}
		return fmt.Errorf("%s", text)
	}
	return nil
}

// credential says what this account logs in with, in the words of a kubeconfig. What a
// plugin is told on its command line is left out: it may be a secret.
func (c *cluster) credential(now time.Time) string {
	what, expires := c.expiry()
	plugin, provider := c.config.ExecProvider, c.config.AuthProvider
	switch {
	case plugin != nil:
		return "what the credential plugin " + filepath.Base(plugin.Command) + " of this context gives"
	case provider != nil:
		return "what the auth provider " + provider.Name + " of this context gives"
	case what != "" && expires.Before(now):
		return fmt.Sprintf("%s of this context, which expired at %s", what, expires.UTC().Format(time.RFC3339))
	case what != "":
		return what + " of this context"
	case c.config.BearerToken != "" || c.config.BearerTokenFile != "":
		return "the token of this context"
	case c.config.Username != "":
		return "the user and password of this context"
	}
	return "a request without credentials, and this context has none"
}
