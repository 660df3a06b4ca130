// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

struct DataRootTuple {
    uint256 height;
    bytes32 dataRoot;
}

struct BinaryMerkleProof {
    bytes32[] sideNodes;
    uint256 key;
    uint256 numLeaves;
}

/// Where contracts written for Blobstream ask whether a height of the chain has a data root.
interface IDAOracle {
    function verifyAttestation(uint256 nonce, DataRootTuple memory tuple, BinaryMerkleProof memory proof) external view returns (bool);
}
