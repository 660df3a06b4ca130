// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

struct L1DAValidatorOutput {
    bytes32 stateDiffHash;
    /// Both as long as the number of blobs that the chain supports, zero where there is none.
    bytes32[] blobsLinearHashes;
    bytes32[] blobsOpeningCommitments;
}

/// Where a chain of the ZK Stack asks whether a batch's data is available when it commits the batch.
interface IL1DAValidator {
    function checkDA(
        uint256 _chainId,
        uint256 _batchNumber,
        bytes32 _l2DAValidatorOutputHash,
        bytes calldata _operatorDAInput,
        uint256 _maxBlobsSupported
    ) external returns (L1DAValidatorOutput memory output);
}
