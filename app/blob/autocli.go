package blob

import (
	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"

	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

// AutoCLIOptions describes the module's commands to client/v2. MsgPayForBlobs has
// none: it comes with blobs, and `blob submit` makes both.
func (AppModule) AutoCLIOptions() *autocliv1.ModuleOptions {
	return &autocliv1.ModuleOptions{Query: queryCommands(), Tx: txCommands()}
}

func queryCommands() *autocliv1.ServiceCommandDescriptor {
	return &autocliv1.ServiceCommandDescriptor{
		Service: blobpb.Query_serviceDesc.ServiceName,
		RpcCommandOptions: []*autocliv1.RpcCommandOptions{
			{RpcMethod: "Params", Use: "params", Short: "Query the blob module's parameters"},
			{RpcMethod: "Fee", Use: "fee", Short: "Query the base fee per blob gas that the next block charges"},
			{RpcMethod: "Supply", Use: "supply", Short: "Query the supply at the first block and what was burned since"},
			{
				RpcMethod:      "BlockRoots",
				Use:            "roots [height]",
				Short:          "Query the roots, blob gas and base fee of one height's square",
				PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "height"}},
			},
		},
	}
}

func txCommands() *autocliv1.ServiceCommandDescriptor {
	return &autocliv1.ServiceCommandDescriptor{
		Service: blobpb.Msg_serviceDesc.ServiceName,
		RpcCommandOptions: []*autocliv1.RpcCommandOptions{
			{RpcMethod: "PayForBlobs", Skip: true},
			{
				RpcMethod:      "UpdateParams",
				Use:            "update-params-proposal [params]",
				Short:          "Propose new parameters, all of them, to governance",
				PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "params"}},
				GovProposal:    true,
			},
		},
	}
}
