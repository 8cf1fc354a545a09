// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"path"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

func has(kind, name string, ready, want int32) readiness.Workload {
	state := readiness.Ready
	if ready < want {
		state = readiness.Progressing
	}
	return readiness.Workload{Kind: kind, Name: name, Ready: ready, Want: want, State: state}
}

func zero(kind, name string) readiness.Workload {
	return readiness.Workload{Kind: kind, Name: name, State: readiness.ScaledToZero}
}

func TestServicesFileIsWhole(t *testing.T) {
	all := services()
	if len(all) == 0 {
		t.Fatal("no services")
	}
	for _, s := range all {
		if s.Service == "" || s.Down == "" || len(s.Workloads) == 0 {
			t.Errorf("incomplete: %+v", s)
		}
		for _, pattern := range s.Workloads {
			if _, err := path.Match(pattern, ""); err != nil {
				t.Errorf("%q: %v", pattern, err)
			}
		}
	}
}

func TestImpact(t *testing.T) {
	tests := []struct {
		name string
		in   []readiness.Workload
		want []string
	}{
		{"all serve", []readiness.Workload{has("StatefulSet", "lrc", 2, 2), has("Deployment", "twa", 2, 2)}, nil},
		{"some serve", []readiness.Workload{has("StatefulSet", "lrc", 1, 2)},
			[]string{"data path degraded: 1 of 2 lrc ready: uplinks and downlinks may be late"}},
		{"one link of a chain is gone", []readiness.Workload{has("StatefulSet", "lrc", 2, 2), has("Deployment", "lrc-proxy", 1, 2), has("StatefulSet", "mariadb-galera", 0, 3)},
			[]string{"data path down: no mariadb-galera, 1 of 2 lrc-proxy ready: base stations queue uplinks, which arrive late; downlinks wait"}},
		{"of two services", []readiness.Workload{has("Deployment", "smp-tpe", 0, 2)}, []string{
			"GUI down: no smp-tpe ready: users cannot log in; open sessions were closed",
			"APIs down: no smp-tpe ready: API calls fail, downlinks of the DX API included"}},
		{"one tool of several", []readiness.Workload{has("Deployment", "wlogger", 0, 2), has("Deployment", "nssa-network-survey", 1, 1)},
			[]string{"tools degraded: no wlogger ready: some of logs, surveys, geolocation and remote support are not available"}},
		{"the only tool", []readiness.Workload{has("Deployment", "wlogger", 0, 2)},
			[]string{"tools down: no wlogger ready: some of logs, surveys, geolocation and remote support are not available"}},
		{"an operator's resource and its pods are one", []readiness.Workload{has("PerconaServerMongoDB", "mongo-replicaset", 2, 3), has("StatefulSet", "mongo-replicaset-rs0", 1, 2)},
			[]string{"data path degraded: 1 of 2 mongo-replicaset-rs0 ready: uplinks and downlinks may be late"}},
		{"an operator that is behind its pods", []readiness.Workload{has("PerconaServerMongoDB", "mongo-replicaset", 2, 3), has("StatefulSet", "mongo-replicaset-rs0", 2, 2)}, nil},
		{"an operator's resource whose pods are hidden", []readiness.Workload{has("Kafka", "kafka-cluster", 1, 2), has("Deployment", "kafka-cluster-entity-operator", 1, 1)},
			[]string{"data path degraded: 1 of 2 kafka-cluster ready: uplinks and downlinks may be late"}},
		{"the arbiter serves nobody", []readiness.Workload{has("StatefulSet", "mongo-replicaset-rs0-arbiter", 0, 1)}, nil},
		{"scaled to zero", []readiness.Workload{zero("StatefulSet", "lrc"), has("Deployment", "lrc-proxy", 2, 2)},
			[]string{"data path down: no lrc ready: base stations queue uplinks, which arrive late; downlinks wait"}},
		{"one of several is scaled to zero", []readiness.Workload{zero("Deployment", "twa-alarm-notif"), has("Deployment", "task-notif-ws", 1, 1)},
			[]string{"notifications degraded: no twa-alarm-notif ready: alarms and notifications are late"}},
		{"what wants no pod does not serve", []readiness.Workload{has("Deployment", "wlogger", 0, 2), has("Deployment", "support", 0, 0)},
			[]string{"tools down: no wlogger ready: some of logs, surveys, geolocation and remote support are not available"}},
		{"at zero by design", []readiness.Workload{zero("Deployment", "twa-dev-task-fc")}, nil},
		{"a workload that nobody knows", []readiness.Workload{has("Deployment", "pum", 0, 1), has("Deployment", "customer-thing", 0, 3)}, nil},
		{"not proven to lack pods", []readiness.Workload{{Kind: "Kafka", Name: "kafka-cluster", Want: 2, State: readiness.Unknown}}, nil},
		{"rolling, and all serve", []readiness.Workload{{Kind: "StatefulSet", Name: "lrc", Want: 2, Ready: 2, State: readiness.Progressing}}, nil},
		{"many", []readiness.Workload{has("StatefulSet", "lrc", 1, 2), has("Deployment", "lrc-proxy", 1, 2), has("Deployment", "sql-proxy", 1, 2), has("StatefulSet", "zookeeper", 2, 3), has("StatefulSet", "mariadb-galera", 2, 3)},
			[]string{"data path degraded: 1 of 2 lrc, 1 of 2 lrc-proxy, 1 of 2 sql-proxy, and 2 more not fully ready: uplinks and downlinks may be late"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := Judge(Snapshot{Assessment: &readiness.Assessment{Workloads: tt.in}})
			var got []string
			for _, i := range v.Impact {
				got = append(got, i.Service+" "+string(i.State)+": "+i.Summary)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if v.Impact == nil {
				t.Error("nil: as if it were not known")
			}
		})
	}
}

// Where not all workloads could be read, no impact known is not none.
func TestImpactOfTheUnread(t *testing.T) {
	p := withGap(&readiness.Assessment{Workloads: []readiness.Workload{has("Deployment", "twa", 2, 2)}}, "StatefulSet", readiness.Forbidden)
	if got := Judge(Snapshot{Assessment: p}).Impact; got != nil {
		t.Errorf("impact = %v, want nil", got)
	}
	p.Workloads[0] = has("Deployment", "twa", 0, 2)
	if got := len(Judge(Snapshot{Assessment: p}).Impact); got != 2 {
		t.Errorf("%d impacts, want what is known: of GUI and APIs", got)
	}
}

// A service is said to serve only if all of its workloads are known.
func TestServices(t *testing.T) {
	gui := readiness.Workload{Kind: "Deployment", Name: "tp-gui", Want: 1, Ready: 1, State: readiness.Ready}
	down, unsure := gui, gui
	down.Ready, down.State = 0, readiness.Progressing
	unsure.State = readiness.Unknown
	hidden := []readiness.Gap{{Kind: "StatefulSet", Reason: readiness.ReadFailed}}
	tests := []struct {
		name     string
		workload readiness.Workload
		gaps     []readiness.Gap
		want     ImpactState
	}{
		{"ready", gui, nil, Serving},
		{"not ready", down, nil, Down},
		{"unknown", unsure, nil, Unwatched},
		{"others are hidden", gui, hidden, Unwatched},
		{"down whatever is hidden", down, hidden, Down},
		{"what is of no service is hidden", gui, []readiness.Gap{{Kind: "CronJob", Reason: readiness.Forbidden}}, Serving},
	}
	for _, tt := range tests {
		found := Services(&readiness.Assessment{Workloads: []readiness.Workload{tt.workload}, Gaps: tt.gaps})
		i := slices.IndexFunc(found, func(s Service) bool { return s.Name == "GUI" })
		if i < 0 || found[i].State != tt.want {
			t.Errorf("%s: %v, want the GUI %s", tt.name, found, tt.want)
		}
		if tt.gaps == nil && len(found) != 1 {
			t.Errorf("%s: services without workloads: %v", tt.name, found)
		}
	}
}
