// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Groth16Verifier} from "./Groth16Verifier.sol";

/// @title The part of a rollup that takes batches from blobs
/// @notice As small as it gets: what is proven is the validium's batch circuit, with deposits and asked-for exits left out.
contract Rollup {
    uint256 private constant R = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;

    Groth16Verifier public immutable VERIFIER;
    uint256 public root;

    error NoBlob();
    error WrongBlob(bytes32 versionedHash);

    constructor(Groth16Verifier verifier, uint256 genesis) {
        VERIFIER = verifier;
        root = genesis;
    }

    /// @param claim new root, digest of the batch's data, y
    /// @param opening commitment and proof, 48 bytes each
    function update(uint256[3] calldata claim, bytes calldata opening, bytes calldata proof) external {
        bytes32 versionedHash = blobhash(0);
        if (versionedHash == 0) revert NoBlob();
        uint256 z = uint256(keccak256(abi.encode(versionedHash, claim[1]))) % R;
        (bool ok,) = address(0x0a).staticcall(abi.encodePacked(versionedHash, z, claim[2], opening));
        if (!ok) revert WrongBlob(versionedHash);
        uint256[] memory inputs = new uint256[](10);
        (inputs[0], inputs[1], inputs[5]) = (root, claim[0], uint160(address(this)));
        (inputs[6], inputs[7], inputs[8]) = (claim[1], z, claim[2]);
        VERIFIER.verify(inputs, proof);
        root = claim[0];
    }
}
