// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"testing"
	"time"
)

// What kubelets, runtimes, registries, the scheduler and controllers said in
// public bug reports, with names changed: what is kept of it for the one line
// that people read, and how long it may last.
func TestWords(t *testing.T) {
	const image = "registry.example.com/tpe/twa:8.0.0"
	pull := func(message string) Cause {
		return Cause{Code: ImagePull, Reason: "ImagePullBackOff", Container: "twa", Image: image, Message: message}
	}
	on := func(code Code, reason, message string) Cause {
		return Cause{Code: code, Reason: reason, Container: "twa", Message: message}
	}
	start := func(message string) Cause { return on(StartFailed, "RunContainerError", message) }
	sandbox := func(message string) Cause {
		return Cause{Code: StartFailed, Reason: "FailedCreatePodSandBox", Message: message}
	}
	config := func(message string) Cause {
		code, _ := waitingCode("CreateContainerConfigError", message)
		return on(code, "CreateContainerConfigError", message)
	}
	mount := func(reason, message string) Cause {
		code := MountFailed
		if missesConfig(message) {
			code = ConfigMissing
		}
		return Cause{Code: code, Reason: reason, Message: message}
	}
	probe := func(message string) Cause { return on(ReadinessProbe, "Unhealthy", message) }
	scheduler := func(message string) Cause {
		return Cause{Code: Unschedulable, Reason: "Unschedulable", Message: message}
	}
	claim := func(message string) Cause {
		return Cause{Code: ClaimPending, Object: Object{"PersistentVolumeClaim", "data-twa-0"}, Reason: "ProvisioningFailed", Message: message}
	}
	create := func(message string) Cause {
		return Cause{Code: createCode(message), Reason: "FailedCreate", Message: message}
	}
	const head = "ImagePullBackOff " + image
	tests := []struct {
		cause Cause
		want  string
		grace time.Duration
	}{
		// Images: what heals.
		{pull(`pull QPS exceeded`), head + ": pull QPS exceeded", long},
		{pull(`Failed to pull image "registry.example.com/tpe/twa:8.0.0": rpc error: code = Unknown desc = failed to pull and unpack image "registry.example.com/tpe/twa:8.0.0": failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/busybox/manifests/sha256:50aa4698fa6262977cff89181b2664b99d8a56dbca847bf62f2ef04854597cf8: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit`), head + ": 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit: https://www.docker.com/increase-rate-limit", long},
		{pull(`rpc error: code = Unknown desc = Error response from daemon: toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit`), head + ": toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit", long},
		{pull(`Back-off pulling image "registry.example.com/tpe/twa:8.0.0": ErrImagePull: rpc error: code = Unavailable desc = failed to pull and unpack image "registry.example.com/tpe/twa:8.0.0": failed to resolve reference "registry.example.com/tpe/twa:8.0.0": unexpected status from HEAD request to https://registry.example.com/v2/tpe/twa/manifests/8.0.0: 503 Service Unavailable`), head + ": 503 Service Unavailable", long},
		{pull(`failed to resolve reference "registry.example.com/tpe/twa:8.0.0": failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://auth.docker.io/token?scope=repository%3Atpe%2Ftwa%3Apull&service=registry.docker.io: 504 Gateway Timeout`), head + ": failed to fetch oauth token: 504 Gateway Timeout", long},
		{pull(`rpc error: code = Unknown desc = received unexpected HTTP status: 500 Internal Server Error`), head + ": received unexpected HTTP status: 500 Internal Server Error", long},
		{pull(`rpc error: code = Unknown desc = failed to pull and unpack image "registry.example.com/tpe/twa:8.0.0": failed to resolve reference "registry.example.com/tpe/twa:8.0.0": failed to do request: Head "https://registry.example.com/v2/tpe/twa/manifests/8.0.0": dial tcp: lookup registry.example.com on 10.96.0.10:53: no such host`), head + ": dial tcp: lookup registry.example.com: no such host", long},
		{pull(`rpc error: code = DeadlineExceeded desc = failed to pull and unpack image "registry.example.com/tpe/twa:8.0.0": failed to resolve reference "registry.example.com/tpe/twa:8.0.0": failed to do request: Head "https://registry.example.com/v2/tpe/twa/manifests/8.0.0": dial tcp 10.20.30.40:443: i/o timeout`), head + ": dial tcp: i/o timeout", long},
		{pull(`failed to do request: Head "https://registry.example.com/v2/tpe/twa/manifests/8.0.0": net/http: TLS handshake timeout`), head + ": net/http: TLS handshake timeout", long},
		{pull(`rpc error: code = Unknown desc = Error response from daemon: Get "https://registry.example.com/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)`), head + ": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)", long},
		{pull(`rpc error: code = Unknown desc = pinging container registry registry.example.com: Get "https://registry.example.com/v2/": dial tcp 10.20.30.40:443: connect: connection refused`), head + ": dial tcp: connect: connection refused", long},
		{pull(`rpc error: code = Unknown desc = pinging container registry registry.example.com: Get "https://registry.example.com/v2/": proxyconnect tcp: dial tcp: lookup http: Temporary failure in name resolution`), head + ": proxyconnect tcp: dial tcp: lookup http: Temporary failure in name resolution", long},
		{pull(`failed to copy: read tcp 10.0.0.9:51234->10.20.30.40:443: read: connection reset by peer`), head + ": read tcp: read: connection reset by peer", long},
		{pull(`rpc error: code = Unknown desc = failed to pull and unpack image "registry.example.com/tpe/twa:8.0.0": failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://cdn.example.com/layer?sig=abc": EOF`), head + ": EOF", long},
		{pull(`rpc error: code = Canceled desc = failed to pull and unpack image "registry.example.com/tpe/twa:8.0.0": context canceled`), head + ": context canceled", long},
		{pull(`failed to pull and unpack image "registry.example.com/tpe/twa:8.0.0": failed to extract layer sha256:50aa4698fa6262977cff89181b2664b99d8a56dbca847bf62f2ef04854597cf8: write /usr/lib/jvm/modules: no space left on device: unknown`), head + ": failed to extract layer sha256:…: write /usr/lib/jvm/modules: no space left on device", long},
		// Images: what does not.
		{pull(`Back-off pulling image "registry.example.com/tpe/twa:8.0.0": ErrImagePull: failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized`), head + ": failed to fetch anonymous token: 401 Unauthorized", soon},
		{pull(`rpc error: code = Unknown desc = failed to pull and unpack image "registry.example.com/tpe/twa:8.0.0": failed to resolve reference "registry.example.com/tpe/twa:8.0.0": unexpected status from HEAD request to https://registry.example.com/v2/tpe/twa/manifests/8.0.0: 403 Forbidden`), head + ": 403 Forbidden", soon},
		{pull(`rpc error: code = NotFound desc = failed to pull and unpack image "registry.example.com/tpe/twa:8.0.0": failed to resolve reference "registry.example.com/tpe/twa:8.0.0": registry.example.com/tpe/twa:8.0.0: not found`), head + ": not found", soon},
		{pull(`rpc error: code = Unknown desc = reading manifest 8.0.0 in registry.example.com/tpe/twa: manifest unknown: manifest unknown`), head + ": manifest unknown", soon},
		{pull(`rpc error: code = Unknown desc = Error response from daemon: manifest for registry.example.com/tpe/twa:8.0.0 not found: manifest unknown: manifest unknown`), head + ": manifest for registry.example.com/tpe/twa:8.0.0 not found: manifest unknown", soon},
		{pull(`rpc error: code = Unknown desc = failed to pull and unpack image "registry.example.com/tpe/twa:8.0.0": no match for platform in manifest: not found`), head + ": no match for platform in manifest: not found", soon},
		{pull(`rpc error: code = Unknown desc = no matching manifest for linux/arm64/v8 in the manifest list entries`), head + ": no matching manifest for linux/arm64/v8 in the manifest list entries", soon},
		{pull(`failed to pull and unpack image "docker.io/tpe/twa:8": failed to resolve reference "docker.io/tpe/twa:8": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`), head + ": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed", soon},
		{pull(`rpc error: code = Unknown desc = initializing source docker://quay.io/tpe/twa:8.0.0: reading manifest 8.0.0 in quay.io/tpe/twa: unauthorized: access to the requested resource is not authorized`), head + ": unauthorized: access to the requested resource is not authorized", soon},
		{pull(`rpc error: code = Unknown desc = unable to retrieve auth token: invalid username/password: unauthorized: authentication required`), head + ": invalid username/password: unauthorized: authentication required", soon},
		{pull(`rpc error: code = Unknown desc = Error response from daemon: Get https://123.dkr.ecr.eu-west-1.amazonaws.com/v2/twa/manifests/8: no basic auth credentials`), head + ": no basic auth credentials", soon},
		{pull(`failed to do request: Head "https://registry.example.com/v2/tpe/twa/manifests/8.0.0": tls: failed to verify certificate: x509: certificate signed by unknown authority`), head + ": tls: failed to verify certificate: x509: certificate signed by unknown authority", soon},
		{pull(`failed to do request: Head "https://registry.example.com:5000/v2/tpe/twa/manifests/8.0.0": http: server gave HTTP response to HTTPS client`), head + ": http: server gave HTTP response to HTTPS client", soon},
		{pull(`Back-off pulling image "registry.example.com/tpe/twa:8.0.0"`), head, minutes},
		{Cause{Code: ImagePull, Reason: "ErrImageNeverPull", Image: image, Message: `Container image "registry.example.com/tpe/twa:8.0.0" is not present with pull policy of Never`}, "ErrImageNeverPull " + image + `: Container image "registry.example.com/tpe/twa:8.0.0" is not present with pull policy of Never`, soon},
		{Cause{Code: ImagePull, Reason: "InvalidImageName", Image: "TWA:8", Message: `Failed to apply default image tag "TWA:8": couldn't parse image name "TWA:8": invalid reference format: repository name must be lowercase`}, `InvalidImageName TWA:8: Failed to apply default image tag "TWA:8": couldn't parse image name "TWA:8": invalid reference format: repository name must be lowercase`, atOnce},

		// Containers that cannot be started.
		{start(`failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/opt/run.sh": permission denied: unknown`), `cannot start twa: exec: "/opt/run.sh": permission denied`, minutes},
		{start(`failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "/manager": stat /manager: no such file or directory: unknown`), `cannot start twa: exec: "/manager": stat /manager: no such file or directory`, minutes},
		{start(`failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to create new parent process: namespace path: lstat /proc/0/ns/ipc: no such file or directory: unknown`), `cannot start twa: unable to create new parent process: namespace path: lstat /proc/0/ns/ipc: no such file or directory`, minutes},
		{start(`failed to start container "38ad186446d42e811b2671c3cc00689c805345a61c780a20b46c485b72b8270a": Error response from daemon: OCI runtime create failed: container_linux.go:380: starting container process caused: process_linux.go:545: container init caused: rootfs_linux.go:76: mounting "/etc/app.conf" caused: not a directory: unknown`), `cannot start twa: container init caused: rootfs_linux.go:76: mounting "/etc/app.conf" caused: not a directory`, minutes},
		{start(`container create failed: time="2021-07-29T17:03:47Z" level=error msg="container_linux.go:380: starting container process caused: exec: \"twa\": executable file not found in $PATH"`), `cannot start twa: exec: "twa": executable file not found in $PATH`, minutes},
		{start("container create failed: executable file `twa` not found in $PATH: No such file or directory"), "cannot start twa: executable file `twa` not found in $PATH: No such file or directory", minutes},
		{start(`failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error setting cgroup config for procHooks process: failed to write "100000": write /sys/fs/cgroup/cpu.max: invalid argument: unknown`), `cannot start twa: error setting cgroup config for procHooks process: failed to write "100000": write /sys/fs/cgroup/cpu.max: invalid argument`, minutes},
		{start(`failed to generate container "38ad186446d42e811b2671c3cc00689c805345a61c780a20b46c485b72b8270a" spec: failed to generate spec: no command specified`), `cannot start twa: no command specified`, minutes},
		{start(`Kubelet may be retrying requests that are timing out in CRI-O due to system load. Currently at stage container storage creation: context deadline exceeded: error reserving ctr name k8s_twa_twa-0_tpe_8dec4302-e6b4-4874-9a60-ea305b96347f_0 for id 8424e8fdc1a42daec5810b43a8baf7a9a80f7835a843fc104fe9f621a14983cb: name is reserved`), `cannot start twa: Kubelet may be retrying requests that are timing out in CRI-O due to system load. Currently at stage container storage creation: context deadlin … ctr name k8s_twa_twa-0_tpe_8dec4302-e6b4-4874-9a60-ea305b96347f_0 for id …: name is reserved`, minutes},
		{start(`context deadline exceeded`), "cannot start twa: context deadline exceeded", minutes},
		{sandbox(`Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "cb8a846be7902a752bae7f4cdee280111ba8f005e90b6b68c7062bd1cb68a7b4": plugin type="calico" failed (add): connection is unauthorized: Unauthorized`), `cannot start its sandbox: plugin type="calico" failed (add): connection is unauthorized: Unauthorized`, minutes},
		{sandbox(`Failed to create pod sandbox: rpc error: code = Unknown desc = [failed to set up sandbox container "3fe33199939736653d0eb5ffb41ffd4a94630cbf0ee1d9ffa39e1fef7cb40a83" network for pod "kafka-0": networkPlugin cni failed to set up pod "kafka-0_default" network: netplugin failed with no error message]`), `cannot start its sandbox: netplugin failed with no error message]`, minutes},
		{sandbox(`Failed to create pod sandbox: rpc error: code = DeadlineExceeded desc = context deadline exceeded`), `cannot start its sandbox: context deadline exceeded`, minutes},

		// Settings and what they refer to.
		{config(`container has runAsNonRoot and image will run as root (pod: "wlogger-1-a_thingpark-enterprise(4c0c)", container: wlogger)`), "cannot create twa: container has runAsNonRoot and image will run as root", soon},
		{config(`container has runAsNonRoot and image has non-numeric user (node), cannot verify user is non-root (pod: "twa-0_tpe(f03e42ed-3150-4c34-96f6-485c1ebbe7b2)", container: twa)`), "cannot create twa: container has runAsNonRoot and image has non-numeric user (node), cannot verify user is non-root", soon},
		{config(`container's runAsUser breaks non-root policy (pod: "twa-0_tpe(f03e42ed)", container: twa)`), "cannot create twa: container's runAsUser breaks non-root policy", soon},
		{config(`failed to prepare subPath for volumeMount "data" of container "twa"`), `cannot create twa: failed to prepare subPath for volumeMount "data" of container "twa"`, soon},
		{config(`services have not yet been read at least once, cannot construct envvars`), "cannot create twa: services have not yet been read at least once, cannot construct envvars", minutes},
		{config(`secret "kafka-cluster-ca-cert" not found`), `secret "kafka-cluster-ca-cert" not found`, minutes},
		{config(`configmap "twa-config" not found`), `configmap "twa-config" not found`, minutes},
		{config(`failed to sync secret cache: timed out waiting for the condition`), "failed to sync secret cache: timed out waiting for the condition", minutes},
		{config(`couldn't find key password in Secret thingpark-enterprise/mongo-users`), "couldn't find key password in Secret thingpark-enterprise/mongo-users", soon},
		{mount("FailedMount", `MountVolume.SetUp failed for volume "ca" : secret "kafka-cluster-cluster-ca-cert" not found`), `secret "kafka-cluster-cluster-ca-cert" not found`, minutes},
		{mount("FailedMount", `MountVolume.SetUp failed for volume "conf" : references non-existent secret key: tls.crt`), "references non-existent secret key: tls.crt", soon},
		{mount("FailedMount", `MountVolume.SetUp failed for volume "conf" : configmap references non-existent config key: app.yml`), "configmap references non-existent config key: app.yml", soon},

		// Volumes.
		{mount("FailedAttachVolume", `Multi-Attach error for volume "pvc-7a81d56f" Volume is already exclusively attached to one node and can't be attached to another`), `cannot mount: Multi-Attach error for volume "pvc-7a81d56f" Volume is already exclusively attached to one node and can't be attached to another`, long},
		{mount("FailedAttachVolume", `AttachVolume.Attach failed for volume "pvc-1" : rpc error: code = Internal desc = Could not attach volume "vol-0a1" to node "i-0b2": attachment of disk "vol-0a1" failed, expected device to be attached but was attaching`), `cannot mount: volume "pvc-1": Could not attach volume "vol-0a1" to node "i-0b2": attachment of disk "vol-0a1" failed, expected device to be attached but was attaching`, long},
		{mount("FailedMount", `MountVolume.SetUp failed for volume "nfs" : mount failed: exit status 32 Mounting command: mount Mounting arguments: -t nfs 10.0.0.3:/data /var/lib/kubelet/pods/x/volumes/kubernetes.io~nfs/nfs Output: mount.nfs: access denied by server while mounting 10.0.0.3:/data`), `cannot mount: volume "nfs": mount.nfs: access denied by server while mounting 10.0.0.3:/data`, long},
		{mount("FailedMount", `MountVolume.MountDevice failed for volume "pvc-1" : kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: driver name ebs.csi.aws.com not found in the list of registered CSI drivers`), `cannot mount: volume "pvc-1": kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: driver name ebs.csi.aws.com not found in the list of registered CSI drivers`, long},
		{mount("FailedMount", `Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[data kube-api-access-zbbpw]: timed out waiting for the condition`), `cannot mount: Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[data kube-api-access-zbbpw]: timed out waiting for the condition`, long},
		{claim(`failed to provision volume with StorageClass "do-block-storage": rpc error: code = ResourceExhausted desc = volume limit (10) has been reached. Current number of volumes: 10. Please contact support.`), `claim data-twa-0 pending: failed to provision volume with StorageClass "do-block-storage": volume limit (10) has been reached. Current number of volumes: 10. Please contact support.`, minutes},
		{claim(`storageclass.storage.k8s.io "gp3" not found`), `claim data-twa-0 pending: storageclass.storage.k8s.io "gp3" not found`, minutes},

		// The scheduler.
		{scheduler(`0/6 nodes are available: 2 node(s) didn't match Pod's node affinity/selector, 4 Insufficient cpu. preemption: 0/6 nodes are available: 2 Preemption is not helpful for scheduling, 4 No preemption victims found for incoming pod.`), "unschedulable: 0/6 nodes are available: 2 node(s) didn't match Pod's node affinity/selector, 4 Insufficient cpu", minutes},
		{scheduler(`0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.`), "unschedulable: 0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }", minutes},
		{scheduler(`running PreBind plugin "VolumeBinding": binding volumes: timed out waiting for the condition`), `unschedulable: running PreBind plugin "VolumeBinding": binding volumes: timed out waiting for the condition`, minutes},
		{scheduler(`no nodes available to schedule pods`), "unschedulable: no nodes available to schedule pods", minutes},

		// Controllers.
		{create(`Error creating: pods "twa-5d8b-" is forbidden: exceeded quota: compute, requested: limits.memory=2Gi, used: limits.memory=31Gi, limited: limits.memory=32Gi`), "exceeded quota: compute, requested: limits.memory=2Gi, used: limits.memory=31Gi, limited: limits.memory=32Gi", minutes},
		{create(`Error creating: pods "twa-8665bd77fb-2dd4n" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "twa" must set securityContext.allowPrivilegeEscalation=false)`), `cannot create pods: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "twa" must set securityContext.allowPrivilegeEscalation=false)`, minutes},
		{create(`create Pod lrc-0 in StatefulSet lrc failed error: pods "lrc-0" is forbidden: error looking up service account tpe/lrc: serviceaccount "lrc" not found`), `cannot create pods: error looking up service account tpe/lrc: serviceaccount "lrc" not found`, minutes},
		{create(`Error creating: admission webhook "validation.gatekeeper.sh" denied the request: [repos] container <twa> has an invalid image repo`), `cannot create pods: admission webhook "validation.gatekeeper.sh" denied the request: [repos] container <twa> has an invalid image repo`, minutes},
		{create(`Error creating: Internal error occurred: failed calling webhook "inject.istio.io": failed to call webhook: Post "https://istiod.istio-system.svc:443/inject?timeout=10s": context deadline exceeded`), `cannot create pods: failed calling webhook "inject.istio.io": context deadline exceeded`, minutes},

		// Probes.
		{probe(`Readiness probe failed: HTTP probe failed with statuscode: 503`), "readiness probe: HTTP 503", 0},
		{probe(`Readiness probe failed: Get "http://10.244.0.6:8000/status": dial tcp 10.244.0.6:8000: connect: connection refused`), "readiness probe: connection refused", 0},
		{probe(`Readiness probe failed: Get http://10.86.55.2:80/_status/check: net/http: request canceled (Client.Timeout exceeded while awaiting headers)`), "readiness probe: net/http: request canceled (Client.Timeout exceeded while awaiting headers)", 0},
		{probe(`Readiness probe failed: Get "https://10.86.55.2:8443/ready": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`), "readiness probe: context deadline exceeded (Client.Timeout exceeded while awaiting headers)", 0},
		{probe("Readiness probe failed: <html>\n<head><title>404 Not Found</title></head>\n<body bgcolor=\"white\">\n</body>\n</html>\n"), `readiness probe: <html> <head><title>404 Not Found</title></head> <body bgcolor="white"> </body> </html>`, 0},
		{probe(`Readiness probe failed: cat: can't open '/tmp/healthy': No such file or directory`), "readiness probe: cat: can't open '/tmp/healthy': No such file or directory", 0},
		{probe(`Readiness probe failed: `), "readiness probe: has not passed yet", 0},
		{probe(`Readiness probe failed: service unhealthy (responded with "NOT_SERVING")`), `readiness probe: service unhealthy (responded with "NOT_SERVING")`, 0},
		{probe(`Readiness probe failed: timeout: failed to connect service "10.244.0.6:50051" within 1s: context deadline exceeded`), `readiness probe: timeout: failed to connect service "10.244.0.6:50051" within 1s: context deadline exceeded`, 0},
		{probe(`Readiness probe errored and resulted in unknown state: rpc error: code = Unknown desc = failed to exec in container: failed to start exec "38ad186446d42e811b2671c3cc00689c805345a61c780a20b46c485b72b8270a": OCI runtime exec failed: exec failed: unable to start container process: exec: "mongo": executable file not found in $PATH: unknown`), `readiness probe: exec: "mongo": executable file not found in $PATH`, 0},

		// Crash loops.
		{Cause{Code: CrashLoop, Container: "twa", Reason: "CrashLoopBackOff", Message: `back-off 5m0s restarting failed container=twa pod=twa-0_tpe(f03e42ed-3150-4c34-96f6-485c1ebbe7b2)`}, "twa in a crash loop, back-off 5m0s restarting failed", long},
		{Cause{Code: Evicted, Reason: "Evicted", Message: `The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container twa was using 3Gi, request is 1Gi, has larger consumption of memory.`}, "evicted: The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container twa was using 3Gi, request is 1Gi, has larger consumption of memory.", 0},
		{Cause{Code: Evicted, Reason: "OutOfcpu", Message: `Pod was rejected: Node didn't have enough resource: cpu, requested: 2000, used: 3000, capacity: 4000`}, "refused by its node: OutOfcpu: Pod was rejected: Node didn't have enough resource: cpu, requested: 2000, used: 3000, capacity: 4000", 0},
	}
	if len(tests) < 60 {
		t.Fatalf("%d messages", len(tests))
	}
	for _, tt := range tests {
		got := tt.cause.judged(now)
		if got.Summary() != tt.want || got.Grace != tt.grace {
			t.Errorf("%q\n got %q for %v\nwant %q for %v", tt.cause.Message, got.Summary(), got.Grace, tt.want, tt.grace)
		}
	}
}
