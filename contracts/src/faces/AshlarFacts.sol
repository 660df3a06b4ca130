// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Identity, IFactRegistry, IQueryableFactRegistry} from "./IFactRegistry.sol";
import {AshlarBlobs, Place} from "../AshlarBlobs.sol";
import {IAshlarLightClient} from "../IAshlarLightClient.sol";

/// @title Attested blobs as facts
/// @notice A fact is a blob id, and anyone registers it by proof. It is no state root. StarkEx asks its committee to sign the
/// hash of a vault root, an order root and their heights; whether the blob on file yields these roots is known only to
/// whoever executes it. Attesters do not: that someone holds bytes is all they can vouch for. An application which wants
/// more proves, in its own circuit, that its root follows from a blob of this versioned hash or Keccak-256, to which the
/// blob id commits, or has the blob executed within a fraud window.
contract AshlarFacts is AshlarBlobs, IQueryableFactRegistry, Identity {
    /// When the newest block was made whose attestation spoke for a blob.
    mapping(bytes32 fact => uint64) public attestedAt;
    bool public hasRegisteredFact;

    event FactRegistered(bytes32 indexed fact, uint64 time);

    constructor(IAshlarLightClient client, uint64 window) AshlarBlobs(client, window) {}

    /// Registers a blob id, or anew with a later attestation.
    function register(bytes32 historyRoot, Place calldata place, bytes32 blobId, bytes32[] calldata tree) external {
        (uint64 newest, uint64 time) = _attested(historyRoot);
        _requirePlace(historyRoot, newest, place);
        _requireInTree(place.blobTreeRoot, blobId, tree);
        if (time <= attestedAt[blobId]) return;
        attestedAt[blobId] = time;
        hasRegisteredFact = true;
        emit FactRegistered(blobId, time);
    }

    /// Whether a blob id was registered and its attestation still counts. Unlike facts of mathematics this one ends: past
    /// the light client's MAX_AGE nobody vouches for the data, and it can be registered anew if someone does.
    /// @inheritdoc IFactRegistry
    function isValid(bytes32 fact) external view returns (bool) {
        return attestedAt[fact] != 0 && !_tooOld(attestedAt[fact]) && !CLIENT.expired();
    }

    /// @inheritdoc Identity
    function identify() external pure returns (string memory) {
        return "Ashlar_AttestedBlobs_1";
    }
}
