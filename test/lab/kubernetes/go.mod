// The requirements are in 1.28.mod to 1.36.mod, one for each minor
// version of Kubernetes: go build -modfile=1.33.mod
module github.com/kubectl-tpe/kubectl-tpe/test/lab/kubernetes

go 1.26.0
