module github.com/kubectl-tpe/kubectl-tpe/test/helm

go 1.26.0

replace github.com/kubectl-tpe/kubectl-tpe => ../..

require (
	github.com/kubectl-tpe/kubectl-tpe v0.0.0
	helm.sh/helm/v4 v4.3.1
)
