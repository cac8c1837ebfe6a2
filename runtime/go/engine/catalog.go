package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
	"github.com/truongtu268/magic-flow/runtime/go/core"
	"github.com/truongtu268/magic-flow/runtime/go/store"
	"github.com/truongtu268/magic-flow/runtime/go/types"
	"github.com/truongtu268/magic-flow/runtime/go/versions"
)

// Deployed is a plan, ready to run, with its JSON.
type Deployed struct {
	Plan     *core.Plan
	JSON     []byte         // compact
	Document map[string]any // the same, decoded; nobody changes it

	eventTriggers []eventTrigger
	schedules     []scheduleTrigger
	concurrency   *concurrency
	unique        bool // at most one active run of a foreign id
	retention     retentionPeriods
	version       versions.Version
}

func (d *Deployed) row(now int64) *store.PlanRow {
	return &store.PlanRow{
		Hash: d.Plan.Hash, Workflow: d.Plan.Name, Version: d.Plan.Version, Plan: string(d.JSON), CreatedAt: now,
	}
}

// deployedSource is what a server reads of a plan, beside the core.
type deployedSource struct {
	Triggers    []triggerSource  `json:"triggers"`
	Concurrency *concurrency     `json:"concurrency"`
	Unique      string           `json:"unique"`
	Retention   retentionPeriods `json:"retention"`
}

// retentionPeriods are in milliseconds; nil keeps runs for ever.
type retentionPeriods struct {
	Completed *int64 `json:"completed"`
	Failed    *int64 `json:"failed"`
}

func loadDeployed(planJSON []byte) (*Deployed, error) {
	plan, err := core.LoadPlan(planJSON, core.LimitOverrides{})
	if err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, planJSON); err != nil {
		return nil, fmt.Errorf("the plan is no JSON: %w", err)
	}
	value, err := types.DecodeAny(compact.Bytes())
	if err != nil {
		return nil, fmt.Errorf("the plan is no JSON: %w", err)
	}
	document, _ := value.(map[string]any)
	var source deployedSource
	if err := json.Unmarshal(planJSON, &source); err != nil {
		return nil, fmt.Errorf("the plan is not of its schema: %w", err)
	}
	made := &Deployed{
		Plan: plan, JSON: compact.Bytes(), Document: document,
		concurrency: source.Concurrency, unique: source.Unique == "running", retention: source.Retention,
	}
	if made.version, err = versions.Parse(plan.Version); err != nil {
		return nil, err
	}
	if err := made.concurrency.compile(); err != nil {
		return nil, err
	}
	if made.eventTriggers, made.schedules, err = loadTriggers(plan.Name, source.Triggers); err != nil {
		return nil, err
	}
	return made, nil
}

// Catalog has the plans that a server runs: what is deployed now, and what old runs stand
// on.
type Catalog struct {
	store store.Store

	mutex   sync.RWMutex
	byHash  map[string]*Deployed
	byName  map[string]map[string]*Deployed // by version
	current map[string]*Deployed
}

func newCatalog(of store.Store) *Catalog {
	return &Catalog{
		store: of, byHash: map[string]*Deployed{}, byName: map[string]map[string]*Deployed{}, current: map[string]*Deployed{},
	}
}

// deploy makes a plan startable; of one version the last deployment counts.
func (c *Catalog) deploy(planJSON []byte) (*Deployed, error) {
	made, err := loadDeployed(planJSON)
	if err != nil {
		return nil, err
	}
	c.add(made)
	return made, nil
}

func (c *Catalog) add(made *Deployed) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	name := made.Plan.Name
	c.byHash[made.Plan.Hash] = made
	if c.byName[name] == nil {
		c.byName[name] = map[string]*Deployed{}
	}
	c.byName[name][made.Plan.Version] = made
	c.current[name] = newest(c.byName[name])
}

func newest(of map[string]*Deployed) *Deployed {
	var found *Deployed
	for _, each := range of {
		if found == nil || each.version.Compare(found.version) > 0 {
			found = each
		}
	}
	return found
}

// Current is the newest version of a workflow; a *NotFound suggests a near name.
func (c *Catalog) Current(name string) (*Deployed, error) {
	c.mutex.RLock()
	defer c.mutex.RUnlock()
	if found := c.current[name]; found != nil {
		return found, nil
	}
	help := ""
	if near := c.near(name); near != "" {
		help = fmt.Sprintf("; did you mean `%s`?", near)
	}
	return nil, &NotFound{fmt.Sprintf("there is no workflow `%s`%s", name, help)}
}

// near is the known name with the least edits, if they are few.
func (c *Catalog) near(name string) string {
	best, found := max(len(name)*2/5, 1)+1, ""
	for _, each := range canonical.SortedNames(c.current) {
		if distance := edits(name, each, best); distance < best {
			best, found = distance, each
		}
	}
	return found
}

// edits is how many letters to insert, remove or replace; at least limit when more.
func edits(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit || len(a) > 255 {
		return limit
	}
	row := make([]int, len(b)+1)
	for column := range row {
		row[column] = column
	}
	for line := range len(a) {
		diagonal := row[0]
		row[0] = line + 1
		for column := range len(b) {
			cost := diagonal
			if a[line] != b[column] {
				cost++
			}
			diagonal = row[column+1]
			row[column+1] = min(cost, row[column]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// resolve is the newest version in a range.
func (c *Catalog) resolve(name, of string) (*Deployed, error) {
	if of == "" || of == "*" {
		return c.Current(name)
	}
	c.mutex.RLock()
	defer c.mutex.RUnlock()
	fitting := map[string]*Deployed{}
	for version, each := range c.byName[name] {
		fits, err := versions.Satisfies(version, of)
		if err != nil {
			return nil, &NotFound{err.Error()}
		}
		if fits {
			fitting[version] = each
		}
	}
	if found := newest(fitting); found != nil {
		return found, nil
	}
	return nil, &NotFound{fmt.Sprintf("there is no workflow `%s` of a version `%s`", name, of)}
}

// ofHash is the plan that a run started on.
func (c *Catalog) ofHash(hash string) (*Deployed, error) {
	c.mutex.RLock()
	found := c.byHash[hash]
	c.mutex.RUnlock()
	if found != nil {
		return found, nil
	}
	row, err := c.store.Plan(hash)
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, &NotFound{"there is no plan " + hash}
	}
	if found, err = loadDeployed([]byte(row.Plan)); err != nil {
		return nil, &NotFound{fmt.Sprintf("the plan %s cannot be read: %v", hash, err)}
	}
	found.eventTriggers, found.schedules = nil, nil
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if known := c.byHash[hash]; known != nil {
		return known, nil
	}
	c.byHash[hash] = found
	return found, nil
}

// known is every plan that was deployed or that an old run stands on.
func (c *Catalog) known() []*Deployed {
	c.mutex.RLock()
	defer c.mutex.RUnlock()
	found := make([]*Deployed, 0, len(c.byHash))
	for _, each := range c.byHash {
		found = append(found, each)
	}
	slices.SortFunc(found, func(a, b *Deployed) int { return strings.Compare(a.Plan.Hash, b.Plan.Hash) })
	return found
}

// All is the newest version of each workflow, by name.
func (c *Catalog) All() []*Deployed {
	c.mutex.RLock()
	defer c.mutex.RUnlock()
	found := make([]*Deployed, 0, len(c.current))
	for _, name := range canonical.SortedNames(c.current) {
		found = append(found, c.current[name])
	}
	return found
}
