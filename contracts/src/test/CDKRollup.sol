// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Batch} from "../faces/AshlarCDK.sol";
import {IDataAvailabilityProtocol, IRollupManager} from "../faces/IDataAvailabilityProtocol.sol";

/// For tests: of a Polygon CDK validium and of its manager as much as concerns data availability, in the same order. It
/// is its own manager.
contract CDKRollup is IRollupManager {
    IDataAvailabilityProtocol public dataAvailabilityProtocol;
    bytes32 public lastAccInputHash;
    uint64 private _last;
    uint64 private _lastForced;
    uint64 private _lastForcedSequenced;
    mapping(uint64 => bytes32) private _forced;
    mapping(uint64 => SequencedBatchData) private _sequenced;

    error ForcedDataDoesNotMatch();
    error FinalAccInputHashDoesNotMatch();

    event Forced(bytes32 globalExitRoot, uint64 timestamp, bytes32 blockHash);

    function setDataAvailabilityProtocol(IDataAvailabilityProtocol protocol) external {
        dataAvailabilityProtocol = protocol;
    }

    function forceBatch(bytes calldata transactions) external {
        bytes32 exitRoot = keccak256("exit root");
        bytes32 blockHash = blockhash(block.number - 1);
        _forced[++_lastForced] = keccak256(abi.encodePacked(keccak256(transactions), exitRoot, uint64(block.timestamp), blockHash));
        emit Forced(exitRoot, uint64(block.timestamp), blockHash);
    }

    function sequenceBatchesValidium(
        Batch[] calldata batches,
        bytes32 l1InfoRoot,
        uint64 maxSequenceTimestamp,
        bytes32 expectedFinalAccInputHash,
        address l2Coinbase,
        bytes calldata dataAvailabilityMessage
    ) external {
        bytes32 acc = lastAccInputHash;
        uint256 unforced;
        for (uint256 i = 0; i < batches.length; ++i) {
            Batch calldata b = batches[i];
            if (b.forcedTimestamp > 0) {
                bytes32 forced = keccak256(abi.encodePacked(b.transactionsHash, b.forcedGlobalExitRoot, b.forcedTimestamp, b.forcedBlockHashL1));
                if (forced != _forced[++_lastForcedSequenced]) revert ForcedDataDoesNotMatch();
                acc = keccak256(
                    abi.encodePacked(acc, b.transactionsHash, b.forcedGlobalExitRoot, b.forcedTimestamp, l2Coinbase, b.forcedBlockHashL1)
                );
            } else {
                ++unforced;
                acc = keccak256(abi.encodePacked(acc, b.transactionsHash, l1InfoRoot, maxSequenceTimestamp, l2Coinbase, bytes32(0)));
            }
        }
        lastAccInputHash = acc;
        if (unforced != 0) dataAvailabilityProtocol.verifyMessage(expectedFinalAccInputHash, dataAvailabilityMessage);
        uint64 before = _last;
        _last += uint64(batches.length);
        _sequenced[_last] = SequencedBatchData(acc, uint64(block.timestamp), before);
        if (acc != expectedFinalAccInputHash) revert FinalAccInputHashDoesNotMatch();
    }

    function rollupAddressToID(address rollup) external view returns (uint32) {
        return rollup == address(this) ? 1 : 0;
    }

    function rollupIDToRollupData(uint32)
        external
        view
        returns (address rollup, uint64 chainID, address verifier, uint64 forkID, bytes32 lastLocalExitRoot, uint64 lastBatchSequenced)
    {
        return (address(this), 0, address(0), 0, 0, _last);
    }

    function getRollupSequencedBatches(uint32, uint64 batchNum) external view returns (SequencedBatchData memory) {
        return _sequenced[batchNum];
    }
}
