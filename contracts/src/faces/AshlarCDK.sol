// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AshlarFace, AttestedBlobs} from "./AshlarFace.sol";
import {IDataAvailabilityProtocol, IRollupManager} from "./IDataAvailabilityProtocol.sol";
import {IAshlarLightClient} from "../IAshlarLightClient.sol";

/// A batch as sequenceBatchesValidium takes it.
struct Batch {
    /// Keccak-256 of the batch's L2 data.
    bytes32 transactionsHash;
    bytes32 forcedGlobalExitRoot;
    uint64 forcedTimestamp;
    bytes32 forcedBlockHashL1;
}

/// What the message carries: the same batches as the call it is part of and what else the rollup hashes with them, and
/// one blob for each batch that is not forced, in order.
struct Sequence {
    Batch[] batches;
    bytes32 l1InfoRoot;
    uint64 maxSequenceTimestamp;
    address l2Coinbase;
    AttestedBlobs attested;
}

/// @title A committee's place in a Polygon CDK validium
/// @notice The rollup passes on an accumulated input hash alone, which says nothing about where the sequence began: a
/// message could name its last batch only and leave the data of the others out. So the hash to begin with is read from the
/// rollup manager, which has not yet been told of this sequence when the rollup asks.
///
/// A forced batch, whose data Ethereum carries, hashes as many bytes as another. It is one if and only if it has a block
/// hash, where the rollup hashes zero for the others: a batch of the sequencer cannot be passed off as forced.
contract AshlarCDK is AshlarFace, IDataAvailabilityProtocol {
    IRollupManager public immutable MANAGER;

    error UnknownRollup(address rollup);
    /// The batches are not those that the rollup sequences.
    error WrongAccInputHash(bytes32 computed, bytes32 expected);
    /// There is not one blob for each batch that is not forced.
    error WrongBlobs(uint256 blobs, uint256 expected);

    constructor(IAshlarLightClient client, uint64 window, IRollupManager manager) AshlarFace(client, window) {
        MANAGER = manager;
    }

    function getProcotolName() external pure returns (string memory) {
        return "Ashlar";
    }

    /// To be called by the rollup, or as if by it.
    function verifyMessage(bytes32 hash, bytes calldata dataAvailabilityMessage) external view {
        _decoded(this.verifySequence.selector, abi.encode(accInputHash(msg.sender), hash), dataAvailabilityMessage);
    }

    /// The accumulated input hash of the last batch of which a rollup has told its manager.
    function accInputHash(address rollup) public view returns (bytes32) {
        uint32 id = MANAGER.rollupAddressToID(rollup);
        if (id == 0) revert UnknownRollup(rollup);
        (,,,,, uint64 last) = MANAGER.rollupIDToRollupData(id);
        return MANAGER.getRollupSequencedBatches(id, last).accInputHash;
    }

    /// Reverts unless the sequence leads from one hash to the other and all its data is attested.
    function verifySequence(bytes32 from, bytes32 to, Sequence calldata sequence) external view {
        uint256 unforced = _requireSequence(from, to, sequence);
        AttestedBlobs calldata attested = sequence.attested;
        if (attested.blobs.length != unforced) revert WrongBlobs(attested.blobs.length, unforced);
        _requirePlaces(attested);
        uint256 next;
        for (uint256 i = 0; i < sequence.batches.length; ++i) {
            if (sequence.batches[i].forcedBlockHashL1 != 0) continue;
            _requirePosted(attested, attested.blobs[next++], sequence.batches[i].transactionsHash);
        }
    }

    /// How many batches of a sequence are not forced. Reverts unless it leads from one hash to the other.
    function _requireSequence(bytes32 from, bytes32 to, Sequence calldata s) private pure returns (uint256 unforced) {
        for (uint256 i = 0; i < s.batches.length; ++i) {
            Batch calldata b = s.batches[i];
            if (b.forcedBlockHashL1 == 0) {
                ++unforced;
                from = _accumulate(from, b.transactionsHash, s.l1InfoRoot, s.maxSequenceTimestamp, s.l2Coinbase, 0);
            } else {
                from = _accumulate(from, b.transactionsHash, b.forcedGlobalExitRoot, b.forcedTimestamp, s.l2Coinbase, b.forcedBlockHashL1);
            }
        }
        if (from != to) revert WrongAccInputHash(from, to);
    }

    function _accumulate(bytes32 acc, bytes32 transactionsHash, bytes32 exitRoot, uint64 time, address coinbase, bytes32 blockHash)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encodePacked(acc, transactionsHash, exitRoot, time, coinbase, blockHash));
    }
}
