package server

import (
	"net/http"
	"strings"
)

// handler answers a request, or gives back why it cannot.
type handler func(s *Server, r *request) error

// route is one address: before and behind its variable part, if it has one. deep says
// that the part may hold slashes.
type route struct {
	method, before, behind string
	variable, deep         bool
	handle                 handler
}

// newRoute reads a pattern: `{}` is one variable part of the path, `{*}` one that may
// hold slashes.
func newRoute(method, pattern string, handle handler) route {
	for _, part := range []string{"{}", "{*}"} {
		if before, behind, found := strings.Cut(pattern, part); found {
			return route{method, before, behind, true, part == "{*}", handle}
		}
	}
	return route{method: method, before: pattern, handle: handle}
}

// takes says whether the route answers a method. Who asks for the head alone gets it, but
// of a stream that has no end.
func (t *route) takes(method string) bool {
	if method == http.MethodHead {
		return t.method == http.MethodGet && !strings.HasSuffix(t.behind, "/stream")
	}
	return method == t.method
}

// match says whether a path is the route's, and what its variable part is.
func (t *route) match(path string) (parameter string, fits bool) {
	if !t.variable {
		return "", path == t.before
	}
	if len(path) <= len(t.before)+len(t.behind) || !strings.HasPrefix(path, t.before) || !strings.HasSuffix(path, t.behind) {
		return "", false
	}
	parameter = path[len(t.before) : len(path)-len(t.behind)]
	return parameter, t.deep || strings.IndexByte(parameter, '/') < 0
}

// routes are all addresses of the server, in the order in which they are tried.
var routes = []route{
	newRoute("POST", "/api/v2/workflows/{}/execute", execute),
	newRoute("POST", "/api/v2/tasks/poll", pollTasks),
	newRoute("POST", "/api/v2/tasks/report", reportTasks),
	newRoute("GET", "/api/v2/executions", listExecutions),
	newRoute("GET", "/api/v2/executions/{}", showExecution),
	newRoute("GET", "/api/v2/executions/{}/results", showResults),
	newRoute("GET", "/api/v2/executions/{}/steps", showSteps),
	newRoute("GET", "/api/v2/executions/{}/events", showEvents),
	newRoute("GET", "/api/v2/executions/{}/stream", stream),
	newRoute("POST", "/api/v2/executions/{}/cancel", cancel),
	newRoute("POST", "/api/v2/executions/{}/pause", pause),
	newRoute("POST", "/api/v2/executions/{}/resume", resume),
	newRoute("POST", "/api/v2/executions/{}/retry", retry),
	newRoute("POST", "/api/v2/executions/{}/events", sendEvent),
	newRoute("DELETE", "/api/v2/executions/{}", erase),
	newRoute("POST", "/api/v2/events", publish),
	newRoute("GET", "/api/v2/workflows", listWorkflows),
	newRoute("GET", "/api/v2/workflows/{}", showWorkflow),
	newRoute("POST", "/api/v2/workflow-events", startByEvent),
	newRoute("GET", "/api/v2/human-tasks", listHumanTasks),
	newRoute("POST", "/api/v2/human-tasks/{*}/claim", claimHumanTask),
	newRoute("POST", "/api/v2/human-tasks/{*}/complete", completeHumanTask),
	newRoute("POST", "/api/v2/tasks/{*}/complete", completeTask),
	newRoute("POST", "/api/v2/tasks/{*}/fail", failTask),
	newRoute("POST", "/api/v2/tasks/{*}/heartbeat", beatTask),
	newRoute("GET", "/health", showHealth),
	newRoute("GET", "/health/workflow", showWorkflowHealth),
	newRoute("GET", "/ready", showReady),
	newRoute("GET", "/metrics", showMetrics),
	newRoute("GET", "/openapi.json", showOpenAPI),
	newRoute("POST", "/api/v1/workflows/{}/execute", executeFirst),
	newRoute("GET", "/api/v1/executions/{}", showExecutionFirst),
	newRoute("GET", "/api/v1/executions/{}/results", showResults),
	newRoute("GET", "/api/v1/executions/{}/stream", stream),
	newRoute("GET", "/api/v1/workflows/{}/metrics", showMetricsFirst),
}
