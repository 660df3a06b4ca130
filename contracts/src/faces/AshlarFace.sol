// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AshlarBlobs, Blob, Place} from "../AshlarBlobs.sol";
import {Attestation, IAshlarLightClient} from "../IAshlarLightClient.sol";

/// A certificate as the light client takes it. Without a signature only the history root in it counts, and the light
/// client must have verified one for that before.
struct Certificate {
    Attestation attestation;
    uint256 signers;
    bytes signature;
}

/// A blob, in the block of one of the places beside it.
struct Posted {
    uint64 place;
    bytes32 blobId;
    Blob blob;
    bytes32[] tree;
}

/// All that shows blobs to be attested: one certificate, the heights they are at, and the blobs.
struct AttestedBlobs {
    Certificate certificate;
    Place[] places;
    Posted[] blobs;
}

/// @title What a rollup's own interface needs to take such blobs through a field of bytes
abstract contract AshlarFace is AshlarBlobs {
    /// The bytes are not the ABI encoding of what this contract takes. Or gas ran out.
    error Malformed();
    error NoSuchPlace(uint256 place, uint256 places);

    constructor(IAshlarLightClient client, uint64 window) AshlarBlobs(client, window) {}

    /// Reverts unless the certificate counts and all places are in its history.
    function _requirePlaces(AttestedBlobs calldata attested) internal view {
        Certificate calldata c = attested.certificate;
        bytes32 root = c.attestation.historyRoot;
        uint64 newest = c.attestation.height;
        if (c.signature.length == 0) (newest,) = _attested(root);
        else CLIENT.verify(c.attestation, c.signers, c.signature);
        for (uint256 i = 0; i < attested.places.length; ++i) _requirePlace(root, newest, attested.places[i]);
    }

    /// Reverts unless a blob of those attested, the places of which are in the history, has this Keccak-256.
    function _requirePosted(AttestedBlobs calldata attested, Posted calldata posted, bytes32 dataKeccak) internal pure {
        if (posted.place >= attested.places.length) revert NoSuchPlace(posted.place, attested.places.length);
        _requireInTree(attested.places[posted.place].blobTreeRoot, posted.blobId, posted.tree);
        _requireKeccak(posted.blobId, posted.blob, dataKeccak);
    }

    /// Calls a view function of this contract with static arguments and one more that is encoded already, so that bytes
    /// which do not decode get an error with a name. Errors of the function are passed on.
    function _decoded(bytes4 selector, bytes memory arguments, bytes calldata last) internal view {
        if (last.length < 32 || uint256(bytes32(last[:32])) != 32) revert Malformed();
        (bool ok, bytes memory reason) =
            address(this).staticcall(bytes.concat(selector, arguments, bytes32(arguments.length + 32), last[32:]));
        if (ok) return;
        if (reason.length == 0) revert Malformed();
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}
