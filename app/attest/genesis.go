package attest

import (
	"bytes"
	"context"
	"fmt"

	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// DefaultGenesis returns the default parameters and no keys.
func DefaultGenesis() *attestpb.GenesisState {
	return &attestpb.GenesisState{Params: DefaultParams()}
}

// ValidateGenesis reports the first thing that is wrong with a genesis state.
func ValidateGenesis(state *attestpb.GenesisState) error {
	if err := ValidateParams(state.Params); err != nil {
		return err
	}
	owners, operators := make(map[string]bool), make(map[string]bool)
	for i, registered := range state.Keys {
		if _, err := CheckKey(registered); err != nil {
			return fmt.Errorf("key %d: %w", i, err)
		}
		if owners[string(registered.Key)] || operators[registered.Operator] {
			return ErrKeyTaken.Wrapf("key %d has the key or the operator of another", i)
		}
		owners[string(registered.Key)], operators[registered.Operator] = true, true
	}
	for i, retired := range state.Retired {
		if _, err := da.ParseAddress(retired.Operator); err != nil {
			return ErrInvalidOperator.Wrapf("retired key %d: %v", i, err)
		}
		if len(retired.Key) != da.AttestationKeySize || owners[string(retired.Key)] {
			return ErrKeyTaken.Wrapf("retired key %d is in use or no key", i)
		}
		owners[string(retired.Key)] = true
	}
	return validateFaults(state.Faults)
}

func validateFaults(faults []attestpb.Fault) error {
	expelled := make(map[string]bool)
	for i, fault := range faults {
		if _, err := da.ParseAddress(fault.Operator); err != nil {
			return ErrInvalidOperator.Wrapf("fault %d: %v", i, err)
		}
		if expelled[fault.Operator] {
			return ErrPunished.Wrapf("fault %d: %s is expelled twice", i, fault.Operator)
		}
		expelled[fault.Operator] = true
	}
	return nil
}

// InitGenesis validates and stores a genesis state.
func (k *Keeper) InitGenesis(ctx context.Context, state *attestpb.GenesisState) error {
	if err := ValidateGenesis(state); err != nil {
		return err
	}
	if err := k.SetParams(ctx, state.Params); err != nil {
		return err
	}
	for _, registered := range state.Keys {
		operator, err := da.ParseAddress(registered.Operator)
		if err != nil {
			return err
		}
		if err := k.setKey(ctx, operator, registered); err != nil {
			return err
		}
	}
	for _, retired := range state.Retired {
		operator, err := da.ParseAddress(retired.Operator)
		if err != nil {
			return err
		}
		if err := k.claim(ctx, operator, retired.Key); err != nil {
			return err
		}
	}
	for _, fault := range state.Faults {
		operator, err := da.ParseAddress(fault.Operator)
		if err != nil {
			return err
		}
		if err := k.faults.Set(ctx, operator[:], fault); err != nil {
			return err
		}
	}
	return nil
}

// ExportGenesis returns the state a new chain would start from: who was expelled stays so on it. Sets, records, the history and misses stay
// behind: they speak of another chain's blocks.
func (k *Keeper) ExportGenesis(ctx context.Context) (*attestpb.GenesisState, error) {
	params, err := k.params.Get(ctx)
	if err != nil {
		return nil, fmt.Errorf("read parameters: %w", err)
	}
	state := &attestpb.GenesisState{Params: params}
	if state.Keys, err = k.registered(ctx); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	err = k.owners.Walk(ctx, nil, func(key, operator []byte) (bool, error) {
		current, err := optional(k.keys.Get(ctx, operator))
		if err == nil && !bytes.Equal(current.Key, key) {
			state.Retired = append(state.Retired, attestpb.RetiredKey{Operator: da.FormatAddress([da.AddressSize]byte(operator)), Key: key})
		}
		return false, err
	})
	if err != nil {
		return nil, fmt.Errorf("read retired keys: %w", err)
	}
	err = k.faults.Walk(ctx, nil, func(_ []byte, fault attestpb.Fault) (bool, error) {
		state.Faults = append(state.Faults, fault)
		return false, nil
	})
	if err != nil {
		return nil, fmt.Errorf("read faults: %w", err)
	}
	return state, nil
}
