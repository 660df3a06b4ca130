// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Paths in the history of an Ashlar chain
/// @notice The history of heights 1 to n is a Merkle mountain range (da/SPEC.md §12): perfect trees of 2^i leaves for
/// each bit i of n, the largest first, whose roots are bagged from right to left. Bagging makes it the tree of RFC 6962
/// over n leaves, so a proof is one list of nodes from the leaf up: the siblings in the leaf's tree; the bag of the
/// roots right of it, absent if there are none; the roots left of it, the nearest first. n and the height say how many
/// of each there must be, and what is absent has no place in the list.
library AshlarHistory {
    /// The history ends before this height, or it is zero: heights count from 1.
    error HeightNotInHistory(uint256 height, uint64 newest);
    /// The proof was cut, or has a node where none may be.
    error HistoryProofLength(uint256 length, uint256 expected);
    /// The leaf (height, data root, blob tree root) is not in the history, or this is not its path.
    error NotInHistory(bytes32 historyRoot, bytes32 computed);

    /// The leaf of a height.
    function leaf(uint64 height, bytes32 dataRoot, bytes32 blobTreeRoot) internal pure returns (bytes32) {
        return keccak256(abi.encode(uint8(0), height, dataRoot, blobTreeRoot));
    }

    /// Reverts unless the nodes lead from the leaf of a height to the root of the history that ends with `newest`. The
    /// root alone does not say which height is the newest: what is signed has both.
    function verify(bytes32 root, uint64 newest, uint64 height, bytes32 leafHash, bytes32[] calldata nodes) internal pure {
        bytes32 computed = rootOf(newest, height, leafHash, nodes);
        if (computed != root) revert NotInHistory(root, computed);
    }

    /// The root to which the nodes lead from the leaf of a height. Reverts unless there are as many as there must be.
    function rootOf(uint64 newest, uint64 height, bytes32 leafHash, bytes32[] calldata nodes) internal pure returns (bytes32 node) {
        if (height == 0 || height > newest) revert HeightNotInHistory(height, newest);
        (uint256 siblings, uint256 expected) = shape(newest, height);
        if (nodes.length != expected) revert HistoryProofLength(nodes.length, expected);
        bool last = uint256(newest) & ((1 << siblings) - 1) == 0;
        uint256 index = uint256(height) - 1;
        node = leafHash;
        for (uint256 i = 0; i < expected; ++i) {
            // a sibling is left or right as the leaf's index says; then all but one that is bagged are left
            bool right = i < siblings ? (index >> i) & 1 == 0 : i == siblings && !last;
            node = right ? parent(node, nodes[i]) : parent(nodes[i], node);
        }
    }

    /// How many siblings the leaf of a height has in its mountain, and how many nodes the whole proof. The highest bit
    /// in which the leaf's index and the number of leaves differ is the mountain: above it are those to the left.
    function shape(uint64 newest, uint64 height) internal pure returns (uint256 siblings, uint256 nodes) {
        siblings = Math.log2((uint256(height) - 1) ^ newest);
        nodes = siblings;
        if (uint256(newest) & ((1 << siblings) - 1) != 0) ++nodes;
        for (uint256 left = uint256(newest) >> (siblings + 1); left != 0; left &= left - 1) ++nodes;
    }

    function parent(bytes32 left, bytes32 right) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore8(free, 1)
            mstore(add(free, 1), left)
            mstore(add(free, 33), right)
            hash := keccak256(free, 65)
        }
    }
}
