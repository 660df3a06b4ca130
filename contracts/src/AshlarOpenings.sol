// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AshlarBlobs, Blob, Place} from "./AshlarBlobs.sol";
import {IAshlarLightClient} from "./IAshlarLightClient.sol";
import {KZGOpenings} from "./KZGOpenings.sol";

/// @title What is in an attested blob, scalar by scalar
/// @notice Scalars count from the blob's first: 4096 to a row. What bytes a scalar stands for depends on the
/// blob's encoding (da/SPEC.md §3): in `data`, it holds 31 bytes behind a zero, in `raw` it is 32 bytes of the blob. Whoever
/// opens bytes must look at `blob.encoding`.
contract AshlarOpenings is AshlarBlobs {
    /// The value does not fit the 31 bytes that a scalar of encoding `data` holds.
    error NotBytes(uint256 value);

    constructor(IAshlarLightClient client, uint64 window) AshlarBlobs(client, window) {}

    /// One scalar of a blob that is attested.
    /// @param points commitment of the scalar's row, and proof of its value
    function requireElement(
        bytes32 historyRoot,
        Place calldata place,
        bytes32 blobId,
        bytes32[] calldata tree,
        Blob calldata blob,
        uint256 index,
        uint256 value,
        bytes calldata points
    ) external view {
        _requireBlob(historyRoot, place, blobId, tree);
        _requirePreimage(blobId, blob);
        KZGOpenings.element(_versionedHash(blob, index / KZGOpenings.ROW), index % KZGOpenings.ROW, value, points);
    }

    /// An aligned group of scalars of a blob that is attested: a power of two of them, a cell if 64.
    /// @param evaluations the values of row and quotient at the challenge
    /// @param points commitments of row and quotient, and the proofs of those values
    function requireElements(
        bytes32 historyRoot,
        Place calldata place,
        bytes32 blobId,
        bytes32[] calldata tree,
        Blob calldata blob,
        uint256 first,
        uint256[] calldata values,
        uint256[2] calldata evaluations,
        bytes calldata points
    ) external view {
        _requireBlob(historyRoot, place, blobId, tree);
        _requirePreimage(blobId, blob);
        KZGOpenings.elements(_versionedHash(blob, first / KZGOpenings.ROW), first % KZGOpenings.ROW, values, evaluations, points);
    }

    /// One scalar of the row with a versioned hash, attested or not.
    function requireElementOf(bytes32 versionedHash, uint256 index, uint256 value, bytes calldata points) external view {
        KZGOpenings.element(versionedHash, index, value, points);
    }

    /// An aligned group of scalars of the row with a versioned hash, attested or not.
    function requireElementsOf(bytes32 versionedHash, uint256 first, uint256[] calldata values, uint256[2] calldata evaluations, bytes calldata points)
        external
        view
    {
        KZGOpenings.elements(versionedHash, first, values, evaluations, points);
    }

    /// The bytes that scalars of encoding `data` hold, 31 each.
    function bytesOf(uint256[] calldata values) external pure returns (bytes memory data) {
        data = new bytes(31 * values.length);
        for (uint256 i = 0; i < values.length; ++i) {
            uint256 value = values[i];
            if (value >> 248 != 0) revert NotBytes(value);
            assembly ("memory-safe") {
                // the last store runs one byte beyond the array, where free memory begins
                mstore(add(add(data, 32), mul(31, i)), shl(8, value))
            }
        }
    }
}
