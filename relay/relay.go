package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/ethclient"

	"github.com/ashlar-da/ashlar/da"
)

const (
	// requestTimeout bounds one look or one transaction sent.
	requestTimeout = 30 * time.Second
	// maxBackoff bounds the time between looks while a node does not answer.
	maxBackoff = time.Minute
)

// Relay looks at both chains, decides and acts. Run is its one goroutine; Status may be called beside it.
type Relay struct {
	cfg      Config
	l1       *l1
	broker   *broker
	journal  *journal
	account  common.Address
	identity identity
	log      *slog.Logger

	// what is remembered from look to look
	offered     map[uint64]uint64 // by nonce, the head at which it was last sent
	underpriced map[uint64]bool   // by nonce
	strange     time.Time
	checks      map[Task]Check // at checkedAt
	checkedAt   common.Hash
	told        map[Subject]string
	covered     map[uint64]Cover // by height asked for
	lastPost    posted           // the newest in the contract's events
	lastPosted  time.Time        // its block's

	mu     sync.Mutex
	status Status // guarded by mu
}

// New connects to both chains and checks that contract, node and journal belong together. It fails with
// ErrWrongL1, ErrNoContract, ErrNotLightClient, ErrOtherChain, ErrJournal or ErrJournalInUse.
func New(ctx context.Context, cfg Config) (*Relay, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	r := &Relay{
		cfg: cfg, log: cfg.Log, offered: make(map[uint64]uint64), underpriced: make(map[uint64]bool),
		told: make(map[Subject]string), covered: make(map[uint64]Cover),
	}
	r.cfg.Once = cfg.Once || cfg.DryRun
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if cfg.Key != nil {
		r.account = AddressOf(cfg.Key)
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	if err := r.connect(ctx); err != nil {
		return nil, err
	}
	if err := r.openJournal(); err != nil {
		r.l1.Close()
		return nil, err
	}
	return r, nil
}

// connect reaches both chains, and checks that they are the right ones.
func (r *Relay) connect(ctx context.Context) error {
	var nodes []*node
	for _, address := range r.cfg.Nodes {
		n, err := newNode(address, r.cfg.Token)
		if err != nil {
			return err
		}
		nodes = append(nodes, n)
	}
	client, err := newLightClient()
	if err != nil {
		return err
	}
	rpc, err := ethclient.DialContext(ctx, r.cfg.RPC)
	if err != nil {
		return fmt.Errorf("--rpc %q: %w", r.cfg.RPC, err)
	}
	r.l1 = &l1{rpc, client, r.cfg.Contract}
	r.broker = newBroker(nodes, r.l1, "")
	if err := r.checkChains(ctx); err != nil {
		rpc.Close()
		return err
	}
	return nil
}

func (r *Relay) checkChains(ctx context.Context) error {
	id, err := r.l1.ChainID(ctx)
	if err != nil {
		return fmt.Errorf("ask the Ethereum node, is --rpc right and the node up? %w", err)
	}
	if r.cfg.ChainID != 0 && id.Uint64() != r.cfg.ChainID {
		return fmt.Errorf("%w: its id is %d, and --chain-id is %d", ErrWrongL1, id, r.cfg.ChainID)
	}
	r.identity = identity{ChainID: id.Uint64(), Contract: r.cfg.Contract, Account: r.account}
	chainID, err := ask(ctx, r.broker, func(ctx context.Context, n *node) (string, error) { return n.chainID(ctx) })
	if err != nil {
		return err
	}
	r.broker.chainID = chainID
	return r.l1.checkContract(ctx, chainID)
}

func (r *Relay) openJournal() error {
	if r.cfg.DryRun {
		r.journal = &journal{journalFile: journalFile{Version: journalVersion, Identity: r.identity}}
		return nil
	}
	j, err := openJournal(r.cfg.Journal, r.identity)
	r.journal = j
	return err
}

// Close lets go of the journal and the connections.
func (r *Relay) Close() error {
	r.l1.Close()
	if r.journal.lock == nil {
		return nil
	}
	return r.journal.close()
}

// Run relays until the context ends; or, if Config.Once is set, until nothing is left to do, and fails with
// ErrNothingToDo where waiting would not help.
func (r *Relay) Run(ctx context.Context) error {
	r.log.Info("relaying", "contract", r.cfg.Contract, "chain", r.broker.chainID, "l1", r.identity.ChainID, "account", r.account)
	failures := 0
	for {
		done, err := r.Step(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrNothingToDo):
			return err
		case done && r.cfg.Once:
			return nil
		case err != nil:
			r.failed(err, failures)
			failures++
		default:
			failures = 0
		}
		if err := sleep(ctx, r.pause(failures)); err != nil {
			return err
		}
	}
}

// pause is how long to wait before the next look.
func (r *Relay) pause(failures int) time.Duration {
	return min(r.cfg.Poll<<min(failures, 10), max(maxBackoff, r.cfg.Poll))
}

func (r *Relay) failed(err error, before int) {
	level := slog.LevelWarn
	if before > 0 {
		level = slog.LevelDebug
	}
	r.log.Log(context.Background(), level, "cannot look or act, trying again", "error", err, "in", r.pause(before+1))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Error = err.Error()
	r.status.Failures++
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Step looks and acts until there is nothing to do but wait. It tells whether nothing is left to do at all.
func (r *Relay) Step(ctx context.Context) (done bool, _ error) {
	ctx, cancel := context.WithTimeout(ctx, 4*requestTimeout)
	defer cancel()
	for ctx.Err() == nil {
		view, err := r.look(ctx)
		if err != nil {
			return false, err
		}
		decision := Decide(&r.cfg.Policy, view)
		for decision.Do == Try {
			if view.Checks[decision.Task], err = r.try(ctx, decision.Task); err != nil {
				return false, err
			}
			decision = Decide(&r.cfg.Policy, view)
		}
		r.report(view, &decision)
		if decision.Do == Wait {
			return r.rest(view, &decision)
		}
		if r.cfg.DryRun {
			r.log.Info("would send, were it not for --dry-run", "task", decision.Task.String(), "nonce", decision.Nonce, "fee_cap", inGwei(decision.Fees.Cap)+" gwei", "gas", decision.Gas)
			return true, nil
		}
		if err := r.act(ctx, view, &decision); err != nil {
			return false, err
		}
	}
	return false, ctx.Err()
}

// rest tells whether there is anything to wait for.
func (r *Relay) rest(view *View, decision *Decision) (bool, error) {
	if !r.cfg.Once {
		return false, nil
	}
	if view.Node.Rotation != nil && r.broker.stages == view.Node.Rotation.Epoch+1 && view.Checks[*view.Node.Rotation].Refusal != "" {
		return false, nil // which the next look does differently
	}
	for _, notice := range decision.Notices {
		if s := notice.Subject; s == Expired || s == Funds || s == Refused {
			return false, fmt.Errorf("%w: %s", ErrNothingToDo, notice.Text)
		}
	}
	missing := slices.ContainsFunc(r.cfg.Heights, func(h uint64) bool { return !r.covered[h].Settled })
	idle := len(view.Slots) == 0 && view.Node.Rotation == nil && len(view.Node.Asked) == 0 && !missing
	return idle && (view.Node.Newest == nil || len(decision.Notices) == 0), nil
}

// try has the contract try a task at the newest block.
func (r *Relay) try(ctx context.Context, task Task) (Check, error) {
	gas, err := r.estimate(ctx, task)
	if err == nil {
		return Check{Gas: gas + gas/5}, nil
	}
	if text, refused := r.l1.client.refusal(err); refused {
		if task.Kind == Rotate && strings.HasPrefix(text, "TooManyChanges") {
			r.broker.stages = task.Epoch + 1 // the next look offers to stage them
		}
		return Check{Refusal: text}, nil
	}
	if strings.Contains(err.Error(), "gas required exceeds") {
		return Check{Refusal: err.Error()}, nil
	}
	return Check{}, fmt.Errorf("have the Ethereum node try %s: %w", task, err)
}

// input is what has a task done, if that is known.
func (r *Relay) input(task Task) ([]byte, error) {
	if input := r.broker.inputs[task]; input != nil {
		return input, nil
	}
	for i := range r.journal.Slots {
		for _, a := range r.journal.Slots[i].Attempts {
			if a.Task == task {
				return inputOf(a.Raw)
			}
		}
	}
	return nil, fmt.Errorf("%w: %s", da.ErrNotFound, task)
}
