// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// Where a Polygon CDK validium asks whether the data of the batches it is about to sequence is available. The first
/// function's name is spelled as deployed contracts spell it.
interface IDataAvailabilityProtocol {
    function getProcotolName() external view returns (string memory);

    /// Reverts unless the data of the batches that lead to this accumulated input hash is available.
    function verifyMessage(bytes32 hash, bytes calldata dataAvailabilityMessage) external view;
}

/// What is read of the manager to which such validiums report their sequences.
interface IRollupManager {
    struct SequencedBatchData {
        bytes32 accInputHash;
        uint64 sequencedTimestamp;
        uint64 previousLastBatchSequenced;
    }

    /// Zero for an address that is no rollup.
    function rollupAddressToID(address rollup) external view returns (uint32);

    /// More values follow in what is returned.
    function rollupIDToRollupData(uint32 rollupID)
        external
        view
        returns (address rollup, uint64 chainID, address verifier, uint64 forkID, bytes32 lastLocalExitRoot, uint64 lastBatchSequenced);

    function getRollupSequencedBatches(uint32 rollupID, uint64 batchNum) external view returns (SequencedBatchData memory);
}
