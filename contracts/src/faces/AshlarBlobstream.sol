// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {BinaryMerkleProof, DataRootTuple, IDAOracle} from "./IDAOracle.sol";
import {AshlarBlobs} from "../AshlarBlobs.sol";
import {AshlarHistory} from "../AshlarHistory.sol";
import {IAshlarLightClient} from "../IAshlarLightClient.sol";

/// @title Data roots in the shape of Blobstream
/// @notice The history is a binary Merkle tree of that shape (AshlarHistory), with a leaf for each height since the first,
/// so its proofs fit the fields, which mean:
///
///   nonce             the history root as a number; it names itself, and nothing has to be posted here
///   tuple             the height and its data root
///   proof.key         the leaf's index: the height less one
///   proof.numLeaves   the newest height of the history
///   proof.sideNodes   first the block's blob tree root, which is hashed with height and data root into the leaf; then the
///                     nodes from the leaf up
///
/// Hashes are Keccak-256 and leaves as da/SPEC.md §12 has them. What lies under a data root is Ashlar's DA header (§9),
/// not Celestia's square: code that goes on to prove shares has to prove blob ids instead, by AshlarBlobs.
contract AshlarBlobstream is AshlarBlobs, IDAOracle {
    /// The key is not the height less one.
    error WrongKey(uint256 key, uint256 height);
    /// The history does not end there.
    error WrongLeaves(uint256 numLeaves, uint64 newest);
    /// There is not even a blob tree root.
    error NoSideNodes();

    constructor(IAshlarLightClient client, uint64 window) AshlarBlobs(client, window) {}

    /// Whether the data root is attested. False also if the light client has expired; requireAttestation says why.
    function verifyAttestation(uint256, DataRootTuple calldata, BinaryMerkleProof calldata) external view returns (bool attested) {
        (attested,) = address(this).staticcall(bytes.concat(this.requireAttestation.selector, msg.data[4:]));
    }

    /// The same question, with a named error for no.
    function requireAttestation(uint256 nonce, DataRootTuple calldata tuple, BinaryMerkleProof calldata proof) external view {
        (uint64 newest,) = _attested(bytes32(nonce));
        if (proof.numLeaves != newest) revert WrongLeaves(proof.numLeaves, newest);
        if (tuple.height == 0 || tuple.height > newest) revert AshlarHistory.HeightNotInHistory(tuple.height, newest);
        if (proof.key != tuple.height - 1) revert WrongKey(proof.key, tuple.height);
        if (proof.sideNodes.length == 0) revert NoSideNodes();
        _requireHeight(bytes32(nonce), newest, uint64(tuple.height), tuple.dataRoot, proof.sideNodes[0], proof.sideNodes[1:]);
    }
}
