package attest

import (
	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"

	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// AutoCLIOptions describes the module's commands to client/v2.
func (AppModule) AutoCLIOptions() *autocliv1.ModuleOptions {
	return &autocliv1.ModuleOptions{Query: queryCommands(), Tx: txCommands()}
}

// by returns the description of a command whose arguments are the fields named.
func by(method, use, short string, fields ...string) *autocliv1.RpcCommandOptions {
	options := &autocliv1.RpcCommandOptions{RpcMethod: method, Use: use, Short: short}
	for _, field := range fields {
		options.PositionalArgs = append(options.PositionalArgs, &autocliv1.PositionalArgDescriptor{ProtoField: field})
	}
	return options
}

func queryCommands() *autocliv1.ServiceCommandDescriptor {
	return &autocliv1.ServiceCommandDescriptor{
		Service: attestpb.Query_serviceDesc.ServiceName,
		RpcCommandOptions: []*autocliv1.RpcCommandOptions{
			by("Params", "params", "Query the attest module's parameters"),
			by("Key", "key [operator]", "Query the attestation key of a validator, by its operator's account", "operator"),
			by("Keys", "keys", "Query all attestation keys"),
			by("AttesterSet", "set [epoch]", "Query the attester set of an epoch", "epoch"),
			by("Epoch", "epoch", "Query the epoch at hand"),
			by("Record", "record [height]", "Query what attestations of a height say of it", "height"),
			by("History", "history", "Query the root of the history of data"),
			by("Misses", "misses [operator]", "Query how many certificates lack a validator's signature", "operator"),
			by("Fault", "fault [operator]", "Query what a validator was expelled for", "operator"),
			by("Faults", "faults", "Query what validators were expelled for"),
		},
	}
}

func txCommands() *autocliv1.ServiceCommandDescriptor {
	params := by("UpdateParams", "update-params-proposal [params]", "Propose new parameters, all of them, to governance", "params")
	params.GovProposal = true
	return &autocliv1.ServiceCommandDescriptor{
		Service: attestpb.Msg_serviceDesc.ServiceName,
		RpcCommandOptions: []*autocliv1.RpcCommandOptions{
			by("RegisterAttestationKey", "register-key [key] [proof]",
				"Register the key that the operator's validator attests with, or replace it, both in hex", "key", "proof"),
			by("SubmitAttestationEvidence", "submit-evidence [evidence]",
				"Have validators slashed for an attestation or a rotation, in JSON, of what is not the chain's", "evidence"),
			params,
		},
	}
}
