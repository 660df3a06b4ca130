// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AshlarFace, AttestedBlobs} from "./AshlarFace.sol";
import {IL1DAValidator, L1DAValidatorOutput} from "./IL1DAValidator.sol";
import {IAshlarLightClient} from "../IAshlarLightClient.sol";

/// @title The L1 half of a ZK Stack chain's pair of validators
/// @notice For the commitment scheme PUBDATA_KECCAK256, where the L2 half's output is the Keccak-256 of the state diff's hash
/// and the Keccak-256 of the pubdata. The operator's input is the state diff's hash, 32 bytes, and the ABI encoding of
/// AttestedBlobs, of which there is one: the pubdata.
contract AshlarZKsync is AshlarFace, IL1DAValidator {
    /// The L2's output is not that of this state diff and this blob.
    error WrongOutputHash(bytes32 computed, bytes32 expected);
    /// There is not exactly one blob.
    error WrongBlobs(uint256 blobs, uint256 expected);

    constructor(IAshlarLightClient client, uint64 window) AshlarFace(client, window) {}

    function checkDA(uint256, uint256, bytes32 _l2DAValidatorOutputHash, bytes calldata _operatorDAInput, uint256 _maxBlobsSupported)
        external
        view
        returns (L1DAValidatorOutput memory output)
    {
        if (_operatorDAInput.length < 32) revert Malformed();
        output.stateDiffHash = bytes32(_operatorDAInput[:32]);
        _decoded(this.verifyPubdata.selector, abi.encode(_l2DAValidatorOutputHash, output.stateDiffHash), _operatorDAInput[32:]);
        output.blobsLinearHashes = new bytes32[](_maxBlobsSupported);
        output.blobsOpeningCommitments = new bytes32[](_maxBlobsSupported);
    }

    /// Reverts unless the output is that of a state diff and of pubdata that is attested.
    function verifyPubdata(bytes32 l2DAValidatorOutputHash, bytes32 stateDiffHash, AttestedBlobs calldata attested) external view {
        if (attested.blobs.length != 1) revert WrongBlobs(attested.blobs.length, 1);
        bytes32 pubdata = attested.blobs[0].blob.dataKeccak;
        bytes32 computed = keccak256(abi.encodePacked(stateDiffHash, pubdata));
        if (computed != l2DAValidatorOutputHash) revert WrongOutputHash(computed, l2DAValidatorOutputHash);
        _requirePlaces(attested);
        _requirePosted(attested, attested.blobs[0], pubdata);
    }
}
