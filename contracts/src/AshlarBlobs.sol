// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IAshlarLightClient} from "./IAshlarLightClient.sol";
import {AshlarHistory} from "./AshlarHistory.sol";

/// A height of the chain, and the path from its leaf to a history root: what GET /v1/history/{height} answers, path,
/// right (unless absent) and left in one list.
struct Place {
    uint64 height;
    bytes32 dataRoot;
    bytes32 blobTreeRoot;
    bytes32[] history;
}

/// What a blob id is the hash of (da/SPEC.md §4).
struct Blob {
    bytes29 namespace;
    /// How the bytes became scalars (da/SPEC.md §3): 0 data, 31 bytes behind a zero; 1 raw, 32 bytes.
    uint8 encoding;
    /// Keccak-256 of the blob's bytes.
    bytes32 dataKeccak;
    /// EIP-4844 versioned hashes of the blob's rows, in order.
    bytes32[] versionedHashes;
    uint64 size;
}

/// @title Is this blob attested?
/// @notice Answers from the history roots that a light client contract verified. An attestation says that more than two
/// thirds of the staked power vouch for holding every block of the window that ends with it; it does not prove that they
/// do. All functions revert with a named error, or return and thereby say yes.
contract AshlarBlobs {
    /// The light client whose history roots count.
    IAshlarLightClient public immutable CLIENT;
    /// How many heights an attestation speaks for, its own included. The chain has a window of its own: the attesters held
    /// that many when they signed, and may let go of the oldest as it moves on. For data to be held still when this contract
    /// says yes, this window and the blocks of MAX_AGE together must not be more than that.
    uint64 public immutable WINDOW;
    /// The light client's, in seconds.
    uint64 private immutable MAX_AGE;
    /// The longest path in a blob tree: a square has no more than 2^14 cells.
    uint256 private constant MAX_TREE_PROOF = 14;

    error NoLightClient(address client);
    error NoWindow();
    /// The light client never verified an attestation of this root.
    error NeverAttested(bytes32 historyRoot);
    /// The attestation is not about this height any more: the data may be gone. One of an earlier height was.
    error HeightOutsideWindow(uint64 height, uint64 newest, uint64 window);
    error BlobProofTooLong(uint256 length, uint256 most);
    error NotInBlobTree(bytes32 blobTreeRoot, bytes32 blobId);
    /// The blob id is the hash of something else: namespace, encoding, Keccak-256, versioned hashes or size are another's.
    error WrongPreimage(bytes32 blobId, bytes32 computed);
    error WrongKeccak(bytes32 dataKeccak, bytes32 expected);
    error NoSuchRow(uint256 row, uint256 rows);
    error WrongRows(uint256 rows, uint256 expected);
    error WrongVersionedHash(uint256 row, bytes32 versionedHash, bytes32 expected);

    constructor(IAshlarLightClient client, uint64 window) {
        if (address(client).code.length == 0) revert NoLightClient(address(client));
        if (window == 0) revert NoWindow();
        CLIENT = client;
        WINDOW = window;
        MAX_AGE = client.MAX_AGE();
    }

    /// A blob with this id is in the block of this height.
    /// @param tree the path in the block's blob tree, an OpenZeppelin StandardMerkleTree over ["bytes32"]
    function requireBlob(bytes32 historyRoot, Place calldata place, bytes32 blobId, bytes32[] calldata tree) external view {
        _requireBlob(historyRoot, place, blobId, tree);
    }

    /// The same, of a blob whose bytes have this Keccak-256.
    function requireKeccak(bytes32 historyRoot, Place calldata place, bytes32 blobId, bytes32[] calldata tree, Blob calldata blob, bytes32 dataKeccak)
        external
        view
    {
        _requireBlob(historyRoot, place, blobId, tree);
        _requireKeccak(blobId, blob, dataKeccak);
    }

    /// The same, of a blob one row of which has this versioned hash: what `blobhash(i)` is to whoever carried the blob to
    /// Ethereum.
    function requireVersionedHash(
        bytes32 historyRoot,
        Place calldata place,
        bytes32 blobId,
        bytes32[] calldata tree,
        Blob calldata blob,
        uint256 row,
        bytes32 versionedHash
    ) external view {
        _requireBlob(historyRoot, place, blobId, tree);
        _requireVersionedHash(blobId, blob, row, versionedHash);
    }

    /// The same, of a blob whose rows have these versioned hashes and which has no others.
    function requireVersionedHashes(
        bytes32 historyRoot,
        Place calldata place,
        bytes32 blobId,
        bytes32[] calldata tree,
        Blob calldata blob,
        bytes32[] calldata versionedHashes
    ) external view {
        _requireBlob(historyRoot, place, blobId, tree);
        _requirePreimage(blobId, blob);
        if (blob.versionedHashes.length != versionedHashes.length) revert WrongRows(blob.versionedHashes.length, versionedHashes.length);
        for (uint256 row = 0; row < versionedHashes.length; ++row) {
            if (blob.versionedHashes[row] != versionedHashes[row]) revert WrongVersionedHash(row, blob.versionedHashes[row], versionedHashes[row]);
        }
    }

    /// The id of a blob.
    function blobIdOf(Blob calldata blob) public pure returns (bytes32) {
        bytes32 versioned = keccak256(abi.encodePacked(blob.versionedHashes));
        return keccak256(abi.encode(uint8(1), blob.namespace, blob.encoding, blob.dataKeccak, versioned, uint256(blob.size)));
    }

    /// The root to which a place leads in a history that ends with `newest`.
    function historyRootOf(uint64 newest, Place calldata place) external pure returns (bytes32) {
        bytes32 leaf = AshlarHistory.leaf(place.height, place.dataRoot, place.blobTreeRoot);
        return AshlarHistory.rootOf(newest, place.height, leaf, place.history);
    }

    function _requireBlob(bytes32 historyRoot, Place calldata place, bytes32 blobId, bytes32[] calldata tree) internal view {
        (uint64 newest,) = _attested(historyRoot);
        _requirePlace(historyRoot, newest, place);
        _requireInTree(place.blobTreeRoot, blobId, tree);
    }

    /// The height and the time of the attestation that signed a history root. Reverts unless it still counts: not if it
    /// is older than the light client's MAX_AGE, nor once the client has expired, of whatever age.
    function _attested(bytes32 historyRoot) internal view returns (uint64 newest, uint64 time) {
        (newest, time) = CLIENT.attested(historyRoot);
        if (newest == 0) revert NeverAttested(historyRoot);
        if (CLIENT.expired()) revert IAshlarLightClient.Expired(CLIENT.setTime());
        if (_tooOld(time)) revert IAshlarLightClient.TooOld(time);
    }

    function _tooOld(uint64 time) internal view returns (bool) {
        return block.timestamp > uint256(time) + MAX_AGE;
    }

    function _requirePlace(bytes32 historyRoot, uint64 newest, Place calldata place) internal view {
        _requireHeight(historyRoot, newest, place.height, place.dataRoot, place.blobTreeRoot, place.history);
    }

    function _requireHeight(bytes32 historyRoot, uint64 newest, uint64 height, bytes32 dataRoot, bytes32 blobTreeRoot, bytes32[] calldata nodes)
        internal
        view
    {
        AshlarHistory.verify(historyRoot, newest, height, AshlarHistory.leaf(height, dataRoot, blobTreeRoot), nodes);
        if (newest - height >= WINDOW) revert HeightOutsideWindow(height, newest, WINDOW);
    }

    function _requireInTree(bytes32 blobTreeRoot, bytes32 blobId, bytes32[] calldata tree) internal pure {
        if (tree.length > MAX_TREE_PROOF) revert BlobProofTooLong(tree.length, MAX_TREE_PROOF);
        bytes32 leaf = keccak256(abi.encode(keccak256(abi.encode(blobId))));
        if (!MerkleProof.verifyCalldata(tree, blobTreeRoot, leaf)) revert NotInBlobTree(blobTreeRoot, blobId);
    }

    function _requirePreimage(bytes32 blobId, Blob calldata blob) internal pure {
        bytes32 computed = blobIdOf(blob);
        if (computed != blobId) revert WrongPreimage(blobId, computed);
    }

    function _requireKeccak(bytes32 blobId, Blob calldata blob, bytes32 dataKeccak) internal pure {
        _requirePreimage(blobId, blob);
        if (blob.dataKeccak != dataKeccak) revert WrongKeccak(blob.dataKeccak, dataKeccak);
    }

    function _requireVersionedHash(bytes32 blobId, Blob calldata blob, uint256 row, bytes32 versionedHash) internal pure {
        _requirePreimage(blobId, blob);
        bytes32 found = _versionedHash(blob, row);
        if (found != versionedHash) revert WrongVersionedHash(row, found, versionedHash);
    }

    function _versionedHash(Blob calldata blob, uint256 row) internal pure returns (bytes32) {
        if (row >= blob.versionedHashes.length) revert NoSuchRow(row, blob.versionedHashes.length);
        return blob.versionedHashes[row];
    }
}
